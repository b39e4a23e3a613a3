"""The known name that a misspelled one may mean. Pure."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches


def find_similar(
    name: str,
    known: Iterable[str],
    *,
    nearness: float = 0.6,
    fold: Callable[[str], str] = str,
) -> str | None:
    """The most similar of the known names; None where none is near enough.

    `nearness`: the least share of a name that must agree, as `difflib` counts it. `fold`: what is
    compared of a name; of several known names that fold alike, the first is found.
    """
    by_fold: dict[str, str] = {}
    for other in known:
        by_fold.setdefault(fold(other), other)
    similar = get_close_matches(fold(name), by_fold, 1, nearness)
    return by_fold[similar[0]] if similar else None
