"""POST /{module}: fields, bodies and modules that Zoho refuses."""

import pytest

LEAD = {"Last_Name": "Example"}
CODE = "INVALID_DATA"


def test_fields_that_are_unknown_or_too_new(zoho, insert) -> None:
    deal = {"Deal_Name": "x", "Stage": "Closed Won", "Reason_For_Loss__s": "Price"}
    (item,) = insert(deal, module="Deals", version="v2.1").json()["data"]
    assert item["message"] == "the field api name given seems to be invalid"
    assert insert(deal, module="Deals", version="v4").status_code == 201
    zoho.knobs(unknown_fields="ignore")
    assert insert(deal, module="Deals", version="v2.1").status_code == 201


@pytest.mark.parametrize(
    ("body", "code", "details"),
    [
        ([], "UNABLE_TO_PARSE_DATA_TYPE", {}),
        ({}, "MANDATORY_NOT_FOUND", {"api_name": "data", "json_path": "$.data"}),
        (
            {"data": LEAD},
            CODE,
            {"expected_data_type": "jsonarray", "api_name": "data", "json_path": "$.data"},
        ),
        ({"data": []}, CODE, {"minimum_length": 1, "api_name": "data"}),
        (
            {"data": [LEAD], "trigger": "workflow"},
            CODE,
            {"expected_data_type": "jsonarray", "api_name": "trigger", "json_path": "$.trigger"},
        ),
    ],
)
def test_a_body_that_is_none(zoho, body, code, details) -> None:
    answer = zoho.call("POST", "v8/Leads", json=body)
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["details"]) == (code, details)


def test_more_than_a_hundred_records_are_refused_at_once(zoho, insert) -> None:
    before = zoho.control("GET", "counts")["Leads"]
    answer = insert(*[LEAD] * 101)
    assert answer.status_code == 400
    assert answer.json() == {
        "data": [
            {
                "code": "LIMIT_EXCEEDED",
                "details": {"maximum_length": 100, "api_name": "data"},
                "message": "count of records in your request exceeds the limit",
                "status": "error",
            }
        ]
    }
    assert zoho.control("GET", "counts")["Leads"] == before


def test_a_record_that_is_no_object(insert) -> None:
    items = insert(LEAD, "x").json()["data"]
    assert items[1]["details"] == {
        "expected_data_type": "jsonobject",
        "api_name": "data",
        "json_path": "$.data[1]",
    }


@pytest.mark.parametrize(
    ("version", "kind", "status"),
    [
        ("v8", "application/json", 201),
        ("v8", "application/json; charset=utf-8", 201),
        ("v8", None, 201),
        ("v2.1", None, 201),
        ("v2", None, 201),
        ("v4", None, 415),
        ("v4", "application/x-www-form-urlencoded", 201),
        ("v8", "text/xml", 415),
    ],
)
def test_media_types(zoho, version, kind, status) -> None:
    url = f"{zoho.server.base_url}/crm/{version}/Leads"
    answer = zoho.session.post(
        url, data=b'{"data": [{"Last_Name": "x"}]}', headers={"Content-Type": kind}
    )
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("module", "version", "status", "code"),
    [
        ("Nonsense", "v8", 400, "INVALID_MODULE"),
        ("Home", "v8", 400, "INVALID_MODULE"),
        ("Visits", "v8", 400, "INVALID_MODULE"),
        ("Quoted_Items", "v8", 400, "INVALID_MODULE"),
        ("DealHistory", "v8", 400, "INVALID_MODULE"),
        ("Activities", "v2", 400, "INVALID_MODULE"),
        ("Services__s", "v2.1", 400, "INVALID_MODULE"),
        ("Data_Subject_Requests", "v8", 403, "NO_PERMISSION"),
    ],
)
def test_modules_that_take_no_records(insert, module, version, status, code) -> None:
    answer = insert({"Name": "x"}, module=module, version=version)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("values", [{"Documents": [{"File_Id__s": "x"}]}, {"$approved": False}])
def test_what_is_not_emulated_is_loud_and_writes_nothing(zoho, insert, values) -> None:
    before = zoho.control("GET", "counts")["Leads"]
    answer = insert(LEAD, {**LEAD, **values})
    assert (answer.status_code, answer.json()["code"]) == (501, "NOT_EMULATED")
    assert zoho.control("GET", "counts")["Leads"] == before


@pytest.mark.parametrize(
    ("version", "tax", "status"),
    [
        ("v2", ["Vat - 5.0 %"], 201),
        ("v8", [{"value": "Vat - 5.0 %"}], 201),
        ("v8", [{"value": "Nothing"}], 400),
        ("v8", "Vat - 5.0 %", 400),
    ],
)
def test_taxes_of_a_product(insert, version, tax, status) -> None:
    product = {"Product_Name": "x", "Tax": tax}
    assert insert(product, module="Products", version=version).status_code == status


def test_a_layout_of_another_module(zoho, insert) -> None:
    (layout,) = {row["Layout"]["id"] for row in zoho.truth("Deals")}
    (item,) = insert({**LEAD, "Company": "x", "Layout": {"id": layout}}).json()["data"]
    assert (item["code"], item["details"]["api_name"]) == ("INVALID_DATA", "Layout")


@pytest.mark.parametrize("given", ["²", "1" * 30, -1, 1.5, None, {}, [], True])
def test_odd_ids_are_no_ids(insert, given) -> None:
    (item,) = insert({**LEAD, "Recommended_By": {"id": given}}).json()["data"]
    assert (item["code"], item["details"]["api_name"]) == ("INVALID_DATA", "Recommended_By")
    (item,) = insert({**LEAD, "Owner": {"id": given}}).json()["data"]
    assert item["code"] == "INVALID_DATA"
