"""Text of COQL queries.

Names of columns and values of rows are quoted here. The rest of a query are Zoho's own ids, which
are digits, and names of modules.
"""

from collections.abc import Sequence

#: Names that a query must quote: COQL's own words, and SQL's. UNVERIFIED: Zoho names `External`
#: alone (Kaizen #171); quoting one word too many does no harm that is known.
_RESERVED = frozenset(
    """
    all and any as asc avg between by case check column constraint count create cross current
    database default delete desc distinct drop else end exists external false for foreign from full
    function grant group having in index inner insert interval into is join key left like limit max
    min natural not null offset on or order outer primary procedure references right row rows select
    session set some sum system table then to true union unique update user using values view when
    where with
    """.split()  # noqa: SIM905 - a list of words reads better as words
)


def quote_column(name: str) -> str:
    """A column of a select or a criterion."""
    return quote_string(name) if name.lower() in _RESERVED else name


def quote_string(value: str) -> str:
    """A string literal. A quote inside it is doubled (Kaizen #171)."""
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def format_datetime(utc: str) -> str:
    """A datetime literal of a time in UTC. Zoho's samples write a numeric offset, never Z."""
    return quote_string(utc.removesuffix("Z") + "+00:00")


def build_in(name: str, values: Sequence[str], *, bare: bool = False) -> str:
    """A column that has one of the values; `bare`: they are numbers, and are not quoted."""
    return f"{quote_column(name)} in ({', '.join(values if bare else map(quote_string, values))})"


def build_and(left: str, right: str) -> str:
    """Two conditions. COQL wants conditions in bracketed pairs."""
    return f"({left} and {right})"


def build_between(name: str, start: str, end: str) -> str:
    """Both ends included.

    A pair of `>=` and `<=` is said to give false syntax errors in some modules; between does not.
    """
    return f"{quote_column(name)} between {format_datetime(start)} and {format_datetime(end)}"


def build_select(
    columns: Sequence[str],
    module: str,
    where: str,
    *,
    limit: int,
    offset: int = 0,
    order_by: str = "id",
) -> str:
    query = (
        f"select {', '.join(map(quote_column, columns))} from {module} where {where} "
        f"order by {quote_column(order_by)} asc limit {limit}"
    )
    return f"{query} offset {offset}" if offset else query
