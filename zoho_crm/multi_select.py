"""Lists that Zoho writes as one text: options of multi-select picklists and names of tags, in
exports and, in some orgs, in answers to queries.

UNVERIFIED: what separates them. No page covers exports; bulk write takes semicolons, a
client in production joins by commas "as Bulk does", and one org's queries gave semicolons. So both
are read. An option may hold either of them, too.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any

from zoho_crm.casts import Odd, dump_json

LOGGER = logging.getLogger("airbyte")

#: Column and text.
Texts = Iterable[tuple[str, str]]

_SEPARATORS = _SEMICOLON, _COMMA = ";", ","
#: Texts that a column remembers, and that are compared to find the separator.
_MOST_TEXTS = 10_000

_DOUBT = (
    "texts of {column} hold commas, and neither the options of the field nor other texts show "
    "for certain whether these separate options or are part of one. Such a text is split where "
    "that leaves an option of the field; else it is read as one."
)
_CONTRADICTION = (
    "some texts show semicolons between options, others commas. Where the options of the field do "
    "not decide, as for a text of {column}, a text is split at semicolons."
)


def find_options(field: Mapping[str, Any]) -> frozenset[str]:
    """What a picklist may hold, by both names of each option; `field` is of "Fields Metadata"."""
    values = field.get("pick_list_values")
    return frozenset(
        str(option[name]).strip()
        for option in (values if isinstance(values, list) else ())
        if isinstance(option, Mapping)
        for name in ("display_value", "actual_value")
        if option.get(name)
    )


def cast_list(value: Any) -> list[str] | None:
    """A list of Zoho's JSON; what is none counts as its only item. An empty list is null.

    Items without a name or value are odd, and stay as JSON.
    """
    items = value if isinstance(value, list) else [value]
    try:
        texts = [
            text
            for item in items
            if (text := item.strip() if type(item) is str else _cast_item(item))
        ]
    except Odd:
        raise Odd([text for text in map(_cast_item_or_dump, items) if text] or None) from None
    return texts or None


def _cast_item(item: Any) -> str:
    if type(item) is dict:
        item = item.get("name", item.get("value", item))
        if item is None:
            raise Odd
    if type(item) is str:
        return item.strip()
    if isinstance(item, dict | list):
        raise Odd
    return "" if item is None else dump_json(item)


def _cast_item_or_dump(item: Any) -> str | None:
    try:
        return _cast_item(item)
    except Odd:
        with suppress(Odd):
            return dump_json(item)
        return None


class MultiSelectTexts:
    """Reads the texts of one stream by one retrieval method, which writes all of them alike.

    The options of a field decide, where all parts of a text are among them. Where they are not, the
    other texts decide. Where these show nothing, the comma is taken if it leaves known options, or
    else the semicolon; where they contradict each other, the semicolon. Each of the last two logs
    one warning.
    """

    def __init__(self, stream: str) -> None:
        self._stream = stream
        #: Known items: the options of a column, and its texts without a separator.
        self._items: dict[str, set[str]] = {}
        #: The separators that texts have shown.
        self._shown: set[str] = set()
        self._warned: set[str] = set()
        #: The texts that can be looked at in advance, if there are any. They are, once, when one of
        #: them is in doubt.
        self.ahead: Callable[[], Texts] | None = None

    def build_reader(
        self, column: str, options: frozenset[str]
    ) -> Callable[[str], list[str] | None]:
        """Reads the texts of a column; None where nothing but blanks is in one."""
        self._items.setdefault(column, set()).update(options)
        known: dict[str, list[str]] = {}

        def read(text: str) -> list[str] | None:
            items = known.get(text)
            if items is None:
                items, certain = self._read(column, options, text)
                if certain and len(known) < _MOST_TEXTS:
                    known[text] = items
            return items.copy() or None

        return read

    def look_ahead_in(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """These rows are what can be looked at in advance; they may be read in place."""
        texts = [
            (column, text)
            for row in rows
            for column in self._items
            if isinstance(text := row.get(column), str)
        ]
        self.ahead = lambda: texts

    def _read(self, column: str, options: frozenset[str], text: str) -> tuple[list[str], bool]:
        """The items, and whether a later text may not lead to others."""
        self._learn([(column, text)])
        parsed = {separator: _split(text, separator, options) for separator in _SEPARATORS}
        whole = [separator for separator, (_, unknown) in parsed.items() if not unknown]
        if len(whole) == 1:
            return parsed[whole[0]][0], True
        if not whole and _is_joined(text):
            self._ask_others(column)
            if not self._shown:
                items, unknown = parsed[_COMMA]
                return items if len(items) > unknown else parsed[_SEMICOLON][0], False
        # Where both leave options only, the texts mostly are one option.
        return parsed[_COMMA if self._shown == {_COMMA} else _SEMICOLON][0], True

    def _ask_others(self, column: str) -> None:
        """What do the other texts show, for one of this column? Warns if that does not decide."""
        if self.ahead is not None and _SEMICOLON not in self._shown:
            ahead, self.ahead = self.ahead, None
            self._learn(ahead())
        sentence = _CONTRADICTION if self._shown else _DOUBT
        if len(self._shown) != 1 and sentence not in self._warned:
            self._warned.add(sentence)
            LOGGER.warning(f"{self._stream}: {sentence.format(column=column)}")

    def _learn(self, texts: Texts) -> None:
        joined: set[tuple[str, str]] = set()
        for column, text in texts:
            if not _is_joined(text):
                self._items[column].add(text.strip())
            elif len(joined) < _MOST_TEXTS:
                joined.add((column, text))
        for column, text in joined:
            self._shown |= _find_shown_separators(text, self._items[column])


def _is_joined(text: str) -> bool:
    return _SEMICOLON in text or _COMMA in text


def _split(text: str, separator: str, options: Collection[str]) -> tuple[list[str], int]:
    """The parts between separators, without blanks, and how many of them are not an option.

    Neighbours that only together are an option stay together.
    """
    parts = text.split(separator)
    found, unknown, start = [], 0, 0
    while start < len(parts):
        end = start + 1
        one = parts[start].strip()
        for last in range(len(parts), start, -1) if options else ():
            together = separator.join(parts[start:last]).strip()
            if together in options:
                one, end = together, last
                break
        else:
            unknown += bool(one)
        if one:
            found.append(one)
        start = end
    return found, unknown


def _find_shown_separators(text: str, items: Collection[str]) -> set[str]:
    """The separator of the items of a text, if the text alone shows it."""
    by_semicolon, strange = _split(text, _SEMICOLON, items)
    by_comma, unknown = _split(text, _COMMA, items)
    if _SEMICOLON in text and unknown and len(by_semicolon) > 1:
        return {_SEMICOLON}
    if strange and not unknown and len(by_comma) > 1:
        return {_COMMA}
    return set()
