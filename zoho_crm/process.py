"""What the processes of the commands set for themselves, so that rows cost less time and memory."""

import ctypes
import gc
import sys

import requests

#: Rows make thousands of objects, none of which is part of a cycle. With Python's own figures, up
#: to a third of a run is spent on looking for cycles among them.
_THRESHOLDS = (50_000, 20, 100)
#: `requests` reads an answer in pieces of 10 KB; after each, it waits for the thread that works.
_PIECE = 2**20
#: The option of glibc's `mallopt` for how many arenas there are.
_ARENAS = -8


def prepare_process() -> None:
    """Before there are threads."""
    requests.models.CONTENT_CHUNK_SIZE = _PIECE
    # By default each thread takes large answers from an arena of its own, which keeps what it had:
    # 40 MB and more in a read. Other systems than those with glibc do not have it.
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_ARENAS, 1)


def relax_collector() -> None:
    """What there is by now stays, and what comes is looked through seldom."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
