import json
import logging
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from source_zoho_crm.odd_values import OddValues
from zoho_crm import casts
from zoho_crm.casts import to_utc
from zoho_crm.data_types import DATA_TYPES
from zoho_crm.fields import Field, build_caster, build_json_schema
from zoho_crm.json_text import parse_json

TAG = {"api_name": "Tag", "data_type": "text", "json_type": "jsonarray"}
OPTIONS = {"data_type": "multiselectpicklist", "json_type": "jsonarray"}
#: A field of each data type, and some that are described in another way.
FIELDS = [
    Field.from_metadata({"api_name": "X", **metadata})
    for metadata in (
        *({"data_type": data_type} for data_type in DATA_TYPES),
        TAG,
        {"data_type": "hologram"},
        {"data_type": "formula", "formula": {"return_type": "boolean"}},
    )
]
#: JSON as Zoho's answers may hold it, odd numbers included.
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda some: (
        st.lists(some, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "value", "module"]) | st.text(), some)
    ),
    max_leaves=6,
).map(lambda value: parse_json(json.dumps(value).encode()))


def one_of(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


#: Texts that are datetimes, or nearly.
NEAR_TIMESTAMPS = st.builds(
    "{}{}{}{}{}{}".format,
    one_of("2024-06-05", "0001-01-01", "9999-12-31", "2024-02-30", "20240605", "2024-W23-3", ""),
    one_of("T", " ", ""),
    one_of("02", "24", "2", ""),
    one_of(":04:09", ":99:99", ":04", ":0:09", ":XX:YY", "0409", ""),
    one_of("", ".5", ".999999", ",5"),
    one_of("Z", "z", "", "-07:00", "+05:30", "+05:30:00", "+05:30:15", ":00", "+0530", "+25:00"),
)


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
    assert to_utc(zoho) == canonical
    assert to_utc(zoho) == canonical, "the second time from memory"


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_every_offset_gives_the_same_instant(local: datetime, minutes: int) -> None:
    assume(1 < local.year < 9999)
    zone = timezone(timedelta(minutes=minutes))
    timestamp = local.replace(microsecond=0, tzinfo=zone)
    assert datetime.fromisoformat(to_utc(timestamp.isoformat())) == timestamp


@given(st.lists(NEAR_TIMESTAMPS, min_size=1, max_size=4))
@example(["2024-06-05T02:00:09", "2024-06-05T02:04:09:00"])
@example(["2024-06-05T02:04:09-07:00", "2024-06-05T02:99:99-07:00"])
@example(["2024-06-05T02:04:09+05:30:00", "2024-06-05T02:05:09+05:30:00"])
@example(["2024-06-05T02:04:09+05:30:15", "2024-06-05T02:04:50+05:30:15"])
def test_what_is_remembered_of_one_timestamp_says_nothing_wrong_of_another(
    values: list[str],
) -> None:
    for value in values:
        try:
            expected = datetime.fromisoformat(value)
            expected = expected if expected.tzinfo else expected.replace(tzinfo=UTC)
            text = expected.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
        except (ValueError, OverflowError):
            with pytest.raises(ValueError, match=r".*"):
                to_utc(value)
        else:
            if value[4:5] == "-":
                assert to_utc(value) == text


def test_no_more_than_so_many_timestamps_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(casts, "_MOST_ENDS", 10)
    monkeypatch.setattr(casts._Days, "MOST", 10)
    casts._ENDS.clear()
    for days in casts._DAYS.values():
        days.clear()
    for second in range(0, 5_000_000, 9_001):
        timestamp = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
        assert to_utc(timestamp.isoformat()) == timestamp.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert 0 < len(casts._ENDS) <= 10
        assert sum(map(len, casts._DAYS.values())) <= 10


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
        ({"data_type": "currency"}, "", None),
        ({"data_type": "integer"}, 0, 0),
        ({"data_type": "boolean"}, False, False),
        ({"data_type": "boolean"}, "true", True),
        ({"data_type": "boolean"}, "FALSE", False),
        ({"data_type": "boolean"}, 1, True),
        ({"data_type": "boolean"}, "1", True),
        ({"data_type": "boolean"}, 0, False),
        ({"data_type": "boolean"}, "0", False),
        ({"data_type": "boolean"}, "", None),
        ({"data_type": "integer"}, "12.0", 12),
        ({"data_type": "integer"}, 1e3, 1_000),
        ({"data_type": "integer"}, "", None),
        ({"data_type": "lookup"}, {"id": None, "name": None}, None),
        ({"data_type": "lookup"}, {"id": 12}, "12"),
        ({"data_type": "datetime"}, "2024-06-05", "2024-06-05T00:00:00Z"),
        ({"data_type": "datetime"}, "", None),
        ({"data_type": "date"}, "", None),
        ({"data_type": "text"}, True, "true"),
        ({"data_type": "text"}, 12, "12"),
        ({"data_type": "phone"}, 12.5, "12.5"),
        (TAG, [{"name": 7}, {"name": ""}, None], ["7"]),
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
    assert build_caster([field])({field.api_name: value}) == {field.api_name: canonical}


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (9_007_199_254_740_991.0, b"9007199254740991"),
        (-9_007_199_254_740_991.0, b"-9007199254740991"),
        # Digits that it may not have had are not written.
        (9_007_199_254_740_992.0, b"9007199254740992.0"),
        (-9_007_199_254_740_992.0, b"-9007199254740992.0"),
        (9_007_199_254_740_993, b"9007199254740993"),
    ],
)
def test_a_number_is_whole_as_far_as_its_digits_are_known(value: float, line: bytes) -> None:
    row = build_caster([Field("X", "double")])({"X": value})
    assert orjson.dumps(row["X"]) == line


@pytest.mark.parametrize(
    ("field", "value", "instead"),
    [
        ({"data_type": "integer"}, "12-50", None),
        ({"data_type": "integer"}, "inf", None),
        ({"data_type": "integer"}, 12.5, None),
        ({"data_type": "integer"}, "12.5", None),
        ({"data_type": "integer"}, True, None),
        ({"data_type": "integer"}, [1], None),
        ({"data_type": "integer"}, {"id": 1}, None),
        ({"data_type": "integer"}, 2**63, None),
        ({"data_type": "integer"}, "-9223372036854775809", None),
        ({"data_type": "integer"}, 1e300, None),
        ({"data_type": "integer"}, 9_007_199_254_740_992.0, None),
        ({"data_type": "double"}, "much", None),
        ({"data_type": "double"}, "1_000", None),
        ({"data_type": "double"}, "1e999", None),
        ({"data_type": "double"}, "nan", None),
        ({"data_type": "double"}, float("inf"), None),
        ({"data_type": "double"}, False, None),
        ({"data_type": "currency"}, "true", None),
        ({"data_type": "currency"}, [], None),
        ({"data_type": "boolean"}, "yes", None),
        ({"data_type": "boolean"}, 2, None),
        ({"data_type": "boolean"}, 1.0, None),
        ({"data_type": "boolean"}, [True], None),
        ({"data_type": "datetime"}, "Invalid date", None),
        ({"data_type": "datetime"}, 1717552800000, None),
        ({"data_type": "datetime"}, "20240605", None),
        ({"data_type": "datetime"}, "0001-01-01T00:00:00+05:00", None),
        ({"data_type": "datetime"}, {"time": "2024"}, None),
        ({"data_type": "datetime"}, ["2024-06-05"], None),
        ({"data_type": "date"}, "31/12/2024", None),
        ({"data_type": "date"}, "2024-02-30", None),
        ({"data_type": "date"}, 20240605, None),
        ({"data_type": "date"}, {}, None),
        ({"data_type": "date"}, 0, None),
        ({"data_type": "datetime"}, False, None),
        ({"data_type": "text"}, ["a", 1], '["a", 1]'),
        ({"data_type": "text"}, {"ä": float("inf")}, '{"ä": null}'),
        ({"data_type": "text"}, float("nan"), None),
        ({"data_type": "bigint"}, 1e20, "1e+20"),
        ({"data_type": "picklist"}, {}, "{}"),
        ({"data_type": "lookup"}, {"name": "Zed"}, '{"name": "Zed"}'),
        ({"data_type": "lookup"}, {"id": [1]}, '{"id": [1]}'),
        ({"data_type": "lookup"}, [{"id": "1"}], '[{"id": "1"}]'),
        ({"data_type": "bigint"}, {"name": "Standard"}, '{"name": "Standard"}'),
        (TAG, [{"id": "1"}], ['{"id": "1"}']),
        (TAG, ["a", {"name": None}, [1]], ["a", '{"name": null}', "[1]"]),
        (OPTIONS, {"display": "A"}, ['{"display": "A"}']),
    ],
)
def test_a_value_that_does_not_fit_costs_itself_and_is_counted(
    field: dict[str, Any], value: object, instead: object, caplog: pytest.LogCaptureFixture
) -> None:
    described = Field.from_metadata({"api_name": "X", **field})
    schema = described.type.schema
    odd_values = OddValues("Leads")
    cast = build_caster(odd_values.watch([described, Field("Y", "text")]))

    with caplog.at_level(logging.WARNING, "airbyte"):
        for _ in range(3):
            row = {described.api_name: value, "Y": "y"}
            assert cast(row) == {described.api_name: instead, "Y": "y"}
        odd_values.report()
        odd_values.report()

    written = described.is_list or ("format" not in schema and "string" in schema["type"])
    assert caplog.messages == [
        f"Leads.{described.api_name}: 3 values do not fit the data type {described.data_type} and "
        f"are read as {'JSON text' if written else 'null'}."
    ]


def test_a_value_that_is_nested_too_deeply_for_any_text_costs_itself() -> None:
    deep: list[object] = []
    for _ in range(1_000):
        deep = [deep]
    fields = [Field(data_type, data_type) for data_type in (*DATA_TYPES, "hologram")]

    row = build_caster(fields)({field.api_name: deep for field in fields})

    assert set(map(str, row.values())) == {"None"}


@given(st.sampled_from(FIELDS), ANY_JSON)
def test_any_json_becomes_a_value_that_fits_the_schema(field: Field, value: object) -> None:
    row = build_caster([field])({"id": "1", field.api_name: value})

    jsonschema.validate(row, build_json_schema([field]), cls=jsonschema.Draft7Validator)
    assert orjson.loads(orjson.dumps(row)) == row
    read, schema = row[field.api_name], field.type.schema
    if read is not None and schema.get("format") == "date":
        assert date.fromisoformat(read).isoformat() == read
    if read is not None and schema.get("format") == "date-time":
        assert re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z", read)
    if schema["type"] == ["null", "integer"]:
        assert type(read) in (int, type(None))


@given(st.sampled_from(FIELDS), NEAR_TIMESTAMPS | st.floats().map(str) | st.text())
def test_any_text_becomes_a_value_that_fits_the_schema(field: Field, value: str) -> None:
    test_any_json_becomes_a_value_that_fits_the_schema.hypothesis.inner_test(field, value)


@pytest.mark.parametrize(
    "metadata",
    [
        {"data_type": "subform"},
        {"data_type": "fileupload", "json_type": "jsonarray"},
        {"data_type": "text", "json_type": "jsonarray"},
        {"data_type": "RRULE", "json_type": "jsonobject"},
    ],
)
def test_a_column_that_not_all_method_carry_says_why(metadata) -> None:
    assert Field.from_metadata({"api_name": "X", **metadata}).left_out


def test_a_missing_key_stays_missing() -> None:
    cast = build_caster([Field("A", "lookup"), Field("B", "text")])
    assert cast({"B": "b"}) == {"B": "b"}


def test_an_unknown_data_type_costs_nothing_but_its_type() -> None:
    field = Field.from_metadata({"api_name": "X", "data_type": "hologram"})
    assert not field.known
    assert build_json_schema([field])["properties"]["X"] == {"type": ["null", "string"]}


def test_missing_keys_of_metadata_are_borne() -> None:
    assert Field.from_metadata({"api_name": "X"}) == Field("X", "text")


def test_ids_are_never_null_in_the_schema() -> None:
    schema = build_json_schema([Field("id", "bigint"), Field("Age", "integer")])
    assert schema["properties"] == {"id": {"type": "string"}, "Age": {"type": ["null", "integer"]}}
