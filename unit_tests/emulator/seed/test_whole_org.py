"""Every module and field of the sample org, by each retrieval method."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

Row = dict[str, Any]

#: What only single records carry.
VIRTUAL = ("subform", "multiselectlookup", "multiuserlookup")
#: Lists of v2 carry these, too.
INNER_ROWS = {"Product_Details", "Pricing_Details"}
#: They are listed, and neither queried nor exported.
FILES = "Attachments"
#: Supported by the API, and refused when they are listed.
REFUSED = {
    "Data_Subject_Requests": "NO_PERMISSION",
    "Email_Analytics": "NO_PERMISSION",
    "Email_Template_Analytics": "NO_PERMISSION",
}


def list_modules(zoho, version: str) -> list[str]:
    answer = zoho.get(f"{version}/settings/modules").json()["modules"]
    names = [row["api_name"] for row in answer if row["api_supported"]]
    return [name for name in names if name not in REFUSED]


def list_fields(zoho, version: str, module: str) -> list[Row]:
    answer = zoho.get(f"{version}/settings/fields", module=module)
    found = [] if answer.status_code == 204 else answer.json()["fields"]
    return [row for row in found if row["data_type"] not in VIRTUAL]


def cut_column_groups(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), 50):
        yield names[start : start + 50]


def read_by_list(zoho, module: str, names: list[str]) -> dict[str, Row]:
    """Rows by id, each column group by a chain of tokens of its own."""

    def ask(group: list[str], page: Row | None) -> requests.Response:
        token = {"page_token": page["info"]["next_page_token"]} if page else {}
        params = {"fields": ",".join(group), "converted": "both", "per_page": 200}
        return zoho.get(f"v8/{module}", **params, **token)

    return merge_pages(names, ask)


def read_by_coql(zoho, module: str, names: list[str]) -> dict[str, Row]:
    def ask(group: list[str], page: Row | None) -> requests.Response:
        last = page["data"][-1]["id"] if page else "0"
        return zoho.coql(
            f"select {', '.join(group)} from {module} where id > '{last}'"
            " order by id asc limit 2000"
        )

    return merge_pages(names, ask)


def merge_pages(
    names: list[str], ask: Callable[[list[str], Row | None], requests.Response]
) -> dict[str, Row]:
    """Rows by id; `ask` is given the columns and the page before."""
    rows: dict[str, Row] = {}
    for group in cut_column_groups(names):
        page: Row | None = None
        while page is None or page["info"]["more_records"]:
            answer = ask(group, page)
            if answer.status_code == 204:
                break
            assert answer.status_code == 200, (names, answer.text)
            page = answer.json()
            for row in page["data"]:
                rows.setdefault(row["id"], {}).update(row)
    return rows


def cut(row: Row, rich: set[str]) -> Row:
    """What a list shows of a row: rich text ends after 500 characters."""
    return {
        name: value[:500] if name in rich and value is not None else value
        for name, value in row.items()
    }


def strip_names(value: Any) -> Any:
    """What COQL shows of a lookup: no name."""
    if isinstance(value, dict) and value.keys() >= {"id", "name"}:
        return {key: part for key, part in value.items() if key in ("id", "module")}
    return value


def test_lists_give_every_field_of_every_module(zoho) -> None:
    for module in list_modules(zoho, "v8"):
        described = list_fields(zoho, "v8", module)
        rich = {
            row["api_name"]
            for row in described
            if (row.get("textarea") or {}).get("type") == "rich_text"
        }
        truth = {row["id"]: cut(row, rich) for row in zoho.truth(module)}
        if described:
            assert read_by_list(zoho, module, [row["api_name"] for row in described]) == truth, (
                module
            )


@pytest.mark.parametrize(("module", "code"), REFUSED.items())
def test_modules_that_are_refused(zoho, module, code) -> None:
    assert list_fields(zoho, "v8", module)
    asked = [
        zoho.get(f"v8/{module}", fields="id"),
        zoho.get(f"v8/{module}/deleted"),
        zoho.coql(f"select id from {module} where id > 0"),
    ]
    bodies = [answer.json() for answer in asked]
    assert {(body.get("data") or [body])[0]["code"] for body in bodies} == {code}


def test_attachments_are_neither_queried_nor_listed_when_deleted(zoho) -> None:
    asked = [
        zoho.get(f"v8/{FILES}/deleted"),
        zoho.coql(f"select id from {FILES} where id > 0"),
    ]
    bodies = [answer.json() for answer in asked]
    assert {(body.get("data") or [body])[0]["code"] for body in bodies} == {"INVALID_MODULE"}


def test_coql_gives_the_same_values(zoho) -> None:
    kinds = ("fileupload", "imageupload", "profileimage")
    for module in list_modules(zoho, "v8"):
        if module == FILES:
            continue
        described = [
            row
            for row in list_fields(zoho, "v8", module)
            if row["data_type"] not in kinds and row["api_name"] != "Participants"
        ]
        if not described:
            continue
        names = ["id", *(row["api_name"] for row in described if row["api_name"] != "id")]
        rows = read_by_coql(zoho, module, names)
        truth = {row["id"]: row for row in zoho.truth(module)}
        assert set(rows) == set(truth), module
        for record_id, row in rows.items():
            assert row == {name: strip_names(truth[record_id][name]) for name in names}, module


#: How keys of v2 end that no field describes.
_PLACE = ("Address", "Coordinates", "Latitude", "Longitude", "Apartment_Name", "nearby_distance__s")
UNDESCRIBED = {"Leads": _PLACE, "Accounts": _PLACE, "Contacts": _PLACE, "Tasks": ("BEST_TIME",)}


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4"])
def test_every_module_of_a_version_answers(zoho, version) -> None:
    for module in list_modules(zoho, version):
        described = list_fields(zoho, version, module)
        params = {"fields": "id"} if version == "v4" else {}
        answer = zoho.get(f"{version}/{module}", **params)
        if not described:
            continue
        assert answer.status_code in (200, 204), (module, answer.text)
        if answer.status_code == 200 and version != "v4":
            shown = {name for name in answer.json()["data"][0] if not name.startswith("$")}
            known = {row["api_name"] for row in described}
            if version == "v2":
                known = known - {"Layout"} | {"id"}
                shown -= INNER_ROWS
            endings = UNDESCRIBED.get(module, ()) if version == "v2" else ()
            assert known <= shown, module
            assert all(name.endswith(endings) for name in shown - known), module
