"""Answers of lists ("Get Records", "Get Deleted Records", "Get Rich Text Fields")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from source_zoho_crm.readers.windows import CURSOR_FIELD
from unit_tests.source.model.columns import RICH, Place
from unit_tests.source.model.refusals import AskedAmissError, refuse
from unit_tests.source.model.sizes import IDS_AT_ONCE, PER_PAGE
from unit_tests.source.model.traits import Traits
from unit_tests.source.model.world import Record, World, print_local
from zoho_crm.answers import Page, Row


class Shown(NamedTuple):
    """A record in a list, as it is or was."""

    place: tuple[int, int, int]
    key: str
    version: int
    modified: int


@dataclass(frozen=True, slots=True)
class Token:
    """What a page token stands for, and the parameters that it is bound to."""

    bound: tuple[Any, ...]
    #: Rows of the pages before.
    passed: int
    #: Of the last row.
    place: tuple[int, int, int]
    #: What there was when the list began.
    snapshot: Sequence[Shown]


class Lists:
    """Each page shows the rows of one moment; without page tokens it counts rows as they are."""

    def __init__(self, world: World, traits: Traits) -> None:
        self._world = world
        self._traits = traits
        self._columns = traits.columns
        self._tokens: dict[str, Token] = {}
        #: Lists by their columns: each may have another order.
        self._orders: dict[Any, int] = {}

    def list_records(self, params: Mapping[str, str], since: int | None) -> Page:
        names = self._find_names(params)
        size = int(params.get("per_page", PER_PAGE))
        if "ids" in params:
            return self._list_by_ids(params, names)
        if "page_token" in params:
            if "page" in params:
                raise AskedAmissError("a list by page and page token")
            return self._follow(params, since, names, size)
        skipped = (int(params.get("page", "1")) - 1) * size
        reach = self._traits.reach
        if skipped and reach and not self._has_tokens and skipped + size > reach * PER_PAGE:
            raise refuse("DISCRETE_PAGINATION_LIMIT_EXCEEDED")
        found = self._find(params, since, names)
        return self._cut(params, since, names, found, found, skipped, size)

    def list_deletions(self, since: int, number: int) -> Page:
        if self._traits.deletions == "none":
            return Page([], more=False)
        if self._traits.deletions == "refused":
            raise refuse("NOT_SUPPORTED")
        first = since if self._traits.inclusive else since + 1
        found = [gone for gone in self._world.gone.values() if gone.deleted >= first]
        if self._traits.deletions_order == "any":
            found.sort(key=lambda gone: gone.record.number * 7919 % 1_009)
        else:
            sign = -1 if self._traits.deletions_order == "newest" else 1
            found.sort(key=lambda gone: (sign * gone.deleted, gone.record.number))
        start = (number - 1) * PER_PAGE
        rows = [
            {
                "id": gone.record.key,
                "deleted_time": print_local(gone.deleted),
                "type": "permanent" if gone.permanent else "recycle",
            }
            for gone in found[start : start + PER_PAGE]
        ]
        return Page(rows, more=len(found) > start + PER_PAGE)

    def get_records(self, below: str, params: Mapping[str, str]) -> Page:
        """Single records, rich texts of several, or a list by ids."""
        names = tuple(params["fields"].split(","))
        if not below:
            return self._list_by_ids(params, names)
        if below != "/actions/fetch_full_data":
            record = self._world.records.get(below[1:])
            if record is not None:
                return Page([self._show(record, names, "record")], more=False)
            return self._miss()
        keys = params["ids"].split(",")
        if len(keys) > self._traits.version["rich_ids"]:
            raise AskedAmissError(f"the rich texts of {len(keys)} records")
        if set(names) != {RICH}:
            raise AskedAmissError(f"rich texts, and columns that are none: {', '.join(names)}")
        records = [self._world.records.get(key) for key in keys]
        if None in records and self._traits.unknown_ids == "refused":
            raise refuse("INVALID_DATA")
        rows = [self._show(record, names, "record") for record in records if record]
        for row in rows:
            row.pop(CURSOR_FIELD, None)
        return Page(rows, more=False)

    def _miss(self) -> Page:
        if self._traits.unknown_ids == "refused":
            raise refuse("INVALID_DATA")
        return Page([], more=False)

    def _list_by_ids(self, params: Mapping[str, str], names: tuple[str, ...]) -> Page:
        keys = params["ids"].split(",")
        if len(keys) > IDS_AT_ONCE:
            raise AskedAmissError(f"a list of {len(keys)} ids")
        hides = self._traits.convertible and params.get("converted", "false") == "false"
        records = [self._world.records.get(key) for key in keys]
        if None in records and self._traits.unknown_ids == "refused":
            raise refuse("INVALID_DATA")
        rows = [
            self._show(record, names, "list")
            for record in records
            if record and not (hides and record.converted)
        ]
        return Page(rows, more=False)

    def _follow(
        self, params: Mapping[str, str], since: int | None, names: tuple[str, ...], size: int
    ) -> Page:
        """The page of a page token."""
        token = self._tokens[params["page_token"]]
        if token.bound != _bind(params, since):
            raise AskedAmissError("a page token with other parameters than those of its list")
        if self._expires():
            raise refuse("EXPIRED_VALUE")
        if token.passed >= self._traits.version["rest_chain_rows"]:
            raise refuse("PAGINATION_LIMIT_EXCEEDED")
        snapshot, skipped = token.snapshot, token.passed
        if self._traits.tokens == "snapshot":
            found = snapshot
        else:
            found = self._find(params, since, names)
            if self._traits.tokens == "stand":
                skipped = sum(shown.place <= token.place for shown in found)
        return self._cut(params, since, names, found, snapshot, skipped, size, token.passed)

    def _expires(self) -> bool:
        rate, world = self._traits.token_expires, self._world
        expires = rate > 0 and not world.calm and world.rng.random() < rate
        world.troubles += expires
        return expires

    def _cut(
        self,
        params: Mapping[str, str],
        since: int | None,
        names: tuple[str, ...],
        found: Sequence[Shown],
        snapshot: Sequence[Shown],
        skipped: int,
        size: int,
        passed: int = 0,
    ) -> Page:
        page = found[skipped : skipped + size]
        more = len(found) > skipped + size
        token = None
        if more and self._has_tokens:
            token = f"token {len(self._tokens)}"
            self._tokens[token] = Token(
                _bind(params, since), passed + len(page), page[-1].place, snapshot
            )
        rows = [self._show_version(s.key, s.version, s.modified, names, "list") for s in page]
        return Page(rows, more, token)

    @property
    def _has_tokens(self) -> bool:
        return bool(self._traits.version["rest_tokens"])

    def _find_names(self, params: Mapping[str, str]) -> tuple[str, ...]:
        most = self._traits.version["rest_columns"]
        if "fields" not in params:
            if most:
                raise AskedAmissError("a list without fields")
            return self._columns.names
        names = tuple(params["fields"].split(","))
        if most and len(names) > most:
            raise AskedAmissError(f"a list of {len(names)} fields")
        return names

    def _find(
        self, params: Mapping[str, str], since: int | None, names: tuple[str, ...]
    ) -> list[Shown]:
        first = 0 if since is None else since if self._traits.inclusive else since + 1
        salt = 0
        if self._traits.own_orders:
            salt = self._orders.setdefault(names, len(self._orders)) * 101
        by_time = params.get("sort_by") == CURSOR_FIELD
        # Unsorted means by id, descending.
        sign = 1 if params.get("sort_order") == "asc" else -1
        shown = params.get("converted", "false") if self._traits.convertible else "both"
        found = []
        for record in self._world.records.values():
            if record.modified < first:
                continue
            if shown != "both" and record.converted != (shown == "true"):
                continue
            number = record.number
            # Rows of one second come in any order.
            mixed = (number + salt) * 7919 % 1_009
            place = (record.modified, mixed, number) if by_time else (sign * number, 0, 0)
            found.append(Shown(place, record.key, record.version, record.modified))
        found.sort()
        return found

    def _show(self, record: Record, names: tuple[str, ...], place: Place) -> Row:
        return self._show_version(record.key, record.version, record.modified, names, place)

    def _show_version(
        self, key: str, version: int, modified: int, names: tuple[str, ...], place: Place
    ) -> Row:
        row: Row = self._columns.build(names, version, place)
        row["id"] = key
        if CURSOR_FIELD in names:
            row[CURSOR_FIELD] = print_local(modified)
        return row


def _bind(params: Mapping[str, str], since: int | None) -> tuple[Any, ...]:
    kept = {name: value for name, value in params.items() if name not in ("page", "page_token")}
    return (since, *sorted(kept.items()))
