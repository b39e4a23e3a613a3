"""COQL as a call: body, credits, answer. The language has its own tests."""

from typing import Any

import pytest

ALL = "id is not null"


def read_keyset(zoho, version: str, columns: str, module: str, size: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    last = "0"
    while True:
        answer = zoho.coql(
            f"select {columns} from {module} where id > '{last}' order by id asc limit {size}",
            version,
        )
        if answer.status_code == 204:
            return rows
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += page["data"]
        if not page["info"]["more_records"]:
            return rows
        last = page["data"][-1]["id"]


@pytest.mark.parametrize(("version", "size"), [("v2", 200), ("v2.1", 200), ("v4", 90), ("v8", 90)])
def test_a_keyset_walk_meets_every_row_once(zoho, version, size) -> None:
    rows = read_keyset(zoho, version, "Last_Name, Owner, Modified_Time", "Leads", size)
    truth = {row["id"]: row for row in zoho.truth("Leads")}
    assert sorted(row["id"] for row in rows) == sorted(truth)
    for row in rows:
        known = truth[row["id"]]
        assert row == {
            "id": row["id"],
            "Last_Name": known["Last_Name"],
            "Owner": {"id": known["Owner"]["id"]},
            "Modified_Time": known["Modified_Time"],
        }


def test_rows_that_are_kept_are_answered_as_those_that_are_not(zoho) -> None:
    columns = "Last_Name, Owner, Modified_Time"
    fresh = read_keyset(zoho, "v8", columns, "Leads", 90)
    zoho.knobs(keep_rows=True)
    assert read_keyset(zoho, "v8", columns, "Leads", 90) == fresh
    assert read_keyset(zoho, "v8", columns, "Leads", 70) == fresh
    assert read_keyset(zoho, "v8", "Last_Name", "Leads", 90) == [
        {"id": row["id"], "Last_Name": row["Last_Name"]} for row in fresh
    ]
    edited = {"id": fresh[0]["id"], "Last_Name": "Edited"}
    zoho.control("PATCH", "records/Leads", [edited])
    after = read_keyset(zoho, "v8", columns, "Leads", 70)
    assert after[0]["Last_Name"] == "Edited"
    assert after[1:] == fresh[1:]


def test_converted_leads_can_be_kept_out(zoho) -> None:
    zoho.knobs(coql_converted=False)
    rows = read_keyset(zoho, "v8", "Last_Name", "Leads", 2_000)
    live = [row for row in zoho.truth("Leads") if not row["Converted__s"]]
    assert len(rows) == len(live)


@pytest.mark.parametrize(
    ("version", "kind", "status"),
    [
        ("v8", "application/json;charset=UTF-8", 200),
        ("v8", "application/x-www-form-urlencoded", 200),
        ("v8", None, 200),
        ("v4", None, 415),
        ("v2.1", None, 200),
        ("v2", None, 200),
        ("v2", "application/json", 200),
        ("v8", "text/plain", 415),
        ("v4", "multipart/form-data", 415),
    ],
)
def test_a_query_is_json_by_its_content_type(zoho, version, kind, status) -> None:
    answer = zoho.session.post(
        f"{zoho.server.base_url}/crm/{version}/coql",
        data=b'{"select_query": "select id from Leads where id is not null"}',
        headers={"Content-Type": kind},
    )
    assert answer.status_code == status
    if status == 415:
        assert answer.json()["code"] == "MEDIA_TYPE_NOT_SUPPORTED"


def test_which_versions_take_a_query_of_no_content_type_is_a_knob(zoho) -> None:
    zoho.knobs(json_unsaid="v4")
    for version, status in (("v2", 415), ("v4", 200), ("v8", 415)):
        answer = zoho.session.post(
            f"{zoho.server.base_url}/crm/{version}/coql",
            data=b'{"select_query": "select id from Leads where id is not null"}',
            headers={"Content-Type": None},
        )
        assert answer.status_code == status


def test_a_sum_may_be_more_than_64_bits(zoho) -> None:
    ids = [int(row["id"]) for row in zoho.truth("Deals")]
    (row,) = zoho.coql("select SUM(id) from Deals where id is not null").json()["data"]
    assert row["SUM(id)"] == pytest.approx(sum(ids), rel=1e-15)
    values = [2**53 + 1, -(2**53), 999_999_999_999_999_999, 5]
    field = {"api_name": "Big_Number", "data_type": "bigint"}
    zoho.control("POST", "fields/Campaigns", field)
    rows = [{"Campaign_Name": "Sum", "Big_Number": str(value)} for value in values]
    planted = zoho.control("POST", "records/Campaigns", rows)["ids"]
    query = "select SUM(Big_Number) from Campaigns where Campaign_Name = '{}'"
    (row,) = zoho.coql(query.format("Sum")).json()["data"]
    assert row["SUM(Big_Number)"] == sum(values)
    (row,) = zoho.coql(query.format("nobody")).json()["data"]
    assert row["SUM(Big_Number)"] is None
    zoho.control("DELETE", f"records/Campaigns?ids={','.join(planted)}&type=permanent")
    zoho.control("DELETE", "fields/Campaigns/Big_Number")


@pytest.mark.parametrize(
    ("query", "escapes"),
    [
        ("select Last_Name as 'is from Deals' from Leads where Last_Name = 'x'", True),
        ("select Last_Name as \"from Deals\" from Leads where Last_Name = 'from Deals'", True),
        ("select Last_Name as 'it''s from Deals' from Leads where id = 1", True),
        (r"select Last_Name as 'it\'s from Deals' from Leads where id = 1", True),
        (r"select Last_Name as 'back\' from Leads where Last_Name != 'from Deals'", False),
    ],
)
def test_a_query_counts_for_the_module_after_from_and_not_for_words_in_quotes(
    zoho, query, escapes
) -> None:
    zoho.knobs(coql_backslash_escapes=escapes)
    zoho.control("POST", "faults", {"match": "coql:Deals", "do": "status"})
    assert zoho.coql(query).status_code in (200, 204)
    assert zoho.usage()["calls"] == {"coql": 1, "coql:Leads": 1}


def test_no_row_is_204(zoho) -> None:
    answer = zoho.coql("select Last_Name from Leads where id = '1'")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("body", "code", "details"),
    [
        ({}, "MANDATORY_NOT_FOUND", {"api_name": "select_query"}),
        ([], "UNABLE_TO_PARSE_DATA_TYPE", {}),
        (
            {"select_query": "select id from Leads where id is not null", "include_meta": "fields"},
            "INVALID_DATA",
            {
                "expected_data_type": "jsonarray",
                "api_name": "include_meta",
                "json_path": "$.include_meta",
            },
        ),
        ({"select_query": "select Last_Name from Leads"}, "SYNTAX_ERROR", {"clause": "where"}),
    ],
)
def test_a_bad_body_is_refused(zoho, body, code, details) -> None:
    answer = zoho.call("POST", "v8/coql", json=body)
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["details"]) == (code, details)


def test_v8_adds_the_fields_it_returned(zoho) -> None:
    body = {
        "select_query": "select Last_Name from Leads where id is not null limit 1",
        "include_meta": ["fields"],
    }
    answer = zoho.call("POST", "v8/coql", json=body).json()
    assert answer["fields"]["Last_Name"]["api_name"] == "Last_Name"
    assert "fields" not in zoho.call("POST", "v4/coql", json=body).json()


@pytest.mark.parametrize(
    ("knob", "limit", "credits_"),
    [
        ("limit", 200, 1),
        ("limit", 201, 2),
        ("limit", 1_000, 2),
        ("limit", 2_000, 3),
        ("rows", 200, 1),
        ("rows", 2_000, 2),  # the module holds some 700 rows
    ],
)
def test_a_query_costs_by_its_limit_or_its_rows(zoho, knob, limit, credits_) -> None:
    zoho.knobs(coql_credits=knob)
    for _ in range(2):  # the second answer is a kept one, and costs the same
        before = zoho.usage()["credits"]
        zoho.coql(f"select Last_Name from Leads where {ALL} limit {limit}")
        assert zoho.usage()["credits"] - before == credits_


def test_calls_are_counted_by_module(zoho) -> None:
    zoho.coql(f"select id from Leads where {ALL}")
    zoho.coql(f"SELECT id FROM Deals WHERE {ALL}")
    calls = zoho.usage()["calls"]
    assert (calls["coql"], calls["coql:Leads"], calls["coql:Deals"]) == (2, 1, 1)


def test_a_kept_answer_is_not_given_once_data_changed(zoho) -> None:
    query = f"select Last_Name from Leads where {ALL} order by Modified_Time desc limit 1"
    row = zoho.coql(query).json()["data"][0]
    zoho.control("PATCH", "records/Leads", [{"id": row["id"], "Last_Name": "Changed"}])
    assert zoho.coql(query).json()["data"][0]["Last_Name"] == "Changed"


@pytest.mark.parametrize("separator", [";", ","])
def test_a_query_may_give_options_as_one_text(zoho, separator: str) -> None:
    query = "select Interests from Leads where Interests is not null limit 50"
    lists = [row["Interests"] for row in zoho.coql(query).json()["data"]]
    zoho.knobs(coql_lists=separator)
    texts = [row["Interests"] for row in zoho.coql(query).json()["data"]]
    assert any(len(options) > 1 for options in lists)
    assert texts == [separator.join(options) for options in lists]


@pytest.mark.parametrize(("version", "allowed"), [("v2", 50), ("v4", 50), ("v8", 52)])
def test_how_many_columns_a_query_of_v8_selects_is_a_knob(zoho, version, allowed) -> None:
    fields = [
        {"api_name": f"Extra_{number}", "data_type": "text", "custom": True} for number in range(53)
    ]
    for field in fields:
        zoho.control("POST", "fields/Contracts", field)
    zoho.knobs(coql_columns=52)

    def ask(most: int) -> tuple[int, str | None]:
        columns = ", ".join(field["api_name"] for field in fields[:most])
        query = f"select {columns} from Contracts where id is not null limit 1"
        answer = zoho.coql(query, version)
        return answer.status_code, answer.json().get("code")

    assert ask(allowed) == (200, None)
    assert ask(allowed + 1) == (400, "LIMIT_EXCEEDED")
    for field in fields:
        zoho.control("DELETE", f"fields/Contracts/{field['api_name']}")
