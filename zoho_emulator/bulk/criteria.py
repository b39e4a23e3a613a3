"""Criteria of bulk read jobs, checked and compiled to SQL ("Bulk Read: Create Job").

UNVERIFIED: the messages, and the details where Zoho's specification leaves them open; no page
shows an example of these errors. That `not_equal`, `not_in`, `not_between` and `not_contains` pass
over empty values, and that text compares without regard to case, is taken from COQL.
"""

import re

from zoho_emulator.bulk.columns import Column, Columns
from zoho_emulator.bulk.comparators import EQUAL, PATTERNS, Rule, find_rule
from zoho_emulator.errors import ZohoError
from zoho_emulator.store.data_types import affinity
from zoho_emulator.store.values import Stored

MAX_CRITERIA = 25
MAX_VALUES = 200
EMPTY = "${EMPTY}"

_LISTS = ("in", "not_in")
_RANGES = ("between", "not_between")

_OPERATORS = {
    "equal": "=",
    "not_equal": "!=",
    "in": "IN",
    "not_in": "NOT IN",
    "less_than": "<",
    "less_equal": "<=",
    "greater_than": ">",
    "greater_equal": ">=",
}


class Criteria:
    """Compiles one tree of criteria; `parameters` are the values bound, in the order of the SQL."""

    def __init__(self, columns: Columns, *, inclusive: bool) -> None:
        """`inclusive`: the ends of a range are part of it."""
        self.parameters: list[Stored] = []
        self._columns = columns
        self._inclusive = inclusive
        self._count = 0

    def compile(self, given: object, depth: int = 0) -> tuple[str, dict[str, object]]:
        """SQL, and the criteria as the details of a job show them: with the ids of fields."""
        if not isinstance(given, dict) or not given:
            raise _invalid(given)
        is_group = bool({"group", "group_operator"} & given.keys())
        if is_group and {"field", "api_name", "comparator", "value"} & given.keys():
            raise ZohoError(
                "AMBIGUOUS_CRITERIA",
                "the criteria is both a group and a criterion",
                _describe(given),
            )
        return self._compile_group(given, depth) if is_group else self._compile_criterion(given)

    def _compile_group(self, given: dict[str, object], depth: int) -> tuple[str, dict[str, object]]:
        operator, group = given.get("group_operator"), given.get("group")
        # UNVERIFIED: what makes a group ambiguous; here, that half of it is missing.
        if operator is None or not isinstance(group, list) or not group:
            raise ZohoError(
                "AMBIGUOUS_GROUP_IN_CRITERIA", "a group needs an operator and criteria", given
            )
        if operator not in ("and", "or"):
            raise ZohoError(
                "GROUP_OPERATOR_NOT_SUPPORTED",
                "unsupported group operator",
                {"supported": ["and", "or"]},
            )
        if depth == MAX_CRITERIA:
            raise _too_many_criteria()
        parts = [self.compile(part, depth + 1) for part in group]
        shown: dict[str, object] = {
            "group": [part for _, part in parts],
            "group_operator": operator,
        }
        return f"({f' {operator.upper()} '.join(sql for sql, _ in parts)})", shown

    def _compile_criterion(self, given: dict[str, object]) -> tuple[str, dict[str, object]]:
        self._count += 1
        if self._count > MAX_CRITERIA:
            raise _too_many_criteria()
        name, comparator = self._read_name(given), given.get("comparator")
        if not isinstance(comparator, str) or "value" not in given:
            raise _invalid(given)
        column = self._columns.find_compared(name, _describe(given))
        rule = find_rule(column.field)
        if comparator not in rule.comparators:
            raise ZohoError(
                "FIELD_COMPARATOR_IN_CRITERIA_NOT_SUPPORTED",
                "unsupported comparator for the field",
                {
                    "api_name": name,
                    "comparator": comparator,
                    "supported": list(rule.comparators),
                },
            )
        values = _read_values(given, comparator)
        filled = [value for value in values if value != EMPTY or not rule.takes_empty]
        has_empty = len(filled) < len(values)
        if has_empty and comparator not in EQUAL:
            raise _incompatible(given)
        converted = [_convert(rule, given, name, value) for value in filled]
        sql = self._write_sql(column, comparator, converted, has_empty=has_empty)
        return sql, self._describe_shown(column, given)

    def _read_name(self, given: dict[str, object]) -> str:
        """v2 names a field by `api_name`, later versions by an object."""
        field = given.get("field")
        named: object = None
        if self._columns.version.bulk_plain_names:
            named = given.get("api_name")
        elif isinstance(field, dict):
            named = field.get("api_name")
        if not isinstance(named, str):
            raise _invalid(given)
        return named

    def _describe_shown(self, column: Column, given: dict[str, object]) -> dict[str, object]:
        rest = {"comparator": given["comparator"], "value": given["value"]}
        if self._columns.version.bulk_plain_names:
            return {"api_name": column.name, **rest}
        known = column.field.id
        return {"field": {"id": str(known) if known else None, "api_name": column.name}, **rest}

    def _write_sql(
        self, column: Column, comparator: str, values: list[Stored], *, has_empty: bool
    ) -> str:
        sql = column.sql
        if has_empty and not values:
            return f"{sql} IS {'NOT ' if comparator.startswith('not_') else ''}NULL"
        if comparator in PATTERNS:
            operator, pattern = PATTERNS[comparator]
            literal = re.sub(r"([%_\\])", r"\\\1", str(values[0]))
            self.parameters.append(pattern.format(literal))
            return f"{_compares_as_text(column)} {operator} ? ESCAPE '\\'"
        self.parameters += values
        compared = (
            f"{_compares_as_text(column)} COLLATE NOCASE"
            if find_rule(column.field).textual
            else sql
        )
        if comparator in _RANGES:
            within = "{0} BETWEEN ? AND ?" if self._inclusive else "{0} > ? AND {0} < ?"
            negation = "NOT " if comparator == "not_between" else ""
            return f"{negation}({within.format(compared)})"
        operator = _OPERATORS[comparator]
        if comparator not in _LISTS:
            return f"{compared} {operator} ?"
        listed = f"{compared} {operator} ({', '.join('?' * len(values))})"
        if not has_empty:
            return listed
        # A null is in no list of SQL, nor out of one.
        return f"({listed} OR {sql} IS NULL)" if comparator == "in" else listed


def _compares_as_text(column: Column) -> str:
    """An autonumber compares as the text it shows, though it may be stored as a number."""
    is_number = affinity(column.field) != "TEXT"
    return f"CAST({column.sql} AS TEXT)" if is_number else column.sql


def _read_values(given: dict[str, object], comparator: str) -> list[object]:
    value = given["value"]
    several = comparator in _LISTS or comparator in _RANGES
    if isinstance(value, dict) or value is None:
        raise _invalid(given)
    if isinstance(value, list) != several:
        raise _incompatible(given)
    values = value if isinstance(value, list) else [value]
    if not values or (comparator in _RANGES and len(values) != 2):
        raise _incompatible(given)
    if len(values) > MAX_VALUES:
        raise ZohoError(
            "VALUE_LIMIT_EXCEEDED_IN_CRITERIA",
            "maximum number of values in a criterion exceeded",
            {"max_limit": MAX_VALUES},
        )
    return values


def _convert(rule: Rule, given: dict[str, object], name: str, value: object) -> Stored:
    try:
        return rule.convert(value)
    except TypeError:
        raise ZohoError(
            "VALUE_TYPE_NOT_SUPPORTED",
            "unsupported type of value for the field",
            {"api_name": name, "supported": list(rule.values)},
        ) from None
    except ValueError:
        raise ZohoError(
            "VALUE_IN_CRITERIA_NOT_SUPPORTED", "unsupported value for the field", _describe(given)
        ) from None


def _too_many_criteria() -> ZohoError:
    return ZohoError(
        "CRITERIA_LIMIT_EXCEEDED",
        "maximum number of criteria exceeded",
        {"max_limit": MAX_CRITERIA},
    )


def _incompatible(given: dict[str, object]) -> ZohoError:
    return ZohoError(
        "COMPARATOR_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE",
        "comparator and value do not go together",
        _describe(given),
    )


def _invalid(given: object) -> ZohoError:
    shown = _describe(given) if isinstance(given, dict) and given else {}
    return ZohoError("INVALID_CRITERIA", "invalid criteria", shown)


def _describe(given: dict[str, object]) -> dict[str, object]:
    """The criterion as errors show it: in one level, and with its `type`."""
    field = given.get("field")
    shown = {key: given[key] for key in ("api_name", "comparator", "value") if key in given}
    if isinstance(field, dict):
        shown["api_name"] = field.get("api_name")
    return {**shown, "type": "value"}
