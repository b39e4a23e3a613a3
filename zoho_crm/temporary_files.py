"""Temporary files, and the ZIPs that are fetched into them."""

import errno
import tempfile
import zipfile
import zlib
from typing import IO

#: More than Zoho exports: a file that unpacks to more is not Zoho's.
MOST_BYTES = 20 * 10**9
#: A file cannot be made or written: the disk is full or may not be written to, or the folder is not
#: there.
_NO_ROOM = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.ENOENT,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
    }
)


def has_no_room(error: OSError) -> bool:
    """Whether it says that a temporary file cannot be made or written."""
    return error.errno in _NO_ROOM


def find_folder() -> str:
    """Where temporary files are made."""
    try:
        return tempfile.gettempdir()
    except FileNotFoundError:
        return "a folder for temporary files"


def find_damage(file: IO[bytes]) -> str | None:
    """Why a ZIP cannot be relied on; None: its checksums hold.

    Unpacks it once, some of it at a time; what is not a file of Zoho's is left to its reader.
    """
    if not zipfile.is_zipfile(file):
        return "its result is not a ZIP"
    try:
        with zipfile.ZipFile(file) as archive:
            large = any(entry.file_size > MOST_BYTES for entry in archive.infolist())
            bad = None if large else archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        # The last two: a bit of its directory calls it encrypted, or points nowhere.
        return f"its result is damaged ({error})"
    return None if bad is None else "its result is damaged (a checksum does not hold)"
