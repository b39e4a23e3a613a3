"""Lists that Zoho writes as one text: options of multi-select pick lists and names of tags, in
exports and, in some orgs, in answers to queries.

UNVERIFIED: what stands between them. No page tells of exports; bulk write takes semicolons, a
client in production joins by commas "as Bulk does", and one org's queries gave semicolons. So both
are read. An option may hold either of them, too.
"""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

LOGGER = logging.getLogger("airbyte")

#: Column and text.
Texts = Iterable[tuple[str, str]]

_SEMICOLON, _COMMA = ";", ","
#: Texts that a column remembers, and that are held against each other to tell the separator.
_MOST_KNOWN = 10_000


def options_of(field: Mapping[str, Any]) -> frozenset[str]:
    """What a pick list may hold, by both names of each option; `field` is of "Fields Metadata"."""
    values = field.get("pick_list_values")
    return frozenset(
        str(option[name]).strip()
        for option in (values if isinstance(values, list) else ())
        if isinstance(option, Mapping)
        for name in ("display_value", "actual_value")
        if option.get(name)
    )


def listed(value: Any) -> list[str] | None:
    """A list of Zoho's JSON; what is none counts as its only item. An empty list is null."""
    items = value if isinstance(value, list) else [value]
    return [text for text in map(_text, items) if text] or None


def _text(item: Any) -> str:
    if type(item) is dict:
        item = item.get("name", item.get("value", item))
    if type(item) is str:
        return item.strip()
    if isinstance(item, dict | list):
        return json.dumps(item, ensure_ascii=False)
    return "" if item is None else str(item)


class ListTexts:
    """Reads the texts of one stream by one road, which writes all of them alike.

    The options of a field decide, where all parts of a text are among them. Where they are not, the
    other texts decide. Where these show nothing, the comma is taken if it leaves known options, or
    else the semicolon, with one warning.
    """

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._separator: str | None = None
        #: What is an item by itself: the options of a column, and its texts without a separator.
        self._items: dict[str, set[str]] = {}
        self._warned = False
        #: The texts that can be looked at in advance, if there are any. They are, once, when one of
        #: them is in doubt.
        self.ahead: Callable[[], Texts] | None = None

    def reader(self, column: str, options: frozenset[str]) -> Callable[[str], list[str] | None]:
        """Reads the texts of a column; None where nothing but blanks is in one."""
        self._items[column] = set(options)
        known: dict[str, list[str]] = {}

        def read(text: str) -> list[str] | None:
            items = known.get(text)
            if items is None:
                items, certain = self._read(column, options, text)
                if certain and len(known) < _MOST_KNOWN:
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
        if _SEMICOLON not in text and _COMMA not in text:
            item = text.strip()
            self._items[column].add(item)
            return ([item] if item else []), True
        parsed = {separator: _parts(text, separator, options) for separator in (";", ",")}
        known = [separator for separator, (_, unknown) in parsed.items() if not unknown]
        shown = _shown(text, parsed)
        if known:
            # Of both kinds, the texts mostly are one option.
            chosen = known[0] if len(known) == 1 else self._separator or _SEMICOLON
            self._separator = self._separator or shown
            return parsed[chosen][0], True
        self._separator = self._separator or shown or self._looked_ahead()
        if self._separator is not None:
            return parsed[self._separator][0], True
        if not self._warned:
            self._warned = True
            LOGGER.warning(
                f"{self._stream}: texts of {column} hold commas, and neither the options of the "
                "field nor other texts tell for sure whether these stand between options or within "
                "one. Such a text is split where that leaves an option of the field; else it is "
                "read as one."
            )
        items, unknown = parsed[_COMMA]
        return items if len(items) > unknown else parsed[_SEMICOLON][0], False

    def _looked_ahead(self) -> str | None:
        ahead, self.ahead = self.ahead, None
        return None if ahead is None else _shown_by(ahead(), self._items)


Parsed = Mapping[str, tuple[list[str], int]]


def _parts(text: str, separator: str, options: Collection[str]) -> tuple[list[str], int]:
    """The parts between separators, without blanks, and how many of them are no option.

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


def _shown(text: str, parsed: Parsed) -> str | None:
    """What stands between the items of a text, as far as it tells by itself."""
    (by_semicolon, strange), (by_comma, unknown) = parsed[_SEMICOLON], parsed[_COMMA]
    if _SEMICOLON in text and unknown and len(by_semicolon) > 1:
        return _SEMICOLON
    if strange and not unknown and len(by_comma) > 1:
        return _COMMA
    return None


def _shown_by(texts: Texts, single: Mapping[str, set[str]]) -> str | None:
    """What stands between the items of texts.

    `single` are items by themselves; texts without a separator are added to them.
    """
    joined: set[tuple[str, str]] = set()
    for column, text in texts:
        if _SEMICOLON not in text and _COMMA not in text:
            single[column].add(text.strip())
        elif len(joined) < _MOST_KNOWN:
            joined.add((column, text))
    shown = {
        _shown(text, {by: _parts(text, by, single[column]) for by in (_SEMICOLON, _COMMA)})
        for column, text in joined
    }
    return next((by for by in (_SEMICOLON, _COMMA) if by in shown), None)
