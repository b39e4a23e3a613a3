"""Names that stand for others but for their spelling. Pure.

Warehouses fold case and have no blanks; PyAirbyte turns all that is no letter or digit of
ASCII into an underscore, in the keys of its rows alone.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from difflib import get_close_matches

#: The sign of `$se_module` is one that many warehouses have not.
_SPELLING = re.compile(r"[\s_]+|^\$(?=se_?module$)", re.IGNORECASE)
_NOT_ASCII_WORD = re.compile(r"[^a-z0-9]+")

#: How much of a name must agree for a question whether it is meant.
_NEAR = 0.75


def loose(name: str) -> str:
    """The name without regard to case, blanks and underscores."""
    return _SPELLING.sub("", name).casefold()


def as_row_key(name: str) -> str:
    """What is left of a name in the rows that PyAirbyte sends from a cache."""
    return _NOT_ASCII_WORD.sub("", name.lower())


class Names:
    """Names that others are held against."""

    def __init__(self, names: Iterable[str], spelled: Callable[[str], str] = loose) -> None:
        self._exact = dict.fromkeys(names)
        self._spelled = spelled
        self._loose: dict[str, list[str]] = defaultdict(list)
        for name in self._exact:
            self._loose[spelled(name)].append(name)

    def fitting(self, name: str) -> list[str]:
        """The name itself if it is there, else all that differ in spelling only."""
        if name in self._exact:
            return [name]
        spelled = self._spelled(name)
        return list(self._loose.get(spelled, ())) if spelled else []

    def the_one(self, name: str) -> str | None:
        """The only one that fits."""
        fitting = self.fitting(name)
        return fitting[0] if len(fitting) == 1 else None

    def near(self, name: str) -> str | None:
        """The name that may be meant."""
        similar = get_close_matches(self._spelled(name), list(self._loose), 1, _NEAR)
        return self._loose[similar[0]][0] if similar else None
