"""The where clause, compiled to SQL with bound values."""

from collections.abc import Iterator

from zoho_emulator.coql.columns import Columns, Place, invalid_query, limit_exceeded
from zoho_emulator.coql.kinds import (
    Kind,
    build_like_pattern,
    compares_as_text,
    convert,
    list_operators,
)
from zoho_emulator.coql.tree import Condition, Criterion, Pair
from zoho_emulator.errors import ZohoError

MAX_CRITERIA = 25
#: UNVERIFIED: one passage of v7 says 100.
MAX_IN = 50


def find_required(condition: Condition) -> Iterator[Criterion]:
    """The criteria that every row must meet: those joined by `and` only."""
    if isinstance(condition, Criterion):
        yield condition
    elif condition.operator == "AND":
        yield from find_required(condition.left)
        yield from find_required(condition.right)


class Criteria:
    """Compiles conditions; `parameters` are the values bound, in the order of the SQL.

    UNVERIFIED: that `!=`, `not in`, `not like` and `not between` pass over nulls, as in SQL.
    """

    def __init__(self, columns: Columns, *, accept_z: bool, unindexed: str | None = None) -> None:
        self._columns = columns
        self._accept_z = accept_z
        #: Column of the base table that no index shall serve.
        self._unindexed = unindexed
        self._count = 0
        self.parameters: list[object] = []

    def compile(self, condition: Condition) -> str:
        if isinstance(condition, Pair):
            left, right = self.compile(condition.left), self.compile(condition.right)
            return f"({left} {condition.operator} {right})"
        self._count += 1
        if self._count > MAX_CRITERIA:
            raise limit_exceeded("maximum number of criteria exceeded")
        place = self._columns.find_place(condition.column)
        self._check(condition, place)
        return self._compile_criterion(condition, place)

    def _check(self, criterion: Criterion, place: Place) -> None:
        name, operator = criterion.column.text, criterion.operator
        # Record_Image is not filterable in the fields API and yet in Zoho's sample of a criterion.
        filterable = place.field.filterable or place.field.data_type == "profileimage"
        if place.kind in (Kind.SELECTED, Kind.REFUSED) or not filterable:
            empty = {"is null": "=", "is not null": "!="}
            raise invalid_query(
                "unsupported column in criteria",
                cv_criteria=False,
                column_name=name,
                value="${EMPTY}" if operator in empty else criterion.values[0].text,
                operator=empty.get(operator, operator),
            )
        if operator not in list_operators(place.field, place.kind):
            raise invalid_query(
                "Invalid query formed",
                reason="invalid operator found",
                column_name=name,
                operator=operator,
            )
        if operator in ("in", "not in") and len(criterion.values) > MAX_IN:
            raise limit_exceeded("maximum number of values for in and not in exceeded")

    def _compile_criterion(self, criterion: Criterion, place: Place) -> str:
        operator = criterion.operator
        column = self._write_column(place)
        if operator in ("is null", "is not null"):
            return f"{column} {operator.upper()}"
        self.parameters.extend(self._convert_values(criterion, place))
        if operator in ("like", "not like"):
            return f"{column} {operator.upper()} ? ESCAPE '\\'"
        if operator in ("in", "not in"):
            marks = ", ".join("?" * len(criterion.values))
            return f"{column} {operator.upper()} ({marks})"
        if operator in ("between", "not between"):
            return f"{column} {operator.upper()} ? AND ?"
        return f"{column} {operator} ?"

    def _write_column(self, place: Place) -> str:
        if compares_as_text(place.field):
            return f"CAST({place.sql} AS TEXT)"
        if place.kind is Kind.TEXT:
            # UNVERIFIED: text compares without regard to case.
            return f"{place.sql} COLLATE NOCASE"
        if place.alias == "t" and place.field.column == self._unindexed:
            return f"+{place.sql}"
        return place.sql

    def _convert_values(self, criterion: Criterion, place: Place) -> Iterator[object]:
        for value in criterion.values:
            try:
                if criterion.operator in ("like", "not like"):
                    yield build_like_pattern(value, negated=criterion.operator == "not like")
                else:
                    yield convert(place.kind, value, accept_z=self._accept_z)
            except ValueError:
                raise _invalid_value(criterion, value.text) from None


def _invalid_value(criterion: Criterion, text: str) -> ZohoError:
    """UNVERIFIED: which details other than the column's name."""
    return invalid_query(
        "value given seems to be invalid for the column",
        column_name=criterion.column.text,
        value=text,
    )
