"""A COQL query, held against an org and a version, as one statement of SQL."""

import re
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from zoho_emulator.coql.columns import (
    Columns,
    Place,
    duplicate,
    invalid_column,
    invalid_query,
    limit_exceeded,
)
from zoho_emulator.coql.criteria import Criteria
from zoho_emulator.coql.kinds import Kind
from zoho_emulator.coql.outputs import Output, resolve_selected, write_item
from zoho_emulator.coql.parse import parse, query_not_supported
from zoho_emulator.coql.plan import column_to_leave_unindexed
from zoho_emulator.coql.tree import Column, Item, Query, Sort, Value
from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.store.model import Module, Org
from zoho_emulator.versions import Version

MAX_COLUMNS = 50
MAX_ORDER = 10
MAX_GROUP = 4
DEFAULT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Compiled:
    """`sql` selects the columns of `outputs`, in their order, of live rows; one row more than
    `limit`, so that the caller knows whether there are more."""

    module: Module
    sql: str
    parameters: list[object]
    outputs: tuple[Output, ...]
    limit: int
    offset: int
    aggregated: bool
    #: As `sql`, of ids alone; of no use where it is aggregated.
    sql_of_ids: str


def compile_query(
    query: str,
    org: Org,
    version: Version,
    *,
    include_converted: bool,
    accept_z: bool = False,
    backslash_escapes: bool = True,
    connection: sqlite3.Connection | None = None,
    refused: Collection[str] = (),
    most_columns: int = MAX_COLUMNS,
) -> Compiled:
    """The statement for `query`; raises ZohoError as Zoho would. `refused` are modules, and
    `most_columns` is of v8.

    With a `connection` the statement is made to suit the data: see plan.py.
    """
    parsed = parse(query, backslash_escapes=backslash_escapes)
    module = _find_module(parsed, org, version, refused)
    limit, offset = _read_limit(parsed, version)
    aggregated = bool(parsed.group) or any(item.function for item in parsed.items)
    _check_features(parsed, version, aggregated=aggregated)

    columns = Columns(org, version, module)
    most = most_columns if version.number >= 8 else MAX_COLUMNS
    chosen = resolve_selected(parsed, columns, version, most)
    groups = _resolve_group(parsed, columns, aggregated=aggregated)
    criteria = Criteria(columns, accept_z=accept_z)
    where = criteria.compile(parsed.where)
    if unindexed := column_to_leave_unindexed(parsed, columns, connection):
        criteria = Criteria(columns, accept_z=accept_z, unindexed=unindexed)
        where = criteria.compile(parsed.where)
    order = _compile_order(parsed, columns, aggregated=aggregated, unindexed=unindexed)
    columns.check_joins()

    if not aggregated:
        rest = [pair for pair in chosen if pair[0].key != "id"]
        named = len(rest) < len(chosen)
        chosen = [(Output("id", module.fields["id"], None, named), "t.id"), *rest]
    live = "t.state = 0" if include_converted else "t.state = 0 AND t.converted = 0"
    sql = f"FROM {columns.from_sql} WHERE {live} AND {where}"
    if groups:
        sql += f" GROUP BY {', '.join(place.sql for place in groups)}"
    if order:
        sql += f" ORDER BY {', '.join(order)}"
    sql += " LIMIT ? OFFSET ?"
    return Compiled(
        module,
        f"SELECT {', '.join(sql for _, sql in chosen)} {sql}",
        [*criteria.parameters, limit + 1, offset],
        tuple(output for output, _ in chosen),
        limit,
        offset,
        aggregated,
        f"SELECT t.id {sql}",
    )


def _find_module(query: Query, org: Org, version: Version, refused: Collection[str]) -> Module:
    if query.module.lower() == "users":
        raise not_emulated("COQL on Users")
    module = org.modules.get(query.module)
    # UNVERIFIED: that a module the org does not have is answered like one without an API.
    if (
        module is None
        or not module.exists_in(version.number)
        or not module.api_supported
        # Nothing can be selected of a module without fields.
        or "id" not in module.fields
        or module.files
        or module.api_name in refused
    ):
        raise ZohoError("INVALID_MODULE", "the given module is not supported in api")
    if query.custom_view:
        if version.number < 8:
            raise query_not_supported()
        raise not_emulated("custom views in COQL")
    return module


def _check_features(query: Query, version: Version, *, aggregated: bool) -> None:
    """UNVERIFIED: the error of a version that does not have the feature yet."""
    aliased = any(item.alias is not None for item in query.items)
    if (aggregated and not version.coql_aggregates) or (aliased and version.number < 4):
        raise query_not_supported()


def _read_limit(query: Query, version: Version) -> tuple[int, int]:
    limit = DEFAULT_LIMIT if query.limit is None else _parse_number(query.limit, "limit")
    offset = 0 if query.offset is None else _parse_number(query.offset, "offset")
    if limit <= 0:
        raise ZohoError("INVALID_DATA", "limit should be greater than 0")
    if offset < 0:
        raise invalid_query("offset given seems to be invalid", offset=str(offset))
    if limit > version.coql_rows:
        raise limit_exceeded("maximum limit exceeded")
    if limit + offset > version.coql_reach:
        raise limit_exceeded("Max records limit exceeded")
    return limit, offset


def _parse_number(value: Value, clause: str) -> int:
    if value.quoted or not re.fullmatch(r"[+-]?[0-9]{1,18}", value.text):
        raise invalid_query(f"{clause} given seems to be invalid", **{clause: value.text})
    return int(value.text)


def _resolve_group(query: Query, columns: Columns, *, aggregated: bool) -> list[Place]:
    if len(query.group) > MAX_GROUP:
        raise limit_exceeded("maximum number of group by columns exceeded")
    names = [column.text for column in query.group]
    for position, column in enumerate(query.group):
        if column.text in names[:position]:
            raise duplicate("group by", column)
    places = [columns.find_place(column) for column in query.group]
    for column, place in zip(query.group, places, strict=True):
        _check_clause(column, place, "group by")
    if aggregated and any(i.function is None and i.column.text not in names for i in query.items):
        # UNVERIFIED: the error of a column that is neither aggregated nor grouped by.
        raise invalid_query("Invalid query formed")
    return places


def _check_clause(column: Column, place: Place, clause: str) -> None:
    if place.kind in (Kind.SELECTED, Kind.REFUSED):
        raise invalid_query("unsupported column", column_name=column.text, clause=clause)


def _compile_order(
    query: Query, columns: Columns, *, aggregated: bool, unindexed: str | None
) -> list[str]:
    if len(query.order) > MAX_ORDER:
        raise limit_exceeded("maximum number of order by columns exceeded")
    names = [sort.column.text for sort in query.order]
    for position, sort in enumerate(query.order):
        if sort.column.text in names[:position]:
            raise duplicate("order by", sort.column)
    if aggregated:
        return [_order_groups(query, columns, sort) for sort in query.order]
    aliases = {item.alias: item.column for item in query.items if item.alias is not None}
    terms = []
    by_id = not query.order
    for sort in query.order or (Sort(Column("id", (), "id"), descending=False),):
        column = aliases.get(sort.column.text, sort.column)
        place = columns.find_place(column)
        _check_clause(sort.column, place, "order by")
        own_id = place.alias == "t" and place.field.column == "id"
        by_id = by_id or own_id
        terms.append(
            _write_term("+t.id" if own_id and unindexed == "id" else place.sql, place, sort)
        )
    # Rows that tie come in no order that a client could rely on, and always in the same.
    return terms if by_id else [*terms, "t.tie"]


def _write_term(sql: str, place: Place, sort: Sort) -> str:
    collation = " COLLATE NOCASE" if place.kind is Kind.TEXT else ""
    return f"{sql}{collation}{' DESC' if sort.descending else ''}"


def _order_groups(query: Query, columns: Columns, sort: Sort) -> str:
    """Aggregated rows are ordered by a grouped column, or by an aggregate through its alias."""
    by_alias = {item.alias: item for item in query.items if item.alias is not None}
    item = by_alias.get(sort.column.text, Item(sort.column))
    if item.function is None and item.column.text not in {c.text for c in query.group}:
        raise invalid_column(sort.column)
    place = columns.find_place(item.column)
    return _write_term(write_item(item, place), place, sort)
