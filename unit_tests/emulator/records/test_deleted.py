from datetime import datetime

import pytest

DAY = 86_400


@pytest.fixture
def deals(zoho) -> list[str]:
    """Five new deals: two in the recycle bin, then two gone for good, one left."""
    rows = [
        {"Deal_Name": f"D{n}", "Stage": "Qualification", "Closing_Date": "2024-01-01"}
        for n in range(5)
    ]
    ids = zoho.control("POST", "records/Deals", rows)["ids"]
    zoho.control("DELETE", f"records/Deals?ids={ids[0]},{ids[1]}&type=recycle")
    zoho.control("POST", "clock", {"advance_s": 5})
    zoho.control("DELETE", f"records/Deals?ids={ids[2]},{ids[3]}&type=permanent")
    return ids


def list_deleted(zoho, **params: object) -> list[dict]:
    answer = zoho.get("v8/Deals/deleted", **params)
    return [] if answer.status_code == 204 else answer.json()["data"]


@pytest.mark.parametrize(("kind", "expected"), [("all", 4), ("recycle", 2), ("permanent", 2)])
def test_deletions_by_type(zoho, deals, kind, expected) -> None:
    found = [row for row in list_deleted(zoho, type=kind) if row["id"] in deals]
    assert len(found) == expected
    assert {row["type"] for row in found} <= {"recycle", "permanent"}


def test_the_newest_comes_first(zoho, deals) -> None:
    times = [datetime.fromisoformat(row["deleted_time"]) for row in list_deleted(zoho)]
    assert times == sorted(times, reverse=True)
    assert {row["id"] for row in list_deleted(zoho)[:2]} == set(deals[2:4])


def test_the_shape_of_a_deletion(zoho, deals) -> None:
    row = next(row for row in list_deleted(zoho, type="recycle") if row["id"] == deals[0])
    assert row["display_name"] == "D0"
    assert set(row["deleted_by"]) == set(row["created_by"]) == {"name", "id"}
    gone = next(row for row in list_deleted(zoho, type="permanent") if row["id"] == deals[2])
    assert gone.keys() == row.keys()
    assert gone["deleted_by"] is gone["display_name"] is gone["created_by"] is None


def test_pages_of_deletions(zoho, deals) -> None:
    whole = [row["id"] for row in list_deleted(zoho)]
    paged: list[str] = []
    page = 1
    while True:
        answer = zoho.get("v2/Deals/deleted", page=page, per_page=3).json()
        paged += [row["id"] for row in answer["data"]]
        assert set(answer["info"]) == {"per_page", "count", "page", "more_records"}
        if not answer["info"]["more_records"]:
            break
        page += 1
    assert paged == whole
    assert zoho.get("v8/Deals/deleted", page=page + 1, per_page=3).status_code == 204


def test_deletions_since(zoho, deals) -> None:
    newest = list_deleted(zoho)[0]["deleted_time"]
    answer = zoho.get("v8/Deals/deleted", headers={"If-Modified-Since": newest})
    assert {row["id"] for row in answer.json()["data"]} == set(deals[2:4])
    later = {"If-Modified-Since": "2099-01-01T00:00:00+00:00"}
    assert zoho.get("v8/Deals/deleted", headers=later).status_code == 304


def test_deletions_are_forgotten(zoho, deals) -> None:
    zoho.control("POST", "clock", {"advance_s": 60 * DAY})
    zoho.log_in()
    assert {row["type"] for row in list_deleted(zoho)} == {"permanent"}
    zoho.control("POST", "clock", {"advance_s": 60 * DAY})
    zoho.log_in()
    assert zoho.get("v8/Deals/deleted").status_code == 204


def test_a_restored_row_is_listed_no_longer_and_counts_as_modified(zoho, deals) -> None:
    zoho.control("POST", f"restore/Deals?ids={deals[0]},{deals[2]}")
    ids = {row["id"] for row in list_deleted(zoho)}
    assert deals[0] not in ids
    assert deals[2] in ids  # what is gone for good stays gone
    newest = zoho.get("v8/Deals", fields="id", sort_by="Modified_Time", per_page=1).json()
    assert newest["data"][0]["id"] == deals[0]


@pytest.mark.parametrize("version", ["v2", "v8"])
@pytest.mark.parametrize(
    ("module", "kind", "code", "details"),
    [
        ("Deals", "xyz", "PATTERN_NOT_MATCHED", {"param_name": "type"}),
        ("Nothing", "all", "INVALID_MODULE", {"resource_path_index": 0}),
    ],
)
def test_what_cannot_be_listed_is_refused(zoho, version, module, kind, code, details) -> None:
    """v8 refuses inside of `data`, as if a record were."""
    answer = zoho.get(f"{version}/{module}/deleted", type=kind)
    assert answer.status_code == 400
    body = answer.json() if version == "v2" else answer.json()["data"][0]
    assert (body["code"], body["details"]) == (code, details)
