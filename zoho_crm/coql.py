"""Text of COQL queries. Whatever is put into a query passes through here."""

from collections.abc import Sequence


def quoted(value: str) -> str:
    """A string literal. A quote inside it is doubled (Kaizen #171)."""
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def moment(utc: str) -> str:
    """A datetime literal of a time in UTC. Zoho's samples write a numeric offset, never Z."""
    return quoted(utc.removesuffix("Z") + "+00:00")


def both(left: str, right: str) -> str:
    """Two conditions. COQL wants conditions in bracketed pairs."""
    return f"({left} and {right})"


def between(column: str, start: str, end: str) -> str:
    """Both ends included.

    A pair of `>=` and `<=` gives false syntax errors in some modules, it is said; between does not.
    """
    return f"{column} between {moment(start)} and {moment(end)}"


def select(
    columns: Sequence[str], module: str, where: str, *, limit: int, order_by: str = "id"
) -> str:
    return (
        f"select {', '.join(columns)} from {module} where {where} "
        f"order by {order_by} asc limit {limit}"
    )
