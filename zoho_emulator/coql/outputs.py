"""The select clause: its checks, and the columns of the answer."""

from dataclasses import dataclass

from zoho_emulator.coql.columns import Columns, Place, duplicate, invalid_query, limit_exceeded
from zoho_emulator.coql.kinds import Kind, is_number
from zoho_emulator.coql.tree import Item, Query
from zoho_emulator.errors import ZohoError
from zoho_emulator.store.model import Field
from zoho_emulator.versions import Version

MAX_FORMULAS = 5
MAX_AGGREGATES = 5

#: "Aggregate functions are case-sensitive."
AGGREGATES = frozenset({"SUM", "MIN", "MAX", "AVG", "COUNT"})


@dataclass(frozen=True, slots=True)
class Output:
    """A column of the answer: its key in the JSON row, its field, its aggregate function."""

    key: str
    field: Field | None
    aggregate: str | None
    #: False of the id that each row has, whether the query names it or not.
    chosen: bool = True


def resolve_selected(
    query: Query, columns: Columns, version: Version, most: int
) -> list[tuple[Output, str]]:
    """Each column of the answer with its SQL; there may be so many."""
    if len(query.items) > most:
        raise limit_exceeded("maximum number of select columns exceeded")
    _check_aliases(query.items)
    places = [columns.find_place(item.column, in_select=True) for item in query.items]
    for item, place in zip(query.items, places, strict=True):
        _check_selected(item, place, version)
    _check_repeated(query.items)
    # UNVERIFIED: which formulas Zoho counts as dynamic; all of them here.
    if sum(place.field.data_type == "formula" for place in places) > MAX_FORMULAS:
        raise limit_exceeded("maximum number of formula fields exceeded")
    if sum(item.function is not None for item in query.items) > MAX_AGGREGATES:
        raise limit_exceeded("maximum number of aggregate fields exceeded")
    chosen = []
    for item, place in zip(query.items, places, strict=True):
        sql = write_item(item, place)
        chosen.append((Output(_find_key(item), place.field, item.function), sql))
    return chosen


#: sqlite's SUM fails beyond 64 bits, where its TOTAL is a double: so halves are added up.
_WHOLE_SUM = (
    "CASE WHEN abs(TOTAL({0})) < 9.2e18"
    " THEN SUM({0} / 4294967296) * 4294967296 + SUM({0} % 4294967296) ELSE TOTAL({0}) END"
)


def write_item(item: Item, place: Place) -> str:
    """UNVERIFIED: a sum of more than 64 bits, as of ids, is a double."""
    if item.function == "SUM" and place.kind is Kind.WHOLE:
        return _WHOLE_SUM.format(place.sql)
    return place.sql if item.function is None else f"{item.function}({place.sql})"


def _find_key(item: Item) -> str:
    text = item.column.text
    return item.alias or (text if item.function is None else f"{item.function}({text})")


def _check_selected(item: Item, place: Place, version: Version) -> None:
    name = item.column.text
    if place.kind is Kind.REFUSED:
        raise invalid_query("data type not supported", column_name=name)
    if place.field.data_type == "territories" and version.number < 8:
        raise invalid_query("unsupported column", column_name=name)
    if item.function is None:
        return
    # "COUNT [is] only for number, lookup and picklist fields". UNVERIFIED: that the others take
    # numbers only, and the error where a field does not suit.
    counted = place.kind is Kind.LOOKUP or place.field.data_type == "picklist"
    suits = is_number(place.kind) or (item.function == "COUNT" and counted)
    if item.function not in AGGREGATES or not suits:
        raise ZohoError(
            "INVALID_DATA",
            "invalid data",
            {"reason": "unsupported aggregate function", "column": f"{item.function}({name})"},
        )


def _check_repeated(items: tuple[Item, ...]) -> None:
    seen = set()
    for item in items:
        chosen = (item.function, item.column.text)
        if chosen in seen and item.function is not None:
            raise ZohoError(
                "DUPLICATE_DATA",
                "duplicate aggregate function",
                {"column_name": item.column.text, "aggregate": item.function},
            )
        if chosen in seen:
            raise duplicate("select", item.column)
        seen.add(chosen)


def _check_aliases(items: tuple[Item, ...]) -> None:
    plain = {item.column.text for item in items if item.alias is None}
    columns: dict[str, list[str]] = {}
    for item in items:
        if item.alias is None:
            continue
        name = item.column.text
        if not item.alias.strip():
            raise ZohoError(
                "INVALID_ALIAS",
                "alias name cannot be an empty string",
                {"column_name": name, "alias": item.alias},
            )
        # "id" is in every row, named or not.
        if item.alias in plain or (item.alias == "id" and name != "id"):
            raise invalid_query(
                "column name or property name given in select columns without alias name"
                " cannot be an alias name for other select columns",
                column_name=name,
                alias=item.alias,
            )
        columns.setdefault(item.alias, []).append(name)
    for alias, names in columns.items():
        if len(names) > 1:
            raise ZohoError(
                "DUPLICATE_ALIAS",
                "same alias cannot refer more than one column",
                {"referred_columns": names, "alias": alias},
            )
