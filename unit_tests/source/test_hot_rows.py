"""Records that somebody edits or deletes at each look of the source: it does not wait for them."""

from collections.abc import Iterator

import pytest

from unit_tests.source.conftest import (
    COQL,
    REST,
    Org,
    Row,
    as_seeded,
    by_id,
    narrow,
    rows_of,
    states_of,
)
from zoho_crm.requester import ZohoRequester
from zoho_emulator.server import Settings, running


@pytest.fixture(scope="module")
def _org() -> Iterator[Org]:
    with running(
        Settings(rows=5, rows_by_module={"Leads": 60}), {"tokens_per_10_min": 0}
    ) as server:
        yield Org(server)


@pytest.fixture
def org(_org: Org) -> Org:
    """An org that the test may change; the next one has it as it was."""
    return as_seeded(_org)


@pytest.mark.parametrize(
    ("retrieval", "version"),
    [
        pytest.param(COQL, "v2", id="COQL-v2"),
        pytest.param(COQL, "v4", id="COQL-v4"),
        pytest.param(REST, "v4", id="REST-v4"),
        pytest.param(REST, "v8", id="REST-v8"),
    ],
)
def test_a_record_that_is_edited_at_each_call_comes_with_the_next_sync(
    org: Org, mocker, retrieval: Row, version: str
) -> None:
    """Its columns come in two groups, and never from one version of it."""
    org.settings = {"retrieval": retrieval, "schema_version": version}
    leads = org.stream("Leads")
    hot = min(org.truth(leads))
    ask, calls = ZohoRequester.ask, []

    def asking(requester, path=None, *, params=None, body=None, **request):
        asked = str((body or {}).get("select_query", "")) + str((params or {}).get("fields", ""))
        if "," in asked and path in (None, "Leads"):
            calls.append(asked)
            if len(calls) > 1:
                org.control("POST", "clock", {"advance_s": 2})
                org.control("PATCH", "records/Leads", {"id": hot, "City": f"Bern {len(calls)}"})
        return ask(requester, path, params=params, body=body, **request)

    mocker.patch.object(ZohoRequester, "ask", asking)

    first = org.read(leads)

    mocker.stopall()
    assert len(calls) > 3
    assert not first.errors
    rows = by_id(rows_of(first, "Leads"))
    assert hot not in rows, "else it would mix two versions"
    org.control("POST", "clock", {"advance_s": 300})
    second = org.read(leads, state=states_of(first, "Leads")[-1:])
    assert rows | by_id(rows_of(second, "Leads")) == org.truth(leads)


def test_the_list_of_deletions_ends_though_a_record_is_deleted_at_each_call(org: Org) -> None:
    leads = narrow(org.stream("Leads"), "City", "_ab_cdc_deleted_at")
    state = states_of(org.read(leads), "Leads")[-1:]
    many = org.control(
        "POST", "records/Leads", [{"Last_Name": f"Example {n}"} for n in range(500)]
    )["ids"]
    gone = many[:450]
    org.control("DELETE", f"records/Leads?ids={','.join(gone)}&type=recycle")
    org.control("POST", "clock", {"advance_s": 300})
    org.control("POST", "knobs", {"churn": 1, "churn_rows": 1, "churn_kind": "delete"})

    output = org.read(leads, state=state)

    org.control("POST", "knobs", {"churn": 0, "churn_rows": 3, "churn_kind": "edit"})
    assert not output.errors
    reported = [row["id"] for row in rows_of(output, "Leads") if row.get("_ab_cdc_deleted_at")]
    assert sorted(reported) == sorted(gone)
    assert org.calls("deleted:Leads") <= 8
