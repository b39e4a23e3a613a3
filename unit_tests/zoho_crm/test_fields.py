from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zoho_crm import casts
from zoho_crm.casts import utc
from zoho_crm.fields import Field, caster, json_schema


@pytest.mark.parametrize(
    ("zoho", "canonical"),
    [
        ("2024-06-05T02:04:09-07:00", "2024-06-05T09:04:09Z"),
        ("2024-06-05T02:04:59+05:30", "2024-06-04T20:34:59Z"),
        ("2024-06-05T02:04:09Z", "2024-06-05T02:04:09Z"),
        ("2024-12-31T23:59:58-11:00", "2025-01-01T10:59:58Z"),
        ("2024-06-05T02:04:09.123+00:00", "2024-06-05T02:04:09Z"),
    ],
)
def test_datetimes_become_utc(zoho: str, canonical: str) -> None:
    assert utc(zoho) == canonical
    assert utc(zoho) == canonical, "the second time from memory"


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_every_offset_gives_the_same_instant(local: datetime, minutes: int) -> None:
    assume(1 < local.year < 9999)
    zone = timezone(timedelta(minutes=minutes))
    moment = local.replace(microsecond=0, tzinfo=zone)
    assert datetime.fromisoformat(utc(moment.isoformat())) == moment


@pytest.mark.parametrize(
    ("field", "value", "canonical"),
    [
        ({"data_type": "lookup"}, {"id": "12", "name": "Zed"}, "12"),
        ({"data_type": "lookup"}, {"id": "12"}, "12"),
        ({"data_type": "ownerlookup"}, {"id": "7", "email": "a@example.com"}, "7"),
        ({"data_type": "multi_module_lookup"}, {"module": {"api_name": "Leads"}, "id": "9"}, "9"),
        ({"data_type": "layout"}, {"id": "5"}, "5"),
        ({"data_type": "bigint"}, "9007199254740993", "9007199254740993"),
        ({"data_type": "bigint"}, 9007199254740993, "9007199254740993"),
        ({"data_type": "bigint"}, {"name": "Standard", "id": "12"}, "12"),
        ({"data_type": "bigint"}, {"id": 12}, "12"),
        ({"data_type": "bigint"}, {"name": "Standard"}, '{"name": "Standard"}'),
        ({"api_name": "Layout", "data_type": "bigint"}, {"name": "Standard", "id": "5"}, "5"),
        ({"api_name": "Layout", "data_type": "bigint"}, "5", "5"),
        ({"data_type": "autonumber"}, "A-1", "A-1"),
        ({"data_type": "multiselectpicklist"}, ["a", "b"], ["a", "b"]),
        ({"data_type": "multiselectpicklist"}, [], None),
        ({"api_name": "Tag", "data_type": "text", "json_type": "jsonarray"}, [], None),
        ({"data_type": "rollup_summary", "json_type": "integer"}, 7, 7),
        (
            {"api_name": "Tag", "data_type": "text", "json_type": "jsonarray"},
            [{"name": "x", "id": "1"}],
            ["x"],
        ),
        ({"data_type": "currency"}, 12.5, 12.5),
        ({"data_type": "percent"}, "3", 3.0),
        ({"data_type": "currency"}, "9999999999999999", 9_999_999_999_999_999),
        ({"data_type": "currency"}, "007.50", 7.5),
        ({"data_type": "currency"}, "true", None),
        ({"data_type": "currency"}, "", None),
        ({"data_type": "integer"}, 0, 0),
        ({"data_type": "boolean"}, False, False),
        ({"data_type": "boolean"}, "true", True),
        ({"data_type": "date"}, "1961-02-03", "1961-02-03"),
        ({"data_type": "formula", "formula": {"return_type": "double"}}, 1.5, 1.5),
        (
            {"data_type": "formula", "formula": {"return_type": "datetime"}},
            "2024-01-01T00:00:00+01:00",
            "2023-12-31T23:00:00Z",
        ),
        ({"data_type": "hologram"}, {"a": 1}, '{"a": 1}'),
        ({"data_type": "text"}, "", None),
        ({"data_type": "text"}, None, None),
    ],
)
def test_values_have_one_canonical_form(field, value, canonical) -> None:
    field = Field.from_metadata({"api_name": "X", **field})
    assert caster([field])({field.api_name: value}) == {field.api_name: canonical}


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        ("integer", "12-50"),
        ("integer", "inf"),
        ("double", "much"),
        ("datetime", "Invalid date"),
    ],
)
def test_a_value_that_is_none_of_its_type_costs_itself_and_is_said(
    data_type: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    casts._warn_of.cache_clear()
    field = Field.from_metadata({"api_name": "X", "data_type": data_type})

    assert caster([field])({"X": value}) == {"X": None}
    assert field.type.read_cell(value) is None
    assert caplog.text.count("such values are read as null") == 1


@pytest.mark.parametrize(
    "metadata",
    [
        {"data_type": "subform"},
        {"data_type": "fileupload", "json_type": "jsonarray"},
        {"data_type": "text", "json_type": "jsonarray"},
        {"data_type": "RRULE", "json_type": "jsonobject"},
    ],
)
def test_a_column_that_not_all_roads_carry_says_why(metadata) -> None:
    assert Field.from_metadata({"api_name": "X", **metadata}).left_out


def test_a_missing_key_stays_missing() -> None:
    cast = caster([Field("A", "lookup"), Field("B", "text")])
    assert cast({"B": "b"}) == {"B": "b"}


def test_an_unknown_data_type_costs_nothing_but_its_type() -> None:
    field = Field.from_metadata({"api_name": "X", "data_type": "hologram"})
    assert not field.known
    assert json_schema([field])["properties"]["X"] == {"type": ["null", "string"]}


def test_missing_keys_of_metadata_are_borne() -> None:
    assert Field.from_metadata({"api_name": "X"}) == Field("X", "text")


def test_ids_are_never_null_in_the_schema() -> None:
    schema = json_schema([Field("id", "bigint"), Field("Age", "integer")])
    assert schema["properties"] == {"id": {"type": "string"}, "Age": {"type": ["null", "integer"]}}
