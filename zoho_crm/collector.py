"""How often Python looks for garbage that holds itself."""

import gc

#: Rows make thousands of objects, none of which is part of a cycle. With Python's own figures, up
#: to a third of a run is spent on looking for cycles among them.
_THRESHOLDS = (50_000, 20, 100)


def relax_collector() -> None:
    """What there is by now stays, and what comes is looked through seldom."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
