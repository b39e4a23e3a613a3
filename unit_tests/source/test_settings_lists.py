"""Lists of settings, read by stock parts of the CDK: nothing of an answer is lost on the way."""

import json
from typing import Any

import pytest

from unit_tests.source.conftest import Org, rows_of
from unit_tests.source.test_settings_streams import log

WARNING, ERROR = 30, 40


def answer(org: Org, match: str, body: object, **when: int) -> None:
    """The call is answered with this body; a text goes out as it is."""
    fault = {"match": match, "do": "body", "args": {"body": body}}
    org.control("POST", "faults", [fault | when])


def page(*users: dict[str, Any], **info: object) -> dict[str, Any]:
    return {"users": list(users), "info": info}


def test_pages_follow_each_other_although_zoho_does_not_number_them(org: Org) -> None:
    answer(org, "users", page({"id": "1"}, more_records=True), times=1)
    answer(org, "users", page({"id": "2"}, more_records=True), after=1, times=1)
    answer(org, "users", page({"id": "3"}, more_records=False), after=2, times=1)

    output = org.read(org.stream("users"))

    assert [row["id"] for row in rows_of(output, "users")] == ["1", "2", "3"]
    assert org.calls("users") == 3


@pytest.mark.parametrize(("stream", "match"), [("users", "users"), ("tags", "settings.tags:Leads")])
def test_a_list_whose_pages_repeat_ends(org: Org, stream: str, match: str) -> None:
    same = {"id": "1", "created_time": "2024-05-06T07:08:09+02:00"}
    answer(org, match, {stream: [same], "info": {"more_records": True}}, times=20)

    output = org.read(org.stream(stream), expecting_exception=True)

    assert f"{stream}: Zoho gave the same page twice" in str(output.errors[0].trace.error.message)
    assert org.calls(match) == 2


def test_odd_values_of_several_pages_are_counted_in_one_warning(org: Org) -> None:
    odd = {"created_time": "soon"}
    answer(org, "users", page({"id": "1", **odd}, more_records=True), times=1)
    answer(org, "users", page({"id": "2", **odd}, {"id": "3", **odd}), after=1, times=1)

    output = org.read(org.stream("users"))

    assert len(rows_of(output, "users")) == 3
    assert [line for line in log(output, WARNING) if line.startswith("users")] == [
        "users.created_time: 3 values do not fit the data type datetime and are read as null."
    ]


def test_odd_values_of_a_list_that_breaks_off_are_in_the_log(org: Org) -> None:
    answer(org, "users", page({"id": "1", "created_time": 7}, more_records=True), times=1)
    refusal = {"code": "NO_PERMISSION", "details": {}, "message": "no", "status": "error"}
    fault = {"match": "users", "do": "status", "after": 1, "args": {"status": 403, "body": refusal}}
    org.control("POST", "faults", [fault])

    output = org.read(org.stream("users"), expecting_exception=True)

    assert "NO_PERMISSION" in str(output.errors[0].trace.error.message)
    assert any("users.created_time: 1 value does" in line for line in log(output, WARNING))


def test_odd_values_of_several_modules_are_counted_in_one_warning(org: Org) -> None:
    tag = {"id": "1", "name": "Hot", "modified_time": "soon"}
    for module in ("Leads", "Contacts"):
        answer(org, f"settings.tags:{module}", {"tags": [tag, tag]})

    output = org.read(org.stream("tags"))

    assert [line for line in log(output, WARNING) if line.startswith("tags")] == [
        "tags.modified_time: 4 values do not fit the data type datetime and are read as null."
    ]


@pytest.mark.parametrize("stream", ["users", "tags"])
def test_an_entry_that_is_no_object_is_left_out_with_a_warning(org: Org, stream: str) -> None:
    match = {"users": "users", "tags": "settings.tags:Leads"}[stream]
    answer(org, match, {stream: ["odd", {"id": "1", "name": "Hot"}, None, 7, ["x"]]})

    output = org.read(org.stream(stream))

    assert [row["id"] for row in rows_of(output, stream) if row.get("module") in (None, "Leads")]
    assert [line for line in log(output, WARNING) if line.startswith(stream)] == [
        f"{stream}: an entry that is not an object is left out."
    ]


@pytest.mark.parametrize("values", [["odd", None, 7, {"actual_value": "Hot"}], "Hot", {"a": 1}, 5])
def test_odd_fields_and_picklist_values_are_left_out_with_a_warning(
    org: Org, values: object
) -> None:
    streams = org.stream("fields"), org.stream("picklist_values")
    rating = {"api_name": "Rating", "data_type": "picklist", "pick_list_values": values}
    answer(org, "settings.fields:Leads", {"fields": ["odd", rating, None]})

    output = org.read(*streams)

    fields, found = (
        [row for row in rows_of(output, stream) if row["module"] == "Leads"]
        for stream in ("fields", "picklist_values")
    )
    assert [row["api_name"] for row in fields] == ["Rating"]
    assert [row["actual_value"] for row in found] == (["Hot"] if isinstance(values, list) else [])
    assert {"fields of Leads", "values of Rating"} == {
        line.split("the ")[1].split(",")[0] for line in log(output, WARNING) if "Among" in line
    }


def test_texts_that_look_like_something_else_stay_texts(org: Org) -> None:
    """Templates of the CDK would read some of them as numbers, booleans or nothing."""
    texts = {
        "id": "5550000000000123456",
        "phone": "+15551234567",
        "zip": "00501",
        "website": "1_000",
        "alias": "None",
        "signature": "[1, 2]",
        "fax": "a\x01b",
    }
    user = json.dumps(texts).replace("\\u0001", "\x01")
    answer(org, "users", f'{{"users": [{user}]}}')

    (row,) = rows_of(org.read(org.stream("users")), "users")

    assert row == texts


def test_ids_and_names_of_partitions_are_what_zoho_says(org: Org) -> None:
    """A layout's id has 19 digits, which is no number either."""
    layout = {"id": "5550000000000123456", "name": "1_000"}
    answer(org, "settings.layouts:Deals", {"layouts": [layout]})
    stage = {"id": "7", "display_value": "007", "default": True}
    args = {"status": 200, "body": {"pipeline": [stage]}}
    org.control("POST", "faults", [{"match": "settings.pipeline", "do": "status", "args": args}])

    output = org.read(org.stream("pipelines"))

    assert rows_of(output, "pipelines") == [{**stage, "layout_id": layout["id"]}]


@pytest.mark.parametrize("stream", ["contact_roles", "tags", "pipelines"])
def test_lists_without_entries_are_no_error_in_the_log(org: Org, stream: str) -> None:
    calls = {"contact_roles": "contact_roles", "tags": "tags", "pipelines": "pipeline"}
    fault = {"match": f"settings.{calls[stream]}", "do": "status", "args": {"status": 204}}
    org.control("POST", "faults", [fault])

    output = org.read(org.stream(stream))

    assert rows_of(output, stream) == []
    assert [line for line in log(output, WARNING) if line.startswith(stream)] == []
    assert log(output, ERROR) == []


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_a_refusal_with_a_good_status_is_one(org: Org, version: str) -> None:
    org.settings = {"schema_version": version}
    lacking = {"code": "FEATURE_NOT_ENABLED", "message": "no", "details": {}, "status": "error"}
    answer(org, "settings.roles", lacking)
    answer(org, "settings.profiles", {**lacking, "code": "NO_PERMISSION"})
    streams = [org.stream("roles"), org.stream("profiles")]

    output = org.read(*streams, expecting_exception=True)

    assert "roles: not available in this org (FEATURE_NOT_ENABLED)." in log(output)
    (error,) = {
        entry.trace.error.stream_descriptor.name
        for entry in output.errors
        if entry.trace.error.stream_descriptor
    }
    assert error == "profiles"
