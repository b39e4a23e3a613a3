"""Rich text that a list has cut, fetched whole."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple, TypeVar

from source_zoho_crm.readers import Row
from source_zoho_crm.readers.lists import PER_PAGE
from source_zoho_crm.readers.steps import GetRecords, Task, run_together
from source_zoho_crm.readers.windows import CURSOR_FIELD
from zoho_crm.casts import to_utc
from zoho_crm.domains import quote_path_part
from zoho_crm.errors import INVALID_DATA
from zoho_crm.fields import Field
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

T = TypeVar("T")

#: Characters of a rich-text field that a list shows. UNVERIFIED: "Get Records" says 500, of v7 and
#: v8 only, not whether a single record is whole, and not what a character is; a text that long is
#: taken as cut everywhere, and counted as the longest: in units of UTF-16, where an emoji is two.
_CUT = 500
#: UNVERIFIED: the docs name no limit of `ids` in a list.
_IDS_AT_ONCE = 100


class _Texts(NamedTuple):
    """Rich texts of a record, by field, and the Modified_Time with which they were read."""

    timestamp: str | None
    by_name: Row


class WholeTexts:
    """Puts the whole text where a page has no more than its beginning.

    Several records come in one call where the version can (`rich_ids`, "Get Rich Text Fields"), and
    one by one elsewhere. A row never mixes two versions: every text comes with Modified_Time, and
    where that differs from the row's, the row is left out. In a module without Modified_Time that
    cannot be seen.
    """

    def __init__(self, module: str, fields: Sequence[Field], *, at_once: int) -> None:
        self._module = module
        self._names = [field.api_name for field in fields if field.is_rich_text]
        self._stamped = any(field.api_name == CURSOR_FIELD for field in fields)
        self._at_once = at_once
        #: The call for several records gives nothing but rich text, so what it gave is dated
        #: afterwards.
        self._dates_apart = bool(at_once) and self._stamped

    def restore(self, page: list[Row]) -> Task[list[Row]]:
        """The rows with whole texts, without those that were edited since the page was read.

        A record that was deleted since keeps the beginning; the next sync emits the deletion.
        """
        cut = {row["id"]: row for row in page if self._is_cut(row)}
        if not cut:
            return page
        fetched = yield from run_together(
            self._fetch_texts(some) for some in self._split_for_texts(list(cut))
        )
        texts = {key: text for some in fetched for key, text in some.items()}
        edited = {
            key for key, text in texts.items() if text.timestamp != cut[key].get(CURSOR_FIELD)
        }
        for key in texts.keys() - edited:
            cut[key].update(texts[key].by_name)
        if gone := len(cut) - len(texts):
            LOGGER.info(
                f"{self._module}: {gone} records were deleted while they were read; "
                f"their long texts end after {_CUT} characters."
            )
        return [row for row in page if row["id"] not in edited]

    def count_cut(self, page: list[Row]) -> int:
        return sum(map(self._is_cut, page))

    def count_calls(self, cut: int) -> int:
        """Calls that so many cut rows take, which follow each other in a list."""
        if not self._names:
            return 0
        pages, left = divmod(cut, PER_PAGE)
        return pages * self._count_calls_of_page(PER_PAGE) + self._count_calls_of_page(left)

    def _count_calls_of_page(self, cut: int) -> int:
        return sum(
            1 + (sum(1 for _ in _split_for_timestamps(some)) if self._dates_apart else 0)
            for some in self._split_for_texts(range(cut))
        )

    def _split_for_texts(self, cut: Sequence[T]) -> Iterator[Sequence[T]]:
        return _split(cut, self._at_once or 1)

    def _is_cut(self, row: Row) -> bool:
        return any(_is_long(row.get(name)) for name in self._names)

    def _fetch_texts(self, ids: Sequence[str]) -> Task[dict[str, _Texts]]:
        """The texts of these records by id, without those that are gone."""
        fetched = yield from _fetch(ids, self._ask_texts)
        rows = {row["id"]: row for row in fetched}
        timestamps = rows
        if self._dates_apart:
            dated = yield from run_together(
                _fetch(some, _ask_timestamps) for some in _split_for_timestamps(list(rows))
            )
            timestamps = {row["id"]: row for some in dated for row in some}
        found = {}
        for key in rows.keys() & timestamps.keys():
            timestamp = timestamps[key].get(CURSOR_FIELD)
            texts = {name: rows[key][name] for name in self._names if name in rows[key]}
            with suppress(ValueError):
                # Else it is not a datetime, and the row has it as it is.
                timestamp = to_utc(timestamp)
            found[key] = _Texts(timestamp, texts)
        return found

    def _ask_texts(self, ids: Sequence[str]) -> GetRecords:
        if self._at_once:
            params = {"fields": ",".join(self._names), "ids": ",".join(ids)}
            return GetRecords("/actions/fetch_full_data", params)
        stamp = (CURSOR_FIELD,) if self._stamped else ()
        params = {"fields": ",".join((*self._names, *stamp))}
        return GetRecords(f"/{quote_path_part(ids[0])}", params)


def _ask_timestamps(ids: Sequence[str]) -> GetRecords:
    params = {"fields": CURSOR_FIELD, "converted": "both", "ids": ",".join(ids)}
    return GetRecords("", params)


def _fetch(
    ids: Sequence[str], build_question: Callable[[Sequence[str]], GetRecords]
) -> Task[list[Row]]:
    """The records of these ids, without those that are gone: where Zoho refuses an id that is not
    there, halves of the ids show which."""
    try:
        rows: list[Row] = yield build_question(ids)
    except Refused as refusal:
        if refusal.code != INVALID_DATA:
            raise
    else:
        return rows
    if len(ids) == 1:
        return []
    half = len(ids) // 2
    first = yield from _fetch(ids[:half], build_question)
    return first + (yield from _fetch(ids[half:], build_question))


def _is_long(text: object) -> bool:
    """Whether no list shows more of a text. A pair of units is not cut in two."""
    if type(text) is not str:
        return False
    if not _CUT // 2 <= len(text) < _CUT or text.isascii():
        return len(text) >= _CUT
    pairs = sum(character > "\uffff" for character in text)
    return len(text) + pairs >= (_CUT - 1 if pairs else _CUT)


def _split_for_timestamps(fetched: Sequence[T]) -> Iterator[Sequence[T]]:
    return _split(fetched, _IDS_AT_ONCE)


def _split(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
