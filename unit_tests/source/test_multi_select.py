"""Options and tags come as the same lists whatever joins them in an export or a query's answer."""

import pytest

from unit_tests.source.conftest import BULK, COQL, Org, by_id, narrow, rows_of

AS_NEW = {"bulk_list_separator": ";", "coql_lists": "list"}


@pytest.mark.parametrize("version", ["v2", "v8"])
@pytest.mark.parametrize(
    ("retrieval", "knobs"),
    [
        pytest.param(COQL, {"coql_lists": ";"}, id="a query with semicolons"),
        pytest.param(COQL, {"coql_lists": ","}, id="a query with commas"),
        pytest.param(BULK, {"bulk_list_separator": ";"}, id="an export with semicolons"),
        pytest.param(BULK, {"bulk_list_separator": ","}, id="an export with commas"),
    ],
)
def test_options_are_separated_by_those_that_the_field_has(
    org: Org, retrieval: dict[str, str], knobs: dict[str, str], version: str
) -> None:
    """One of them holds a comma."""
    org.settings = {"retrieval": retrieval, "schema_version": version}
    leads = narrow(org.streams()["Leads"], "Interests", "Tag")
    org.control("POST", "knobs", knobs)

    output = org.read(leads)

    org.control("POST", "knobs", AS_NEW)
    expected = org.truth(leads)
    got = by_id(rows_of(output, "Leads", deleted=False))
    assert any("R&D, Labs" in row.get("Interests", ()) for row in expected.values())
    if knobs.get("bulk_list_separator") == ",":
        # Nothing shows what is one tag with a comma and what are two.
        doubtful = {key for key, row in expected.items() if "a,b" in row.get("Tag", ())}
        assert {key: got[key].pop("Tag") for key in doubtful}.keys() == {
            key for key in doubtful if expected[key].pop("Tag")
        }
    assert got == expected


@pytest.mark.parametrize(
    "regions",
    [
        pytest.param([["AMER"], ["APAC"], ["AMER", "APAC"]], id="the text in doubt last"),
        pytest.param([["AMER", "APAC"], ["AMER"], ["APAC"]], id="the text in doubt first"),
        pytest.param([["AMER"], ["AMER", "APAC"], ["APAC"]], id="the text in doubt between"),
    ],
)
def test_options_that_the_field_no_longer_has_are_separated_by_the_other_rows(
    own_org: Org, regions: list[list[str]]
) -> None:
    """By queries and by exports alike; a query of its own brings the column."""
    old = [row["id"] for row in own_org.control("GET", "records/Accounts")]
    own_org.control("DELETE", f"records/Accounts?ids={','.join(old)}")
    for number in range(10):
        own_org.control("POST", "fields/Accounts", {"api_name": f"Note_{number}"})
    field = {
        "api_name": "Sold_In",
        "data_type": "multiselectpicklist",
        "pick_list": ["AMER", "APAC"],
    }
    own_org.control("POST", "fields/Accounts", field)
    accounts = [{"Account_Name": f"{row}", "Sold_In": row} for row in regions]
    own_org.control("POST", "records/Accounts", accounts)
    own_org.control("PATCH", "fields/Accounts/Sold_In", {"pick_list": ["EMEA"]})
    own_org.control("POST", "clock", {"advance_s": 3_600})
    own_org.control("POST", "knobs", {"bulk_list_separator": ",", "coql_lists": ","})
    stream = own_org.stream("Accounts")

    for retrieval in (COQL, BULK):
        own_org.settings = {"retrieval": retrieval}
        output = own_org.read(stream)

        assert [row["Sold_In"] for row in rows_of(output, "Accounts", deleted=False)] == regions
        assert not [entry for entry in output.logs if "hold commas" in entry.log.message]
