"""What is told at a glance is what the encoder says, of any value."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_zoho_crm.columns import Column
from destination_zoho_crm.encoding import Encoder
from destination_zoho_crm.outcomes import InvalidValueError
from destination_zoho_crm.quick_values import Encode, quicken
from destination_zoho_crm.target_fields import TargetField

FIELDS: list[dict[str, Any]] = [
    {"data_type": "text", "length": 5},
    {"data_type": "text"},
    {"data_type": "integer"},
    {"data_type": "integer", "length": 3},
    {"data_type": "double"},
    {"data_type": "currency", "decimal_place": 2},
    {"data_type": "currency", "decimal_place": 0},
    {"data_type": "currency", "decimal_place": 7},
    {"data_type": "boolean"},
    {"data_type": "bigint"},
    {"data_type": "datetime"},
    {"data_type": "lookup", "lookup": {"module": {"api_name": "Accounts"}}},
]
DECIMALS = st.builds(
    lambda number, places: number / 10**places, st.integers(-(10**17), 10**17), st.integers(0, 17)
)
TIMESTAMPS = st.builds(
    lambda moment, form, end: moment.strftime(form).zfill(19) + end,
    st.datetimes(),
    st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"]),
    st.sampled_from(["", "Z", "+00:00", "-05:00", ".5Z", " UTC", " +00", "z"]),
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=7),
    st.text(" \t\n\x1f\x85\u3000a", max_size=3),
    st.integers(),
    st.integers(-(10**16) - 1, 10**16 + 1),
    st.sampled_from([10**n + m for n in range(3, 17) for m in (-1, 0, 1)]),
    st.floats(),
    DECIMALS,
    DECIMALS.map(lambda value: value + 0.1 + 0.2),
    st.lists(st.integers(), max_size=1),
    st.from_regex(r"\A *[+-]?[0-9]{0,17}\.?[0-9]{0,10}(e-?[0-9])?\Z"),
    st.from_regex(r"\A[0-9]{13,21}\Z"),
    TIMESTAMPS,
    st.from_regex(r"\A[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]Z\Z"),
    st.fixed_dictionaries({"id": st.sampled_from(["4150868000000225013", 7, "x"])}),
)


def column(metadata: dict[str, Any]) -> Column:
    field = TargetField.from_metadata({"api_name": "F", **metadata})
    return Column("column", field, field.api_name)


def say(encode: Encode, value: Any) -> tuple[type, str]:
    """The value with its type, for 1 == 1.0 == True; or why there is none."""
    try:
        found = encode(value)
    except InvalidValueError as error:
        return InvalidValueError, str(error)
    return type(found), repr(found)


@pytest.mark.parametrize("metadata", FIELDS, ids=str)
@given(value=VALUES)
@settings(max_examples=400, deadline=None)
def test_a_value_is_encoded_as_by_the_encoder(metadata: dict[str, Any], value: Any) -> None:
    target = column(metadata)
    encode = Encoder("Leads", target, {})
    assert say(quicken(target, encode, is_checked=False), value) == say(encode, value)


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        ("text", "a"),
        ("integer", 17),
        ("bigint", "17"),
        ("double", 12.34),
        ("double", 12),
        ("boolean", False),
        ("datetime", "2026-01-02T03:04:05+00:00"),
        ("lookup", {"id": "4150868000000225013"}),
    ],
)
def test_a_common_value_is_told_without_the_encoder(data_type: str, value: Any) -> None:
    def ask(value: Any) -> Any:
        raise AssertionError

    given = {"bigint": 17, "lookup": "4150868000000225013"}.get(data_type, value)
    assert quicken(column({"data_type": data_type}), ask, is_checked=False)(given) == value


def test_an_option_of_a_picklist_is_left_to_the_encoder() -> None:
    encode = Encoder("Leads", column({"data_type": "picklist"}), {})
    assert quicken(column({"data_type": "picklist"}), encode, is_checked=True) is encode
