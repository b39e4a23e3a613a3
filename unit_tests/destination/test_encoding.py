"""Values as Zoho takes them, or the reason why it would not."""

import json
from typing import Any, get_args

import pytest

from destination_zoho_crm.columns import Column
from destination_zoho_crm.encoding import EMPTY, Encoder
from destination_zoho_crm.link_values import build_link_encoder
from destination_zoho_crm.lookup_values import LinkList
from destination_zoho_crm.outcomes import InvalidValueError
from destination_zoho_crm.target_fields import TargetField
from zoho_crm.data_types import DATA_TYPES, Form

ID = "4150868000000225013"


def encoder(data_type: str, **metadata: Any) -> Encoder:
    field = TargetField.from_metadata({"api_name": "F", "data_type": data_type, **metadata})
    return Encoder("Leads", Column("column", field, field.api_name), {})


def encoded(data_type: str, value: Any, **metadata: Any) -> Any:
    return encoder(data_type, **metadata)(value)


CURRENCY = {"decimal_place": 2}
MUST_BE_TEXT = "a number of more than 15 digits must be sent as a text, or digits are lost"
NO_TIMESTAMP = "expected a date with time in the form YYYY-MM-DDThh:mm:ss+00:00"
TAG = {"api_name": "Tag", "json_type": "jsonarray"}


@pytest.mark.parametrize(
    ("data_type", "metadata", "value", "expected"),
    [
        ("text", {"length": 3}, "abc", "abc"),
        ("text", {}, 17, "17"),
        ("text", {}, 1.5, "1.5"),
        ("text", {}, 1e-7, "0.0000001"),
        ("phone", {}, 5551234.0, "5551234"),
        ("phone", {}, "5551234.0", "5551234.0"),
        ("text", {}, " kept ", " kept "),
        ("picklist", {}, "-None-", "-None-"),
        ("integer", {}, 17, 17),
        ("integer", {}, "-17", -17),
        ("integer", {}, 17.0, 17),
        ("integer", {}, "5.0", 5),
        ("integer", {}, "-5.000000000", -5),
        ("bigint", {}, "5.0", "5"),
        ("bigint", {}, 123456789012345678, "123456789012345678"),
        ("long", {}, "17", "17"),
        ("double", {}, 1.25, 1.25),
        ("double", {}, "1.250", 1.25),
        ("double", {}, " 1.25e3 ", 1250),
        ("double", {}, "12345678901234.56", 12345678901234.56),
        ("double", {}, "-.5", -0.5),
        ("double", {}, 1e15, 10**15),
        ("double", {}, 9007199254740992, 9007199254740992),
        ("double", {}, 3, 3),
        ("percent", {}, "12", 12),
        ("currency", CURRENCY, 0.1, 0.1),
        ("currency", CURRENCY, "1234567890123456", 1234567890123456),
        ("currency", CURRENCY, "10.10", 10.1),
        ("currency", CURRENCY, 0.1 + 0.2, 0.3),
        ("currency", CURRENCY, "0.30000000000000004", 0.3),
        ("double", {}, "1234567.900000001", 1234567.900000001),
        # As a column of decimals shows what was a double.
        ("currency", CURRENCY, "99999999999.990005760", 99999999999.99),
        ("double", {}, "4503599627.369999872", 4503599627.37),
        ("currency", CURRENCY, 4.35 * 100, 435),
        ("currency", CURRENCY, -1.1 - 2.2, -3.3),
        ("currency", CURRENCY, 123456789012.34001, 123456789012.34),
        ("currency", CURRENCY, "12.500000000", 12.5),
        ("currency", {"decimal_place": 0}, 0.1 * 3 * 10, 3),
        ("double", {}, 0.1 + 0.2, 0.3),
        ("double", {}, "0.30000000000000004", 0.3),
        ("double", {}, 12345678.7 + 0.2, 12345678.9),
        ("percent", {}, 1.1 + 2.2, 3.3),
        ("boolean", {}, True, True),
        ("boolean", {}, "False", False),
        ("boolean", {}, 1, True),
        ("date", {}, "2024-02-29", "2024-02-29"),
        ("date", {}, "2024-02-29T00:00:00Z", "2024-02-29"),
        ("date", {}, " 2024-02-29 00:00:00.000 +0000", "2024-02-29"),
        ("date", {}, "2024-02-29 00:00:00+00", "2024-02-29"),
        ("date", {}, "2024-02-29 00:00:00 UTC", "2024-02-29"),
        ("datetime", {}, "2024-02-29T10:00:00Z", "2024-02-29T10:00:00+00:00"),
        ("datetime", {}, "2024-02-29T10:00:00-08:00", "2024-02-29T18:00:00+00:00"),
        ("datetime", {}, "2024-02-29 10:00:00", "2024-02-29T10:00:00+00:00"),
        ("datetime", {}, "2024-02-29 10:00:00+00", "2024-02-29T10:00:00+00:00"),
        ("datetime", {}, "2024-02-29 10:00:00.123456-08", "2024-02-29T18:00:00+00:00"),
        ("datetime", {}, "2024-02-29 10:00:00.000 +0000", "2024-02-29T10:00:00+00:00"),
        ("datetime", {}, "2024-02-29 10:00:00.123456789 -0800", "2024-02-29T18:00:00+00:00"),
        ("datetime", {}, "2024-02-29 10:00:00 -08:00", "2024-02-29T18:00:00+00:00"),
        ("datetime", {}, "2024-02-29 10:00:00 UTC", "2024-02-29T10:00:00+00:00"),
        ("datetime", {}, " 2024-02-29T10:00:00Z ", "2024-02-29T10:00:00+00:00"),
        ("datetime", {}, "2024-02-29T10:00:00.999999Z", "2024-02-29T10:00:00+00:00"),
        ("lookup", {}, ID, {"id": ID}),
        ("lookup", {}, int(ID), {"id": ID}),
        ("lookup", {}, {"id": ID, "name": "n"}, {"id": ID}),
        ("ownerlookup", {}, json.dumps({"id": ID}), {"id": ID}),
        ("multi_module_lookup", {}, {"id": ID, "module": {"api_name": "Leads"}}, None),
        ("multiselectpicklist", {}, ["a", "b"], ["a", "b"]),
        ("multiselectpicklist", {}, '["a", "b"]', ["a", "b"]),
        ("multiselectpicklist", {}, "a;b", ["a", "b"]),
        ("multiselectpicklist", {}, "Red; Light Blue ;", ["Red", "Light Blue"]),
        ("multiselectpicklist", {"length": 3}, ["a", "b"], ["a", "b"]),
        ("multiselectpicklist", {}, [" a"], [" a"]),
        ("multiselectpicklist", {}, [1, 2.0], ["1", "2"]),
        ("text", TAG, ["VIP", {"name": "Old"}], [{"name": "VIP"}, {"name": "Old"}]),
        ("text", TAG, "VIP; Old", [{"name": "VIP"}, {"name": "Old"}]),
        ("RRULE", {"json_type": "jsonobject"}, '{"RRULE": "x"}', {"RRULE": "x"}),
        ("strange", {}, "as it is", "as it is"),
    ],
)
def test_a_value_takes_the_form_that_zoho_takes(
    data_type: str, metadata: dict[str, Any], value: Any, expected: Any
) -> None:
    result = encoded(data_type, value, **metadata)

    assert result == (value if expected is None else expected)
    assert type(result) is type(value if expected is None else expected)


@pytest.mark.parametrize(
    ("data_type", "metadata", "value", "reason"),
    [
        ("text", {"length": 3}, "abcd", "longer than 3 characters"),
        ("text", {}, float("nan"), "expected a text"),
        ("text", {}, float("-inf"), "expected a text"),
        ("text", {}, b"abc", "expected a text"),
        ("phone", {}, 12345678901234567.0, MUST_BE_TEXT),
        ("phone", {"length": 3}, 5551.0, "longer than 3 characters"),
        ("text", {}, True, "expected a text"),
        ("text", {}, {"a": 1}, "expected a text"),
        ("integer", {}, 1.5, "expected a whole number"),
        ("integer", {}, True, "expected a whole number"),
        ("integer", {}, "many", "expected a whole number"),
        ("integer", {}, 1234567890, "more than 9 digits"),
        ("integer", {"length": 2}, 123, "more than 2 digits"),
        ("integer", {}, "1_0", "expected a whole number"),
        ("integer", {}, "5.01", "expected a whole number"),
        ("integer", {}, ".0", "expected a whole number"),
        ("integer", {}, float("inf"), "expected a whole number"),
        ("integer", {}, b"5", "expected a whole number"),
        ("bigint", {}, 1e18, MUST_BE_TEXT),
        ("bigint", {}, 9007199254740991.0, MUST_BE_TEXT),
        ("bigint", {}, "1" * 19, "more than 18 digits"),
        ("bigint", {}, "1" * 5000, "more than 18 digits"),
        ("double", {}, float("nan"), "expected a number"),
        ("double", {}, "1,5", "expected a number"),
        ("double", {}, [1], "expected a number"),
        ("double", {}, 1e16, "more than 16 digits before the point"),
        ("double", {}, 0.1234567891, "more than 9 decimals, which Zoho would cut off"),
        ("double", {}, "123456789012345.123", "more digits than a JSON number carries"),
        ("double", {}, "1234567890123456.7", "more digits than a JSON number carries"),
        ("double", {}, -9999999999999999, "more digits than a JSON number carries"),
        ("double", {}, "9999999999999999", "more digits than a JSON number carries"),
        ("double", {}, 1234567890123456.7, MUST_BE_TEXT),
        ("double", {}, 9007199254740993.0, MUST_BE_TEXT),
        ("double", {}, 123456789012345.678, MUST_BE_TEXT),
        ("double", {}, "1_000", "expected a number"),
        ("double", {}, "１２", "expected a number"),
        ("double", {}, "NaN", "expected a number"),
        ("double", {}, "1e99999999999999999999", "expected a number"),
        ("double", {}, "1e9999999", "more than 16 digits before the point"),
        ("double", {}, "0.1234567891000000000000000000001", "more than 9 decimals"),
        ("currency", CURRENCY, "1234567890123.401", "more than 2 decimals"),
        ("double", {}, True, "expected a number"),
        ("percent", {}, "1e-10", "more than 9 decimals, which Zoho would cut off"),
        ("currency", CURRENCY, 1.005, "more than 2 decimals, which Zoho would cut off"),
        ("currency", {"decimal_place": 0}, 1.5, "more than 0 decimals, which Zoho would cut off"),
        ("currency", CURRENCY, "12.345", "more than 2 decimals, which Zoho would cut off"),
        ("currency", CURRENCY, 0.3050000000000001, "more than 2 decimals, which Zoho would cut"),
        ("currency", CURRENCY, 1234567890123.455, "more than 2 decimals, which Zoho would cut"),
        ("currency", CURRENCY, 1 / 3, "more than 2 decimals, which Zoho would cut off"),
        ("currency", CURRENCY, float("inf"), "expected a number"),
        ("currency", CURRENCY, b"1", "expected a number"),
        ("double", {}, 1 / 3, "more than 9 decimals, which Zoho would cut off"),
        ("boolean", {}, float("nan"), "expected true or false"),
        ("boolean", {}, "yes", "expected true or false"),
        ("boolean", {}, 2, "expected true or false"),
        ("date", {}, "29.02.2024", "expected a date in the form YYYY-MM-DD"),
        ("date", {}, "2023-02-29", "expected a date"),
        ("date", {}, 20240229, "expected a date"),
        ("date", {}, "2024-02-29T10:00:00Z", "the field holds a date, and the value has a time"),
        (
            "datetime",
            {},
            "10:00",
            "expected a date with time in the form YYYY-MM-DDThh:mm:ss+00:00",
        ),
        ("datetime", {}, "0001-01-01T00:00:00+14:00", "expected a date with time"),
        ("datetime", {}, 1700000000, f"{NO_TIMESTAMP}; a number does not"),
        ("datetime", {}, float("nan"), "expected a date with time"),
        ("datetime", {}, "1700000000", "expected a date with time"),
        ("datetime", {}, "infinity", "expected a date with time"),
        ("datetime", {}, "2024-02-29 10:00:00 PST", "expected a date with time"),
        ("datetime", {}, b"2024-02-29", "expected a date with time"),
        ("date", {}, b"2024-02-29", "expected a date"),
        ("date", {}, "infinity", "expected a date"),
        ("lookup", {}, 17, "expected the id of a record in Zoho"),
        ("lookup", {}, {"name": "n"}, "expected the id of a record in Zoho"),
        ("multiselectpicklist", {}, ["a;b"], "an option holds a semicolon"),
        ("multiselectpicklist", {}, [True], "expected a list of texts"),
        ("multiselectpicklist", {}, [float("nan")], "expected a list of texts"),
        ("multiselectpicklist", {}, ["a", " "], "an option is blank"),
        ("multiselectpicklist", {}, '["a", ""]', "an option is blank"),
        ("multiselectpicklist", {"length": 3}, ["a", "bc"], "longer than 3 characters, with semi"),
        ("multiselectpicklist", {"length": 3}, "a; bc", "longer than 3 characters, with semi"),
        ("multiselectpicklist", {}, {"a": 1}, "expected a list"),
        ("multiselectpicklist", {}, "[1", "expected JSON"),
        ("text", TAG, [{}], "expected a list of names"),
        ("RRULE", {"json_type": "jsonobject"}, "no JSON", "expected JSON"),
        ("RRULE", {"json_type": "jsonobject"}, {"a": [float("nan")]}, "a number in it is none"),
        ("strange", {}, float("inf"), "expected a number"),
    ],
)
def test_what_zoho_would_refuse_or_change_is_refused_with_the_reason(
    data_type: str, metadata: dict[str, Any], value: Any, reason: str
) -> None:
    with pytest.raises(InvalidValueError) as refused:
        encoded(data_type, value, **metadata)

    assert str(refused.value).startswith(reason)
    assert not isinstance(value, str) or len(value) < 3 or value not in str(refused.value)


@pytest.mark.parametrize("value", [" ", ";", " ; "])
def test_a_text_without_an_option_is_nothing(value: str) -> None:
    assert encoded("multiselectpicklist", value) is EMPTY


@pytest.mark.parametrize("value", [None, "", [], " ", "\t\n", "\u00a0"])
@pytest.mark.parametrize("data_type", [*DATA_TYPES, "unheard of"])
def test_nothing_is_empty_in_every_type(data_type: str, value: Any) -> None:
    assert encoded(data_type, value) is EMPTY


@pytest.mark.parametrize("removes", [True, False])
@pytest.mark.parametrize("value", [None, "", [], " ", "\t\n", "\u00a0", "[]"])
def test_a_blank_text_leaves_links_alone_and_an_empty_list_may_remove_them(
    value: Any, removes: bool
) -> None:
    link = {"connectedlookup_apiname": "Link"}
    field = {"api_name": "f", "data_type": "multiselectlookup", "multiselectlookup": link}
    column = Column("column", TargetField.from_metadata(field), "f")

    read = build_link_encoder(column, {}, str, removes=removes)(value)

    assert read == (LinkList(()) if removes and value in (None, [], "[]") else EMPTY)


def test_noise_is_rounded_off_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    encode = encoder("currency", **CURRENCY)

    assert [encode(value) for value in (0.1 + 0.2, "0.30000000000000004", 0.3, 1.1 + 2.2)] == [
        *(0.3, 0.3, 0.3, 3.3)
    ]

    assert [record.message for record in caplog.records if "digit" in record.message] == [
        "Leads: the column column has numbers that differ from shorter ones after the 15th digit "
        "only, as 0.1 + 0.2 does from 0.3; they are rounded to these."
    ]


@pytest.mark.parametrize("data_type", ["currency", "double", "integer", "phone", "datetime"])
def test_what_fits_costs_no_warning(data_type: str, caplog: pytest.LogCaptureFixture) -> None:
    value = "2024-02-29 10:00:00" if data_type == "datetime" else 5.0

    encoded(data_type, value)

    assert caplog.records == []


def test_fractions_of_a_second_are_cut_off_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    encode = encoder("datetime")

    for second in range(5):
        encode(f"2024-02-29T10:00:0{second}.5Z")

    warnings = [record.message for record in caplog.records if "fractions" in record.message]
    assert warnings == [
        "Leads: the column column has fractions of a second, which Zoho does not keep; they are "
        "cut off."
    ]


def test_every_known_data_type_is_written_in_a_form_or_not_at_all() -> None:
    forms = {data_type.write for data_type in DATA_TYPES.values()}

    # Those of tags, links, rows and of unknown types do not hang on a type that is read.
    assert forms | {"tags", "links", "rows", "given"} == {*get_args(Form), None}
