"""Criteria of bulk read jobs: which rows they choose, and which of them are refused."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

EMPTY = "${EMPTY}"
Row = dict[str, Any]


def compare(name: str, comparator: str, value: object) -> dict[str, object]:
    return {"field": {"api_name": name}, "comparator": comparator, "value": value}


def combine(operator: str, *group: object) -> dict[str, object]:
    return {"group_operator": operator, "group": list(group)}


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


T1, T2 = "2018-01-01T00:00:00+00:00", "2021-07-01T05:30:00+05:30"

CHOSEN: list[tuple[dict[str, object], Callable[[Row], object]]] = [
    (compare("Lead_Source", "equal", "Chat"), lambda r: r["Lead_Source"] == "Chat"),
    (
        compare("Lead_Source", "not_equal", "Chat"),
        lambda r: r["Lead_Source"] not in (None, "Chat"),
    ),
    (
        compare("Lead_Source", "in", ["Chat", "Partner"]),
        lambda r: r["Lead_Source"] in ("Chat", "Partner"),
    ),
    (
        compare("Lead_Source", "in", ["Chat", EMPTY]),
        lambda r: r["Lead_Source"] in ("Chat", None),
    ),
    (
        compare("Lead_Source", "not_in", ["Chat", EMPTY]),
        lambda r: r["Lead_Source"] not in ("Chat", None),
    ),
    (compare("Email", "equal", EMPTY), lambda r: r["Email"] is None),
    (compare("Email", "not_equal", EMPTY), lambda r: r["Email"] is not None),
    (compare("Company", "contains", "ra"), lambda r: "ra" in r["Company"].lower()),
    (compare("Company", "not_contains", "ra"), lambda r: "ra" not in r["Company"].lower()),
    (compare("Company", "contains", "%"), lambda r: "%" in r["Company"]),
    (compare("Last_Name", "starts_with", "S"), lambda r: r["Last_Name"].lower().startswith("s")),
    (compare("Last_Name", "ends_with", "n"), lambda r: r["Last_Name"].lower().endswith("n")),
    (compare("Interests", "contains", "Training"), lambda r: "Training" in (r["Interests"] or [])),
    (
        compare("Lead_Number", "in", ["LD-7", "LD-8"]),
        lambda r: r["Lead_Number"] in ("LD-7", "LD-8"),
    ),
    (
        compare("No_of_Employees", "greater_equal", 100),
        lambda r: r["No_of_Employees"] is not None and r["No_of_Employees"] >= 100,
    ),
    (
        compare("No_of_Employees", "between", ["10", 500]),
        lambda r: r["No_of_Employees"] is not None and 10 <= r["No_of_Employees"] <= 500,
    ),
    (
        compare("Annual_Revenue", "less_than", 5000.5),
        lambda r: r["Annual_Revenue"] is not None and r["Annual_Revenue"] < 5000.5,
    ),
    (compare("Newsletter", "equal", True), lambda r: r["Newsletter"] is True),
    (compare("Is_Large", "equal", False), lambda r: r["Is_Large"] is False),
    (compare("$converted", "equal", True), lambda r: r["Converted__s"]),
    (
        compare("Birth_Date", "less_equal", "1990-12-31"),
        lambda r: r["Birth_Date"] is not None and r["Birth_Date"] <= "1990-12-31",
    ),
    (
        compare("Modified_Time", "between", [T1, T2]),
        lambda r: parse_time(T1) <= parse_time(r["Modified_Time"]) <= parse_time(T2),
    ),
    (
        compare("Modified_Time", "not_between", [T1, T2]),
        lambda r: not parse_time(T1) <= parse_time(r["Modified_Time"]) <= parse_time(T2),
    ),
    (
        compare("Modified_Time", "greater_than", "2020-01-01T00:00:00Z"),
        lambda r: parse_time(r["Modified_Time"]) > parse_time("2020-01-01T00:00:00Z"),
    ),
    (
        combine(
            "and", compare("Rating", "equal", "Active"), compare("Industry", "not_equal", EMPTY)
        ),
        lambda r: r["Rating"] == "Active" and r["Industry"] is not None,
    ),
    (
        combine(
            "or",
            compare("Rating", "equal", "Active"),
            combine(
                "and",
                compare("Newsletter", "equal", True),
                compare("Modified_Time", "less_than", T1),
            ),
        ),
        lambda r: (
            r["Rating"] == "Active"
            or (r["Newsletter"] and parse_time(r["Modified_Time"]) < parse_time(T1))
        ),
    ),
]


@pytest.mark.parametrize(
    ("criteria", "chosen"), CHOSEN, ids=lambda value: "" if callable(value) else str(value)[:70]
)
def test_criteria_choose_rows(bulk, criteria, chosen) -> None:
    ids = [row["Id"] for row in bulk.export("Leads", "Last_Name", criteria=criteria)]
    truth = [row["id"] for row in bulk.zoho.truth("Leads") if chosen(row)]
    assert sorted(ids) == sorted(truth)


def test_lookups_and_the_fields_they_lead_to_are_compared(bulk) -> None:
    deals = bulk.zoho.truth("Deals")
    deal = next(row for row in deals if row["Account_Name"])
    account = deal["Account_Name"]
    expected = {row["id"] for row in deals if row["Account_Name"] == account}
    for criteria in (
        compare("Account_Name", "equal", account["id"]),
        compare("Account_Name", "in", [account["id"], "1"]),
        combine(
            "and",
            compare("Account_Name.Account_Name", "equal", account["name"]),
            compare("Account_Name.id", "equal", int(account["id"])),
        ),
    ):
        rows = bulk.export("Deals", "Stage", criteria=criteria)
        assert {row["Id"] for row in rows} == expected
    owner = bulk.zoho.get("v8/users", type="ActiveUsers").json()["users"][0]
    criteria = compare("Owner.last_name", "equal", owner["last_name"])
    rows = bulk.export("Deals", "Owner", criteria=criteria)
    assert {row["Owner"] for row in rows} <= {owner["id"]}


LEAF = compare("Last_Name", "equal", "x")

#: A refused criterion; code, whether the error stands in `data`, and its details.
REFUSED: list[tuple[object, str, bool, object]] = [
    ([], "INVALID_CRITERIA", False, {}),
    ({}, "INVALID_CRITERIA", False, {}),
    (
        {"field": {"api_name": "Email"}, "value": "x"},
        "INVALID_CRITERIA",
        False,
        {"api_name": "Email", "value": "x", "type": "value"},
    ),
    (
        {"api_name": "Email", "comparator": "equal", "value": "x"},
        "INVALID_CRITERIA",
        False,
        {"api_name": "Email", "comparator": "equal", "value": "x", "type": "value"},
    ),
    (
        {**LEAF, "group": [LEAF]},
        "AMBIGUOUS_CRITERIA",
        False,
        {"api_name": "Last_Name", "comparator": "equal", "value": "x", "type": "value"},
    ),
    ({"group": [LEAF]}, "AMBIGUOUS_GROUP_IN_CRITERIA", False, {"group": [LEAF]}),
    (combine("xor", LEAF), "GROUP_OPERATOR_NOT_SUPPORTED", False, {"supported": ["and", "or"]}),
    (combine("and", *[LEAF] * 26), "CRITERIA_LIMIT_EXCEEDED", True, {"max_limit": 25}),
    (
        compare("Last_Name", "in", ["x"] * 201),
        "VALUE_LIMIT_EXCEEDED_IN_CRITERIA",
        True,
        {"max_limit": 200},
    ),
    (
        compare("No_Such", "equal", "x"),
        "FIELD_IN_CRITERIA_NOT_AVAILABLE",
        True,
        {"api_name": "No_Such", "module": "Leads"},
    ),
    (
        compare("Pictures", "equal", "x"),
        "FIELD_IN_CRITERIA_NOT_SUPPORTED",
        False,
        {"api_name": "Pictures", "comparator": "equal", "value": "x", "type": "value"},
    ),
    (
        compare("Description", "contains", "x"),
        "FIELD_IN_CRITERIA_NOT_SUPPORTED",
        False,
        {"api_name": "Description", "comparator": "contains", "value": "x", "type": "value"},
    ),
    (compare("Owner.a.b", "equal", "x"), "JOIN_LIMIT_EXCEEDED", True, {"api_name": "Owner.a.b"}),
    (
        compare("Owner", "contains", "1"),
        "FIELD_COMPARATOR_IN_CRITERIA_NOT_SUPPORTED",
        False,
        {
            "api_name": "Owner",
            "comparator": "contains",
            "supported": ["equal", "not_equal", "in", "not_in"],
        },
    ),
    (
        compare("Newsletter", "not_equal", True),
        "FIELD_COMPARATOR_IN_CRITERIA_NOT_SUPPORTED",
        False,
        {"api_name": "Newsletter", "comparator": "not_equal", "supported": ["equal"]},
    ),
    (
        compare("Last_Name", "in", "x"),
        "COMPARATOR_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE",
        True,
        {"api_name": "Last_Name", "comparator": "in", "value": "x", "type": "value"},
    ),
    (
        compare("Modified_Time", "between", [T1]),
        "COMPARATOR_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE",
        True,
        {"api_name": "Modified_Time", "comparator": "between", "value": [T1], "type": "value"},
    ),
    (
        compare("Lead_Score", "less_than", EMPTY),
        "COMPARATOR_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE",
        True,
        {"api_name": "Lead_Score", "comparator": "less_than", "value": EMPTY, "type": "value"},
    ),
    (
        compare("Lead_Score", "equal", True),
        "VALUE_TYPE_NOT_SUPPORTED",
        False,
        {"api_name": "Lead_Score", "supported": ["integer", "string"]},
    ),
    (
        compare("Last_Name", "equal", 5),
        "VALUE_TYPE_NOT_SUPPORTED",
        False,
        {"api_name": "Last_Name", "supported": ["string"]},
    ),
    *(
        (
            compare(name, "equal", value),
            "VALUE_IN_CRITERIA_NOT_SUPPORTED",
            True,
            {"api_name": name, "comparator": "equal", "value": value, "type": "value"},
        )
        for name, value in [
            ("Modified_Time", "2020-01-01T00:00:00.000+00:00"),
            ("Modified_Time", "2020-01-01"),
            ("Birth_Date", "1.1.2020"),
            ("Lead_Score", "many"),
            ("Newsletter", EMPTY),
            ("Last_Name", "x" * 256),
            ("Owner", "somebody"),
        ]
    ),
]


@pytest.mark.parametrize(
    ("criteria", "code", "in_data", "details"), REFUSED, ids=lambda value: str(value)[:60]
)
def test_criteria_are_refused(bulk, criteria, code, in_data, details) -> None:
    answer = bulk.post(bulk.query("Leads", "Last_Name", criteria=criteria))
    assert answer.status_code == 400
    body = answer.json()
    assert body.keys() == ({"data"} if in_data else {"code", "details", "message", "status"})
    error = body["data"][0] if in_data else body
    assert (error["code"], error["details"], error["status"]) == (code, details, "error")
    assert bulk.zoho.usage()["credits"] == 1


def test_25_criteria_in_nested_groups_pass(bulk) -> None:
    nested = LEAF
    for _ in range(12):
        nested = combine("or", nested, compare("Last_Name", "not_equal", "x"))
    both = combine("and", nested, combine("and", *[compare("Last_Name", "not_equal", "y")] * 12))
    assert bulk.post(bulk.query("Leads", "Email", criteria=both)).status_code == 201


def test_groups_without_end_are_refused(bulk) -> None:
    nested: dict[str, object] = LEAF
    for _ in range(300):
        nested = combine("and", nested)
    answer = bulk.post(bulk.query("Leads", "Email", criteria=nested))
    assert answer.json()["data"][0]["code"] == "CRITERIA_LIMIT_EXCEEDED"


def test_v2_does_not_know_the_later_form_of_a_criterion(bulk) -> None:
    bulk.version = "v2"
    answer = bulk.post(bulk.query("Leads", "Email", criteria=LEAF))
    assert answer.json()["code"] == "INVALID_CRITERIA"
