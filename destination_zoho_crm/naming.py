"""Names that differ from others in spelling only. Pure.

Warehouses fold case and have no blanks; PyAirbyte turns all that is not a letter or digit of ASCII
into an underscore, in the keys of its rows alone.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from zoho_crm.similar_names import find_similar

#: Many warehouses do not allow the `$` of `$se_module`.
_SPELLING = re.compile(r"[\s_]+|^\$(?=se_?module$)", re.IGNORECASE)
_NOT_ASCII_WORD = re.compile(r"[^a-z0-9]+")

#: How much of a name must agree for a question whether it is meant.
_NEAR = 0.75


def fold_spelling(name: str) -> str:
    """The name without regard to case, blanks and underscores."""
    return _SPELLING.sub("", name).casefold()


def fold_to_letters(name: str) -> str:
    """What is left of a name in the rows that PyAirbyte sends from a cache."""
    return _NOT_ASCII_WORD.sub("", name.lower())


class Names:
    """Known names, and which of them a given name means."""

    def __init__(self, names: Iterable[str], fold: Callable[[str], str] = fold_spelling) -> None:
        self._exact = dict.fromkeys(names)
        self._fold = fold
        self._by_spelling: dict[str, list[str]] = defaultdict(list)
        for name in self._exact:
            self._by_spelling[fold(name)].append(name)

    def find(self, name: str) -> list[str]:
        """The name itself if it is there, else all that differ in spelling only."""
        if name in self._exact:
            return [name]
        fold = self._fold(name)
        return list(self._by_spelling.get(fold, ())) if fold else []

    def find_only(self, name: str) -> str | None:
        """The only one that fits."""
        fitting = self.find(name)
        return fitting[0] if len(fitting) == 1 else None

    def find_similar(self, name: str) -> str | None:
        """The name that may be meant."""
        return find_similar(name, self._exact, nearness=_NEAR, fold=self._fold)


def ask_if_meant(name: str | None) -> str:
    """The end of a sentence about a name that is not known; empty where none is similar."""
    return f"; did you mean {name}?" if name else ""
