"""Lists of records: limits, and what Zoho refuses."""

from typing import Any

import pytest

from unit_tests.emulator.records.conftest import read_error

DAY = 86_400


MANY = ",".join(f"F{n}" for n in range(51))


@pytest.mark.parametrize(
    ("path", "params", "status", "code", "details"),
    [
        ("v8/Leads", {}, 400, "REQUIRED_PARAM_MISSING", {"param_name": "fields"}),
        ("v4/Leads", {}, 400, "REQUIRED_PARAM_MISSING", {"param_name": "fields"}),
        (
            "v8/Leads",
            {"fields": MANY},
            400,
            "LIMIT_EXCEEDED",
            {"limit": 50, "param_name": "fields"},
        ),
        ("v8/Nope", {"fields": "id"}, 400, "INVALID_MODULE", {"resource_path_index": 0}),
        ("v8/Home", {"fields": "id"}, 400, "INVALID_MODULE", {}),
        (
            "v8/Leads",
            {"fields": "id", "page": 11},
            400,
            "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
            {"limit": 2000},
        ),
        (
            "v8/Leads",
            {"fields": "id", "page": 1, "page_token": "x"},
            400,
            "AMBIGUITY_DURING_PROCESSING",
            {"ambiguity_due_to": [{"param_name": "page"}, {"param_name": "page_token"}]},
        ),
        (
            "v8/Leads",
            {"fields": "id", "cvid": 1, "sort_by": "id"},
            400,
            "AMBIGUITY_DURING_PROCESSING",
            {"ambiguity_due_to": [{"param_name": "cvid"}, {"param_name": "sort_by"}]},
        ),
        (
            "v8/Leads",
            {"fields": "id", "sort_by": "Last_Name"},
            400,
            "INVALID_DATA",
            {
                "param_name": "sort_by",
                "supported_values": ["id", "Created_Time", "Modified_Time"],
            },
        ),
        (
            "v8/Leads",
            {"fields": "id", "page_token": "x"},
            400,
            "INVALID_DATA",
            {"param_name": "page_token"},
        ),
        (
            "v8/Leads",
            {"fields": "id", "per_page": 201},
            400,
            "LIMIT_EXCEEDED",
            {"limit": 200, "param_name": "per_page"},
        ),
        (
            "v8/Leads",
            {"fields": "id", "ids": ",".join(["1"] * 101)},
            400,
            "LIMIT_EXCEEDED",
            {"limit": 100, "param_name": "ids"},
        ),
        ("v8/Leads", {"fields": "id", "territory_id": 1}, 400, "INVALID_MODULE", {}),
    ],
)
def test_what_zoho_refuses(zoho, path, params, status, code, details) -> None:
    assert read_error(zoho.get(path, **params)) == (status, code, details)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("v8/Leads", {"fields": "id", "cvid": 1}),
        ("v8/Deals", {"fields": "id", "territory_id": 1}),
        ("v8/Leads", {"fields": "id", "filters": "{}"}),
    ],
)
def test_what_is_not_emulated_says_so(zoho, path, params) -> None:
    assert read_error(zoho.get(path, **params))[:2] == (501, "NOT_EMULATED")


def test_the_reach_of_page_and_of_tokens(zoho) -> None:
    zoho.knobs(page_rows=20, page_token_rows=40)
    params = {"fields": "id", "per_page": 10}
    second = zoho.get("v8/Leads", **params, page=2).json()["info"]
    assert zoho.get("v8/Leads", **params, page=3).status_code == 400
    third = zoho.get("v8/Leads", **params, page_token=second["next_page_token"]).json()["info"]
    fourth = zoho.get("v8/Leads", **params, page_token=third["next_page_token"]).json()["info"]
    assert (fourth["page"], fourth["more_records"]) == (4, True)
    assert read_error(zoho.get("v8/Leads", **params, page_token=fourth["next_page_token"])) == (
        400,
        "PAGINATION_LIMIT_EXCEEDED",
        {"param_name": "page_token"},
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"fields": "id,Last_Name"},
        {"per_page": 11},
        {"sort_order": "asc"},
        {"converted": "both"},
        {"headers": {"If-Modified-Since": "2020-01-01T00:00:00+00:00"}},
    ],
)
def test_a_token_is_bound_to_what_was_asked(zoho, changed) -> None:
    params: dict[str, Any] = {"fields": "id", "per_page": 10}
    token = zoho.get("v8/Leads", **params).json()["info"]["next_page_token"]
    answer = zoho.get("v8/Leads", **params | changed, page_token=token)
    assert read_error(answer)[:2] == (400, "TOKEN_BOUND_DATA_MISMATCH")
    assert read_error(zoho.get("v8/Deals", **params, page_token=token))[1] == (
        "TOKEN_BOUND_DATA_MISMATCH"
    )


def test_a_page_token_belongs_to_a_user(zoho) -> None:
    params = {"fields": "id", "per_page": 10}
    token = zoho.get("v8/Leads", **params).json()["info"]["next_page_token"]
    zoho.knobs(admin_user=False)
    answer = zoho.get("v8/Leads", **params, page_token=token)
    assert read_error(answer) == (400, "INVALID_DATA", {"param_name": "page_token"})


def test_a_page_token_lives_for_a_day(zoho) -> None:
    params = {"fields": "id", "per_page": 10}
    token = zoho.get("v8/Leads", **params).json()["info"]["next_page_token"]
    zoho.control("POST", "clock", {"advance_s": DAY - 60})
    zoho.log_in()
    assert zoho.get("v8/Leads", **params, page_token=token).status_code == 200
    zoho.control("POST", "clock", {"advance_s": 60})
    assert read_error(zoho.get("v8/Leads", **params, page_token=token)) == (
        400,
        "EXPIRED_VALUE",
        {"param_name": "page_token"},
    )


def test_a_module_can_be_refused(zoho) -> None:
    zoho.knobs(refused_modules=["Deals"])
    assert read_error(zoho.get("v8/Deals", fields="id")) == (
        403,
        "NO_PERMISSION",
        {"permissions": ["Crm_Implied_View_Deals"]},
    )
    assert zoho.coql("select id from Deals where id is not null").status_code == 403


@pytest.mark.parametrize(
    ("code", "status"),
    [("INVALID_MODULE", 400), ("INVALID_QUERY", 400), ("OAUTH_SCOPE_MISMATCH", 401)],
)
@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_a_listed_module_can_be_refused_by_every_call(zoho, version, code, status) -> None:
    record = zoho.truth("Deals")[0]["id"]
    zoho.knobs(refused_modules=[f"Deals:{code}"])
    named = "Deals" if version == "v2" else {"api_name": "Deals"}
    job = {"query": {"module": named, "fields": ["Deal_Name"]}}
    for answer in (
        zoho.get(f"{version}/Deals", fields="id"),
        zoho.get(f"{version}/Deals/{record}"),
        zoho.get(f"{version}/Deals/deleted"),
        zoho.coql("select id from Deals where id is not null", version),
        zoho.call("POST", f"bulk/{version}/read", json=job),
        zoho.call("POST", f"{version}/Deals", json={"data": [{"Deal_Name": "D"}]}),
        zoho.call("DELETE", f"{version}/Deals", ids=record),
    ):
        assert read_error(answer)[:2] == (status, code)
    modules = zoho.get(f"{version}/settings/modules").json()["modules"]
    assert any(module["api_name"] == "Deals" and module["api_supported"] for module in modules)
    assert zoho.get(f"{version}/settings/fields", module="Deals").status_code == 200
    assert zoho.get(f"{version}/Leads", fields="id").status_code == 200
    zoho.knobs(refused_metadata=True)
    assert read_error(zoho.get(f"{version}/settings/fields", module="Deals"))[:2] == (status, code)
    assert zoho.get(f"{version}/settings/fields", module="Leads").status_code == 200


def test_notes_are_for_administrators(zoho) -> None:
    assert zoho.get("v8/Notes", fields="id").status_code == 200
    zoho.knobs(admin_user=False)
    assert read_error(zoho.get("v8/Notes", fields="id"))[:2] == (403, "NOT_SUPPORTED")
    assert read_error(zoho.coql("select id from Notes where id > 0"))[:2] == (403, "NOT_SUPPORTED")


def test_a_scope_of_one_module_opens_only_that(zoho) -> None:
    zoho.knobs(scopes="ZohoCRM.modules.leads.READ")
    assert zoho.get("v8/Leads", fields="id").status_code == 200
    assert read_error(zoho.get("v8/Deals", fields="id"))[:2] == (401, "OAUTH_SCOPE_MISMATCH")
    assert read_error(zoho.get("v8/org"))[:2] == (401, "OAUTH_SCOPE_MISMATCH")
    assert read_error(zoho.coql("select id from Leads where id is not null"))[0] == 401
