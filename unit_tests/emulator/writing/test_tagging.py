"""POST /{module}/actions/add_tags."""

from urllib.parse import urlencode

import pytest

from unit_tests.emulator.writing.conftest import find_record


@pytest.fixture
def tag(zoho):
    def tag(version, ids, *names, over_write=False, module="Leads"):
        path = f"{version}/{module}/actions/add_tags"
        if version in ("v4", "v8"):
            tags = [{"name": name} for name in names]
            return zoho.call(
                "POST", path, json={"tags": tags, "ids": ids, "over_write": over_write}
            )
        query = {"tag_names": ",".join(names), "ids": ",".join(ids)}
        query["over_write"] = str(over_write).lower()
        return zoho.call("POST", f"{path}?{urlencode(query)}")

    return tag


def names_of(zoho, lead):
    return [one["name"] for one in find_record(zoho, "Leads", lead)["Tag"]]


VERSIONS = pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])


@VERSIONS
def test_tags_join_those_there_are_or_replace_them(zoho, insert, tag, version) -> None:
    lead = insert({"Last_Name": "x", "Tag": [{"name": "VIP"}]}).json()["data"][0]["details"]["id"]

    added = tag(version, [lead], "vip", "New one")
    both = names_of(zoho, lead)
    replaced = tag(version, [lead], "Other", over_write=True)

    assert added.status_code == replaced.status_code == 200
    assert both == ["VIP", "New one"]
    assert names_of(zoho, lead) == ["Other"]
    assert replaced.json() == {
        "data": [
            {
                "code": "SUCCESS",
                "details": {"id": lead, "tags": ["Other"]},
                "message": "tags updated successfully",
                "status": "success",
            }
        ],
        "wf_scheduler": False,
        "success_count": "1",
        "locked_count": "0",
    }


@VERSIONS
def test_an_unknown_record_stops_no_other(zoho, insert, tag, version) -> None:
    lead = insert({"Last_Name": "x"}).json()["data"][0]["details"]["id"]

    answer = tag(version, ["1" * 18, lead], "VIP").json()["data"]

    assert [item["code"] for item in answer] == ["INVALID_DATA", "SUCCESS"]
    assert names_of(zoho, lead) == ["VIP"]


@VERSIONS
def test_what_is_missing_is_named(zoho, version, tag) -> None:
    in_body = version in ("v4", "v8")
    path = f"{version}/Leads/actions/add_tags"

    answer = zoho.call("POST", path, **({"json": {"ids": ["1"]}} if in_body else {}))

    assert answer.status_code == 400
    assert answer.json()["code"] == ("MANDATORY_NOT_FOUND" if in_body else "REQUIRED_PARAM_MISSING")


def test_fifty_records_cost_a_credit(zoho, insert, tag) -> None:
    leads = [zoho.truth("Leads")[0]["id"]] * 51
    before = zoho.usage()["credits"]

    tag("v8", leads, "VIP")

    assert zoho.usage()["credits"] - before == 2
