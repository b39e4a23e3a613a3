"""Lists of wide rows that run side by side, though they do not hold the same."""

from datetime import UTC, datetime

import pytest

from source_zoho_crm.readers.windows import Window
from unit_tests.source.conftest import Org
from unit_tests.source.test_rest_reader import SINCE, Asked, reader


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_rows_of_one_second_that_stand_on_other_pages_of_another_list_cost_no_call_by_id(
    own_org: Org, version: str
) -> None:
    """Before the second list is read, a record comes to stand before all others."""
    leads = [row["id"] for row in own_org.control("GET", "records/Leads")]
    stamp = {"Modified_Time": "2019-05-06T07:08:09+00:00"}
    own_org.control("PATCH", "records/Leads", [{"id": key, **stamp} for key in leads])
    early = {"Last_Name": "Early", "Email": "early@example.com"}
    early["Modified_Time"] = "2019-05-06T07:08:08+00:00"
    limits = {"rest_columns": 3, "rest_tokens": 1, "rest_chain_rows": 100_000}
    asked = Asked(own_org, version)
    added: list[object] = []
    by_id: list[str] = []

    def add(path: str, params: dict[str, str]) -> None:
        if "Email" in params.get("fields", "") and not added:
            added.append(own_org.control("POST", "records/Leads", early))
        if "ids" in params:
            by_id.append(params["ids"])

    asked.before = add
    end = datetime(2019, 5, 7, tzinfo=UTC)
    rows = {
        row["id"]: row["Email"]
        for part in reader(own_org, version, asked, **limits).read_changes(SINCE, end)
        if not isinstance(part, Window)
        for row in part
    }

    truth = {row["id"]: row["Email"] for row in own_org.control("GET", "records/Leads")}
    assert added
    assert {key: rows[key] for key in leads} == {key: truth[key] for key in leads}
    assert by_id == []
