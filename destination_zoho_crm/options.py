"""The options of a picklist, and which of them a text means. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Self

#: Picklists that are not checked. Reminders of calls are datetimes, whatever metadata says of them;
#: pipelines depend on the layout, and Zoho rejects others ("Insert Records": Deals).
_NOT_CHECKED = ("Reminder", "Pipeline")
_LISTS = ("picklist", "multiselectpicklist")
#: Of a list in a reason.
_MOST_SHOWN = 10
_NOTHING = "-None-"


class Options:
    """Options by both of their texts, whether a layout uses them or not; none is listed of a field
    that takes any value.

    An option is `actual_value`, which is written, and `display_value`, which people see and may
    have renamed. UNVERIFIED: that Zoho takes the first of a renamed option; the samples of "Insert
    Records" have it. `-None-` is an option like others where metadata lists it. UNVERIFIED: that
    Zoho makes no value of it; its pages do not say.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = tuple(pairs)
        shown = {display: actual for actual, display in self._pairs}
        self._exact = shown | {actual: actual for actual, _ in self._pairs}
        #: None: the text is that of several options.
        self._folded: dict[str, str | None] = {}
        for actual, display in self._pairs:
            for text in (actual, display):
                other = self._folded.setdefault(fold(text), actual)
                if other != actual:
                    self._folded[fold(text)] = None

    @classmethod
    def from_metadata(cls, entry: Mapping[str, Any]) -> Self:
        """Of one entry of "Fields Metadata"."""
        values = entry.get("pick_list_values")
        if entry.get("data_type") not in _LISTS or entry.get("api_name") in _NOT_CHECKED:
            return cls(())
        return cls(_read_pairs(values if isinstance(values, list) else ()))

    def __bool__(self) -> bool:
        """`-None-` alone is not a list."""
        return any(actual != _NOTHING for actual, _ in self._pairs)

    def find_exact(self, text: str) -> str | None:
        """The actual value of the option that has this text."""
        return self._exact.get(text)

    def find_similar(self, text: str) -> str | None:
        """The actual value of the only option that differs in case and blanks around it only."""
        return self._folded.get(fold(text))

    @cached_property
    def examples(self) -> str:
        """Some of the options, for a sentence."""
        return quote_some([display for _, display in self._pairs if display != _NOTHING])


def quote_some(names: Sequence[str]) -> str:
    """Some of the names of options, quoted, for they may hold commas."""
    rest = len(names) - _MOST_SHOWN
    some = ", ".join(f'"{name}"' for name in names[:_MOST_SHOWN])
    return some + (f" and {rest:,} more" if rest > 0 else "")


def fold(text: str) -> str:
    """The text without case and blanks around it."""
    return text.strip().casefold()


def _read_pairs(values: Iterable[Any]) -> Iterable[tuple[str, str]]:
    """Options without any text are left out."""
    for option in values:
        if isinstance(option, Mapping):
            texts = (option.get("actual_value"), option.get("display_value"))
            given = [str(text) for text in texts if text not in (None, "")]
            if given:
                yield given[0], given[-1]
