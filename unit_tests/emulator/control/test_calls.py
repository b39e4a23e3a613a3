import json
from dataclasses import asdict

import pytest

from unit_tests.emulator.conftest import OFF
from zoho_emulator.knobs import Knobs


def test_usage_counts_calls_credits_and_tokens(zoho) -> None:
    zoho.get("v8/Leads", fields="id")
    zoho.get("v8/Leads/deleted")
    zoho.get("v8/settings/fields", module="Deals")
    zoho.refresh()
    usage = zoho.usage()
    assert usage["credits"] == 3
    assert usage["tokens_issued"] == 1
    assert usage["calls"] == {
        "deleted": 1,
        "deleted:Leads": 1,
        "records.list": 1,
        "records.list:Leads": 1,
        "settings.fields": 1,
        "settings.fields:Deals": 1,
        "token": 1,
    }


def test_counts_agree_with_the_truth(zoho) -> None:
    counts = zoho.control("GET", "counts")
    rows = zoho.truth("Leads")
    converted = sum(row["Converted__s"] for row in rows)
    assert counts["Leads"]["converted"] == converted > 0
    assert counts["Leads"]["live"] == len(rows) - converted
    assert set(counts["Leads"]) == {"live", "converted", "recycled", "permanent"}


def test_a_planted_row_is_read_as_planted(zoho) -> None:
    values = {
        "Account_Name": "Planted",
        "Modified_Time": "2021-03-04T05:06:07-08:00",
        "Created_Time": "2021-01-02T03:04:05-08:00",
    }
    (record_id,) = zoho.control("POST", "records/Accounts", values)["ids"]
    answer = zoho.get("v8/Accounts", fields=",".join(values), ids=record_id).json()
    assert answer["data"] == [{"id": record_id} | values]
    zoho.control("PATCH", "records/Accounts", {"id": record_id, "Account_Name": "Moved"})
    (row,) = zoho.get("v8/Accounts", fields=",".join(values), ids=record_id).json()["data"]
    assert row["Account_Name"] == "Moved"
    assert row["Modified_Time"] > "2026"
    before = zoho.control("GET", "counts")["Accounts"]
    zoho.control("DELETE", f"records/Accounts?ids={record_id}")
    after = zoho.control("GET", "counts")["Accounts"]
    assert after["live"] == before["live"] - 1
    assert after["recycled"] == before["recycled"] + 1


def test_the_schema_changes_at_run_time(zoho) -> None:
    zoho.control("POST", "fields/Accounts", {"api_name": "Shoe_Size", "data_type": "integer"})
    row = {"Account_Name": "Shod", "Shoe_Size": 44}
    (record_id,) = zoho.control("POST", "records/Accounts", row)["ids"]
    answer = zoho.get("v8/Accounts", fields="Shoe_Size", ids=record_id).json()
    assert answer["data"] == [{"id": record_id, "Shoe_Size": 44}]
    zoho.control("DELETE", "fields/Accounts/Shoe_Size")
    names = [
        f["api_name"] for f in zoho.get("v8/settings/fields", module="Accounts").json()["fields"]
    ]
    assert "Shoe_Size" not in names


def test_a_module_comes_and_goes(zoho) -> None:
    zoho.control("POST", "modules", {"api_name": "Boats"})
    zoho.control("POST", "records/Boats", {"Name": "Nutshell"})
    answer = zoho.get("v8/Boats", fields="Name").json()
    assert [row["Name"] for row in answer["data"]] == ["Nutshell"]
    assert zoho.coql("select Name from Boats where id is not null").status_code == 200
    zoho.control("DELETE", "modules/Boats")
    assert zoho.get("v8/Boats", fields="Name").json()["code"] == "INVALID_MODULE"


@pytest.mark.parametrize("module", ["Deals", "Vehicles"], ids=["a text", "no plain text"])
def test_churn_edits_rows_during_a_read(zoho, module: str) -> None:
    zoho.knobs(churn=2, churn_rows=1)
    before = {row["id"]: row["Modified_Time"] for row in zoho.truth(module)}
    for _ in range(4):
        zoho.get(f"v8/{module}", fields="id")
    changed = [row for row in zoho.truth(module) if before[row["id"]] != row["Modified_Time"]]
    assert 1 <= len(changed) <= 2


def test_churn_deletes_rows_during_a_read(zoho) -> None:
    zoho.knobs(churn=2, churn_rows=3, churn_kind="delete")
    before, deals = zoho.control("GET", "counts")["Deals"], {r["id"] for r in zoho.truth("Deals")}
    for _ in range(4):
        zoho.get("v8/Deals", fields="id")
    after = zoho.control("GET", "counts")["Deals"]
    assert before["live"] - after["live"] == after["recycled"] - before["recycled"] == 6
    gone = deals - {row["id"] for row in zoho.truth("Deals")}
    # Rows of other modules look up to them, in other tests.
    zoho.control("POST", f"restore/Deals?ids={','.join(gone)}")


def test_the_time_zone_moves_offsets(zoho) -> None:
    params = {"fields": "Modified_Time", "per_page": 1}
    zoho.get("v8/Deals", **params)
    zoho.knobs(time_zone="Asia/Kolkata")
    row = zoho.get("v8/Deals", **params).json()["data"][0]
    assert row["Modified_Time"].endswith("+05:30")


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "knobs", {"colour": 1}, "no such knob: colour"),
        ("POST", "clock", {}, "advance_s"),
        ("GET", "records/Nope", None, "no module Nope"),
        ("POST", "records/Leads", {}, "MANDATORY_NOT_FOUND"),
        ("DELETE", "records/Leads?ids=1&type=burn", None, "burn"),
        ("DELETE", "fields/Leads/Nope", None, "no field Nope"),
        ("GET", "records/Home", None, "Home holds no rows"),
        ("POST", "records/Home", {}, "Home holds no rows"),
        ("DELETE", "records/Home?ids=1", None, "Home holds no rows"),
        ("POST", "restore/Home?ids=1", None, "Home holds no rows"),
        ("DELETE", f"records/Leads?ids={10**20}", None, "is not an id"),
        ("PATCH", "records/Leads", [{"id": "1"}, {"id": "1"}], "an id is there twice"),
        ("POST", "fields/Home", {"api_name": "X"}, "no fields of its own"),
        ("POST", "fields/Leads", {"api_name": "X", "length": "x"}, "X: length: 'x' is not null or"),
        ("POST", "fields/Leads", {"api_name": "X", "unique": 1}, "X: unique: 1 is not true or"),
        (
            *("POST", "fields/Leads"),
            *({"api_name": "X", "data_type": "picklist", "pick_list": 5}, "pick_list: 5 is not a"),
        ),
        ("PATCH", "modules/Leads", {"since": "x"}, "Leads: since: 'x' is not a number"),
        ("PATCH", "modules/Leads", {"api_name": None}, "api_name: None is not text"),
        ("POST", "reset", {"org": "no"}, "org: 'no' is neither true nor false"),
        ("POST", "reset", {"orgs": True}, "orgs is not org"),
        ("POST", "reset", [], "a JSON object is needed"),
        ("POST", "clock", {"advance_s": True}, "a number is needed"),
        ("POST", "clock", {"advance_s": 1e300}, r"leads out of the years 2000 to 5000"),
        ("POST", "clock", {"advance_s": -1e12}, r"leads out of the years 2000 to 5000"),
        ("POST", "knobs", {"tokens_per_10_min": 1.5}, "1.5 is not a whole number"),
        ("POST", "knobs", {"tokens_per_10_min": True}, "'True' is not a number"),
        ("POST", "knobs", {"tokens_per_10_min": None}, "None is not a single value"),
        ("POST", "knobs", {"page_rows": 1e300}, "is not a number from 0 to"),
        ("POST", "knobs", {"scopes": None}, "scopes: None is not a list of texts"),
        ("POST", "knobs", {"scopes": [1]}, r"scopes: \[1\] is not a list of texts"),
        ("POST", "knobs", {"held_records": ["1:TIRED"]}, "'1:TIRED' is not ID:CODE"),
        ("POST", "knobs", {"time_zone": "America"}, "not an IANA time zone"),
        ("POST", "knobs", {"api_domain": None}, "api_domain: None is not a single value"),
        ("POST", "knobs", {"api_domain": 5}, "api_domain: 5 is not text"),
    ],
)
def test_misuse_is_a_bad_request(zoho, method, path, body, message) -> None:
    before = zoho.control("GET", "counts")
    with pytest.raises(RuntimeError, match=rf"400.*{message}"):
        zoho.control(method, path, body)
    assert zoho.control("GET", "counts") == before
    assert zoho.get("v8/Leads", fields="id").status_code == 200


@pytest.mark.parametrize("path", ["faults", "knobs", "records/Leads"])
def test_a_body_that_is_not_json_is_refused_in_one_sentence(zoho, path: str) -> None:
    url = f"{zoho.server.base_url}/_emulator/{path}"
    answer = zoho.session.post(url, data="nope")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("the body is not JSON: ")


def test_a_row_that_zoho_would_refuse_is_answered_by_zohos_error(zoho) -> None:
    url = f"{zoho.server.base_url}/_emulator/records/Leads"
    answer = zoho.session.post(url, json={"Last_Name": "x", "Nope": 1})
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "details", "message", "status"}


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "nope", 404), ("PUT", "clock", 405)]
)
def test_what_the_control_api_does_not_have(zoho, method: str, path: str, status: int) -> None:
    url = f"{zoho.server.base_url}/_emulator/{path}"
    assert zoho.session.request(method, url).status_code == status


def test_the_knobs_are_shown_as_they_are_set(zoho) -> None:
    zoho.knobs(churn=4, refused_modules=["Later", "Deals:INVALID_QUERY"])
    changed = {"churn": 4, "refused_modules": ["Later", "Deals:INVALID_QUERY"]}
    shown = zoho.control("GET", "knobs")
    assert shown == json.loads(json.dumps(asdict(Knobs()) | OFF | changed))
    zoho.knobs(**shown)
    assert zoho.control("GET", "knobs") == shown


def test_the_clock_is_shown_and_moved_either_way(zoho) -> None:
    before = zoho.control("GET", "clock")["now"]
    for seconds in (5_000, -5_000):
        moved = zoho.control("POST", "clock", {"advance_s": seconds})["now"]
        before += seconds
        assert moved == pytest.approx(before, abs=60)
        assert zoho.control("GET", "clock")["now"] == pytest.approx(moved, abs=60)


def test_a_reset_leaves_tokens_clock_and_knobs(zoho) -> None:
    zoho.knobs(churn=4)
    zoho.control("POST", "clock", {"advance_s": 600})
    before = zoho.control("GET", "clock")["now"]
    zoho.control("POST", "reset", {})
    assert zoho.control("GET", "clock")["now"] >= before
    assert zoho.control("GET", "knobs")["churn"] == 4
    assert zoho.get("v8/Leads", fields="id").status_code == 200


@pytest.mark.parametrize(
    "bad", [{"Last_Name": None}, {"City": "x"}, {"Last_Name": "x", "Birth_Date": "soon"}]
)
def test_rows_are_planted_and_changed_all_or_none(zoho, bad) -> None:
    rows = zoho.truth("Leads")
    good = {"Last_Name": "Good"}
    with pytest.raises(RuntimeError, match="400"):
        zoho.control("POST", "records/Leads", [good, good, bad])
    if "Last_Name" in bad:
        changes = [{"id": rows[0]["id"], **good}, {"id": rows[1]["id"], **bad}]
        with pytest.raises(RuntimeError, match="400"):
            zoho.control("PATCH", "records/Leads", changes)
    assert zoho.truth("Leads") == rows


def test_nothing_has_fired(zoho) -> None:
    assert zoho.control("GET", "fired") == []
