"""Lists of records, against the control API's truth."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from unit_tests.emulator.records.conftest import read_error, read_pages

DAY = 86_400


# --- What a list holds


@pytest.mark.parametrize("sort_by", ["id", "Created_Time", "Modified_Time"])
@pytest.mark.parametrize("sort_order", ["asc", "desc"])
def test_tokens_page_through_every_row_once_and_in_order(zoho, sort_by, sort_order) -> None:
    fields = "Modified_Time,Created_Time"
    rows = [
        row
        for page in read_pages(
            zoho, "v8/Leads", fields=fields, sort_by=sort_by, sort_order=sort_order, per_page=50
        )
        for row in page["data"]
    ]
    live = {row["id"] for row in zoho.truth("Leads") if not row["Converted__s"]}
    assert {row["id"] for row in rows} == live
    assert len(rows) == len(live)

    def key(row: dict[str, Any]) -> object:
        return int(row["id"]) if sort_by == "id" else datetime.fromisoformat(row[sort_by])

    assert rows == sorted(rows, key=key, reverse=sort_order == "desc")


@pytest.mark.parametrize(("tokens", "hidden"), [("stand", 0), ("count", 1)])
def test_a_token_that_counts_hides_a_row_when_another_one_leaves(zoho, tokens, hidden) -> None:
    zoho.knobs(page_tokens=tokens)
    params = {"fields": "id", "sort_by": "id", "sort_order": "asc", "per_page": 5}
    listed = []
    for number, page in enumerate(read_pages(zoho, "v8/Accounts", **params)):
        listed += [row["id"] for row in page["data"]]
        if not number:
            zoho.control("DELETE", f"records/Accounts?ids={listed[0]}&type=recycle")

    left = zoho.truth("Accounts")
    # Records that other tests write refer to it.
    zoho.control("POST", f"restore/Accounts?ids={listed[0]}")

    assert len(left) - (len(listed) - 1) == hidden


def test_rows_of_one_second_are_never_in_the_order_of_their_ids_by_any_method(zoho) -> None:
    groups = [
        zoho.control(
            "POST",
            "records/Accounts",
            [
                {"Account_Name": "A", "Modified_Time": f"2020-02-02T02:02:{second:02}+00:00"}
                for _ in range(10)
            ],
        )["ids"]
        for second in range(40)
    ]
    planted = [record_id for group in groups for record_id in group]
    sorted_by = {"sort_by": "Modified_Time", "sort_order": "asc"}
    rest = list(read_pages(zoho, "v8/Accounts", fields="id", per_page=7, **sorted_by))
    query = "select id from Accounts where Account_Name = 'A' order by Modified_Time limit 2000"
    coql = [row["id"] for row in zoho.coql(query).json()["data"]]
    zoho.control("DELETE", f"records/Accounts?ids={','.join(planted)}")
    deleted = [
        row["id"]
        for page in (1, 2)
        for row in zoho.get("v8/Accounts/deleted", type="all", page=page).json()["data"]
    ]
    for found in ([row["id"] for page in rest for row in page["data"]], coql):
        order = [record_id for record_id in found if record_id in planted]
        shown = [order[start : start + 10] for start in range(0, 400, 10)]
        for group, ids in zip(groups, shown, strict=True):
            assert sorted(group) == sorted(ids)
            assert ids not in (sorted(ids), sorted(ids, reverse=True))
    gone = [record_id for record_id in deleted if record_id in planted]
    assert len(set(gone)) == len(gone) > 300
    assert gone not in (sorted(gone), sorted(gone, reverse=True))


def test_a_row_edited_between_pages_neither_hides_nor_repeats_another(zoho) -> None:
    params = {"fields": "id", "per_page": 20, "sort_by": "Modified_Time", "sort_order": "asc"}
    first = zoho.get("v8/Leads", **params).json()
    edited = first["data"][0]["id"]
    zoho.control("PATCH", "records/Leads", [{"id": edited, "Last_Name": "Edited"}])
    token = first["info"]["next_page_token"]
    rest = [row["id"] for page in read_pages(zoho, "v8/Leads", **params) for row in page["data"]]
    second = zoho.get("v8/Leads", **params, page_token=token).json()
    assert [row["id"] for row in second["data"]] == rest[19:39]
    assert rest[-1] == edited


def test_rows_are_those_of_the_truth(zoho) -> None:
    fields = ["Last_Name", "Owner", "Email", "Modified_Time", "Lead_Source", "Annual_Revenue"]
    truth = {row["id"]: row for row in zoho.truth("Leads")}
    for page in read_pages(zoho, "v8/Leads", fields=",".join(fields)):
        for row in page["data"]:
            assert row == {name: truth[row["id"]][name] for name in ["id", *fields]}


def test_info_of_v8(zoho) -> None:
    info = zoho.get("v8/Leads", fields="id", per_page=3, page=2).json()["info"]
    assert info.pop("next_page_token")
    assert info.pop("previous_page_token")
    assert datetime.fromisoformat(info.pop("page_token_expiry")).utcoffset() in (
        timedelta(hours=-7),
        timedelta(hours=-8),
    )
    assert info == {
        "call": False,
        "per_page": 3,
        "count": 3,
        "sort_by": "id",
        "page": 2,
        "sort_order": "desc",
        "email": False,
        "more_records": True,
    }


def test_the_last_page_has_no_next_token(zoho) -> None:
    *_, last = read_pages(zoho, "v8/Leads", fields="id", per_page=200)
    info = last["info"]
    assert (info["next_page_token"], info["page_token_expiry"]) == (None, None)
    assert info["more_records"] is False


def test_the_previous_token_leads_back(zoho) -> None:
    params = {"fields": "id", "per_page": 10, "sort_by": "Created_Time"}
    one, two, three = islice(read_pages(zoho, "v4/Leads", **params), 3)
    assert one["info"]["previous_page_token"] is None
    back = zoho.get("v4/Leads", **params, page_token=three["info"]["previous_page_token"]).json()
    assert (back["data"], back["info"]["page"]) == (two["data"], 2)
    again = zoho.get("v4/Leads", **params, page_token=back["info"]["next_page_token"]).json()
    assert again["data"] == three["data"]


@pytest.mark.parametrize("version", ["v2", "v2.1"])
def test_old_versions_give_all_fields_and_plain_pages(zoho, version) -> None:
    answer = zoho.get(f"{version}/Leads", per_page=5).json()
    assert answer["info"] == {
        "per_page": 5,
        "count": 5,
        "page": 1,
        "sort_by": "id",
        "sort_order": "desc",
        "more_records": True,
    }
    newest = sorted((int(row["id"]) for row in answer["data"]), reverse=True)
    assert [int(row["id"]) for row in answer["data"]] == newest
    assert {"Last_Name", "Owner", "Created_Time", "$approved"} <= set(answer["data"][0])
    ids = set()
    for page in range(1, 100):
        found = zoho.get(f"{version}/Leads", fields="id", page=page, per_page=100)
        if found.status_code == 204:
            break
        ids |= {row["id"] for row in found.json()["data"]}
    assert ids == {row["id"] for row in zoho.truth("Leads") if not row["Converted__s"]}


@pytest.mark.parametrize(
    ("module", "keys"),
    [
        (
            "Leads",
            {
                *("Address", "Coordinates", "Latitude", "Longitude", "nearby_distance__s"),
                "Flat_House_No_Building_Apartment_Name",
            },
        ),
        ("Accounts", {"Billing_Address", "Shipping_Coordinates", "nearby_distance__s"}),
        ("Contacts", {"Mailing_Address", "Other_Flat_House_No_Building_Apartment_Name"}),
        ("Tasks", {"BEST_TIME"}),
    ],
)
def test_records_of_v2_have_keys_that_no_field_describes(zoho, module, keys) -> None:
    for version in ("v2", "v2.1"):
        listed = zoho.get(f"{version}/{module}", per_page=1).json()["data"][0]
        single = zoho.get(f"{version}/{module}/{listed['id']}").json()["data"][0]
        fields = zoho.get(f"{version}/settings/fields", module=module).json()["fields"]
        assert not keys & {field["api_name"] for field in fields}
        for row in (listed, single):
            assert keys & row.keys() == (keys if version == "v2" else set())


def test_an_address_of_v2_is_put_together_of_its_parts(zoho) -> None:
    parts = {"Street": "1 Main St", "City": "Springfield", "State": "IL", "Zip_Code": "62701"}
    lead = {"Last_Name": "X", "Company": "Y", **parts, "Country": "United States"}
    ids = zoho.control("POST", "records/Leads", [lead, {"Last_Name": "X", "Company": "Y"}])["ids"]
    shown = [zoho.get(f"v2/Leads/{known}").json()["data"][0]["Address"] for known in ids]
    assert shown == ["1 Main St\nSpringfield, IL 62701\nUnited States", ""]
    zoho.control("DELETE", f"records/Leads?ids={','.join(ids)}&type=permanent")


def test_system_keys_come_only_when_named_since_v3(zoho) -> None:
    row = zoho.get("v8/Leads", fields="Last_Name,$approval_state", per_page=1).json()["data"][0]
    assert set(row) == {"id", "Last_Name", "$approval_state"}


def test_old_versions_sort_by_any_field(zoho) -> None:
    answer = zoho.get("v2/Accounts", sort_by="Account_Name", sort_order="asc", per_page=50)
    names = [row["Account_Name"] for row in answer.json()["data"]]
    assert names == sorted(names)
    info = answer.json()["info"]
    assert (info["sort_by"], info["sort_order"]) == ("Account_Name", "asc")


@pytest.mark.parametrize(
    ("converted", "expected"),
    [(None, {False}), ("false", {False}), ("true", {True}), ("both", {False, True})],
)
def test_converted_leads(zoho, converted, expected) -> None:
    params = {} if converted is None else {"converted": converted}
    kinds = {
        row["Converted__s"]
        for page in read_pages(zoho, "v8/Leads", fields="Converted__s", **params)
        for row in page["data"]
    }
    assert kinds == expected


def test_ids_choose_rows(zoho) -> None:
    ids = [row["id"] for row in zoho.get("v8/Deals", fields="id", per_page=9).json()["data"]]
    wanted = ids[1::2]
    answer = zoho.get("v8/Deals", fields="Deal_Name", ids=",".join([*wanted, "123"])).json()
    assert [row["id"] for row in answer["data"]] == wanted


def test_an_empty_list_is_204(zoho) -> None:
    answer = zoho.get("v8/Leads", fields="id", ids="123")
    assert (answer.status_code, answer.content) == (204, b"")
    assert zoho.get("v8/Leads", fields="id", page=9, per_page=200).status_code == 204
    assert zoho.get("v2/Leads", approved="false").status_code == 204


# --- If-Modified-Since


def test_modified_since_includes_that_second_unless_the_knob_says_no(zoho) -> None:
    newest = zoho.get(
        "v8/Deals", fields="Modified_Time", sort_by="Modified_Time", per_page=1
    ).json()["data"][0]
    header = {"If-Modified-Since": newest["Modified_Time"]}
    found = zoho.get("v8/Deals", fields="id", headers=header)
    assert newest["id"] in [row["id"] for row in found.json()["data"]]
    zoho.knobs(if_modified_since_inclusive=False)
    answer = zoho.get("v8/Deals", fields="id", headers=header)
    assert (answer.status_code, answer.content) == (304, b"")
    zoho.knobs(not_modified=204)
    assert zoho.get("v8/Deals", fields="id", headers=header).status_code == 204


def test_modified_since_splits_the_rows(zoho) -> None:
    times = sorted(datetime.fromisoformat(row["Modified_Time"]) for row in zoho.truth("Deals"))
    middle = times[len(times) // 2]
    header = {"If-Modified-Since": middle.isoformat()}
    found = zoho.get("v8/Deals", fields="id", headers=header).json()["info"]["count"]
    assert found == sum(time >= middle for time in times)


def test_a_malformed_header_is_refused(zoho) -> None:
    answer = zoho.get("v8/Deals", fields="id", headers={"If-Modified-Since": "yesterday"})
    assert read_error(answer)[:2] == (400, "INVALID_DATA")
