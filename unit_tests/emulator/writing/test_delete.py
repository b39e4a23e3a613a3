"""DELETE /{module}?ids= and DELETE /{module}/{id}."""

import pytest


@pytest.fixture
def leads(zoho):
    rows = [{"Last_Name": "x", "External_Lead_ID": None}] * 3
    return zoho.control("POST", "records/Leads", rows)["ids"]


def deleted_ids(zoho):
    answer = zoho.get("v8/Leads/deleted", type="recycle")
    return [row["id"] for row in answer.json()["data"]]


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_records_go_to_the_recycle_bin(zoho, leads, version) -> None:
    answer = zoho.call("DELETE", f"{version}/Leads", ids=",".join(leads))
    assert answer.status_code == 200
    assert answer.json()["data"] == [
        {
            "code": "SUCCESS",
            "details": {"id": record_id},
            "message": "record deleted",
            "status": "success",
        }
        for record_id in leads
    ]
    assert set(leads) <= set(deleted_ids(zoho))
    assert not set(leads) & {row["id"] for row in zoho.truth("Leads")}


@pytest.mark.parametrize(("version", "status"), [("v2", 202), ("v8", 207)])
def test_each_id_is_judged(zoho, leads, version, status) -> None:
    ids = f"{leads[0]},5,nonsense,{leads[0]},{leads[1]}"
    answer = zoho.call("DELETE", f"{version}/Leads", ids=ids)
    assert answer.status_code == status
    items = answer.json()["data"]
    assert [item["status"] for item in items] == ["success", "error", "error", "error", "success"]
    assert items[1] == {
        "code": "INVALID_DATA",
        "details": {"id": "5"},
        "message": "record not deleted",
        "status": "error",
    }


def test_one_record_by_its_path(zoho, leads) -> None:
    assert zoho.call("DELETE", f"v8/Leads/{leads[0]}").json()["data"][0]["code"] == "SUCCESS"
    answer = zoho.call("DELETE", f"v8/Leads/{leads[0]}")
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "INVALID_DATA",
        "details": {"resource_path_index": 1},
        "message": "record not deleted",
        "status": "error",
    }
    assert zoho.call("DELETE", "v8/Leads/nonsense").json()["message"] == "invalid record id"


def test_external_values_in_place_of_ids(zoho, leads) -> None:
    header = {"X-EXTERNAL": "Leads.External_Lead_ID"}
    for number, record_id in enumerate(leads):
        values = {"id": record_id, "External_Lead_ID": f"del{number}"}
        zoho.control("PATCH", "records/Leads", values)
    answer = zoho.call("DELETE", "v8/Leads", headers=header, ids="del0,nope,del1")
    good, bad, _ = answer.json()["data"]
    assert good["details"] == {"External_Lead_ID": "del0", "id": leads[0]}
    assert bad["message"] == "The value of the external field is invalid."
    answer = zoho.call("DELETE", "v8/Leads/del2", headers=header)
    assert answer.json()["data"][0]["details"]["id"] == leads[2]
    assert zoho.call("DELETE", "v8/Leads/del2", headers=header).status_code == 400


@pytest.mark.parametrize("params", [{}, {"ids": ""}, {"ids": ","}])
def test_ids_are_needed(zoho, params) -> None:
    answer = zoho.call("DELETE", "v8/Leads", **params)
    assert answer.status_code == 400
    assert answer.json()["code"] == "REQUIRED_PARAM_MISSING"
    assert answer.json()["details"] == {"param_name": "ids"}


def test_a_hundred_at_most(zoho) -> None:
    assert (
        zoho.call("DELETE", "v8/Leads", ids=",".join("5" * 101)).json()["code"] == "LIMIT_EXCEEDED"
    )
    assert zoho.usage()["credits"] == 1
    module = "v8/Appointments_Rescheduled_History__s"
    assert zoho.call("DELETE", module, ids="5,6").json()["code"] == "LIMIT_EXCEEDED"


def test_a_record_that_is_held_stays(zoho, leads) -> None:
    zoho.knobs(held_records=[f"{leads[0]}:NOT_APPROVED"])
    answer = zoho.call("DELETE", f"v8/Leads/{leads[0]}")
    (item,) = answer.json()["data"]
    assert (item["code"], item["details"]) == ("NOT_APPROVED", {"id": leads[0]})
    assert item["message"] == "cannot delete record that is not approved yet"
