"""Answers that are lost: what is repeated, what is looked up, what is never sent again."""

import pytest

from unit_tests.destination.conftest import Org, stream

pytestmark = pytest.mark.usefixtures("no_pauses")

UNREADABLE = {"do": "body", "body": "<html>no JSON</html>"}
FAILED = {"do": "status", "status": 500, "body": {"code": "INTERNAL_ERROR", "message": "x"}}
LOST = pytest.mark.parametrize("fault", [UNREADABLE, FAILED], ids=["done", "not done"])


@LOST
def test_an_upsert_is_made_again(org: Org, fault: dict[str, object]) -> None:
    org.fail("upsert", **fault)
    contacts = stream("Contacts", "Email", "Last_Name", mode="append_dedup", key="Email")

    result = org.write(contacts, [{"Email": "a@x.test", "Last_Name": "A"}])

    assert result.failure is None
    assert sum(result.counts().values()) == 1
    assert len([r for r in org.records("Contacts") if r["Email"] == "a@x.test"]) == 1
    assert org.calls("upsert") == 2


@LOST
def test_an_update_is_made_again(org: Org, fault: dict[str, object]) -> None:
    lead = org.add("Leads", Last_Name="L")
    org.fail("update", **fault)

    result = org.write(
        stream("Leads", "id", "Company", mode="update", key="id"), [{"id": lead, "Company": "C"}]
    )

    assert result.counts() == {"updated": 1}


@LOST
def test_a_delete_is_made_again_and_what_is_gone_counts_as_deleted(
    org: Org, fault: dict[str, object]
) -> None:
    lead = org.add("Leads", Last_Name="L")
    org.fail("delete", **fault)

    result = org.write(stream("Leads", "id", mode="soft_delete", key="id"), [{"id": lead}])

    assert result.counts() == {"deleted": 1}


@pytest.mark.parametrize(
    ("module", "row"),
    [
        ("Leads", {"Last_Name": "L", "Email": "l@x.test"}),
        ("Accounts", {"Account_Name": "O'Brian", "ERP_ID": "e-9"}),
        ("Products", {"Product_Name": "P", "Product_Code": "c-9"}),
        ("Vehicles", {"Name": "V"}),
    ],
    ids=["system field", "external ID", "unique field", "custom module"],
)
@LOST
def test_an_insert_is_looked_up_and_never_doubled(
    org: Org, module: str, row: dict[str, str], fault: dict[str, object]
) -> None:
    before = len(org.records(module))
    org.fail("insert", **fault)

    result = org.write(stream(module, *row), [row])

    assert result.counts() == {"created": 1}
    assert len(org.records(module)) == before + 1
    assert org.calls("insert") == (1 if fault is UNREADABLE else 2)


def test_a_unique_number_traces_its_row(org: Org) -> None:
    field = {"api_name": "Serial", "data_type": "bigint", "custom": True, "unique": True}
    org.control("POST", "fields/Leads", field)
    org.fail("insert", **UNREADABLE)

    result = org.write(stream("Leads", "Last_Name", "Serial"), [{"Last_Name": "L", "Serial": 17}])

    assert result.counts() == {"created": 1}
    assert org.calls("insert") == 1


def test_only_a_record_made_since_the_call_began_is_the_rows(org: Org) -> None:
    org.control(
        "POST",
        "records/Leads",
        {"Last_Name": "Old", "Email": "l@x.test", "Created_Time": "2020-01-01T00:00:00+00:00"},
    )
    org.fail("insert", **FAILED)

    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "New", "Email": "l@x.test"}]
    )

    assert result.counts() == {"created": 1}
    assert org.record("Leads", Last_Name="New")


def test_a_row_without_a_value_of_its_own_is_not_sent_again(org: Org) -> None:
    org.fail("insert", **UNREADABLE)
    rows = [{"Last_Name": "Traced", "Email": "l@x.test"}, {"Last_Name": "Untraced"}]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows)

    assert result.counts() == {"created": 1, "rejected": 1}
    assert result.said("1 rows by OUTCOME_UNKNOWN")
    assert org.calls("insert") == 1


def test_rows_that_share_their_value_cannot_be_told_apart(org: Org) -> None:
    org.fail("insert", **FAILED)
    rows = [{"Last_Name": name, "Email": "l@x.test"} for name in ("A", "B")]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows)

    assert result.counts() == {"rejected": 2}
    assert org.calls("insert") == 1


def test_an_insert_whose_answers_stay_lost_ends_as_unknown(org: Org) -> None:
    org.fail("insert", times=9, **FAILED)

    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "L", "Email": "l@x.test"}]
    )

    assert result.failure is None
    assert result.counts() == {"rejected": 1}
    assert org.calls("insert") == 3


def test_a_lost_insert_that_cannot_be_looked_up_ends_as_unknown(org: Org) -> None:
    org.fail("insert", **UNREADABLE)
    org.fail("coql", status=401, body={"code": "OAUTH_SCOPE_MISMATCH", "message": "x"})

    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "L", "Email": "l@x.test"}]
    )

    assert result.counts() == {"rejected": 1}
    assert result.said("OUTCOME_UNKNOWN")


@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_too_many_calls_are_waited_out(org: Org, operation: str) -> None:
    """Zoho refused, so nothing was done: an insert is made again, too."""
    org.fail(operation, times=2, status=429, body={"code": "TOO_MANY_REQUESTS", "message": "x"})
    mode = {"insert": "append", "upsert": "append_dedup"}[operation]
    leads = stream("Leads", "Last_Name", "Email", mode=mode, key="Email")

    result = org.write(leads, [{"Last_Name": "L", "Email": "l@x.test"}])

    assert result.counts() == {"created": 1}


def test_a_token_that_died_is_renewed_and_an_insert_made_again(org: Org) -> None:
    org.fail("insert", status=401, body={"code": "INVALID_TOKEN", "message": "x"})

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": "L"}])

    assert result.counts() == {"created": 1}


def test_a_zoho_that_is_down_ends_the_run_in_a_sentence_without_rows(org: Org) -> None:
    org.fail("upsert", times=99, **FAILED)
    contacts = stream("Contacts", "Email", "Last_Name", mode="append_dedup", key="Email")

    result = org.write(contacts, [{"Email": "secret@x.test", "Last_Name": "secret"}])

    assert result.states == []
    assert "Try again later." in result.sentence
    assert "secret" not in result.sentence + str(result.failure) + "".join(result.log)


def test_an_error_of_one_row_that_looks_like_one_of_the_call_costs_that_row_alone(org: Org) -> None:
    """Samples of some errors have no list around them."""
    body = {"code": "INVALID_DATA", "message": "invalid data", "details": {}, "status": "error"}
    org.fail("insert", times=3, status=400, body=body)  # of the call, its first half, its quarter

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": f"L{n}"} for n in range(4)])

    assert result.counts() == {"created": 3, "rejected": 1}


def test_outcomes_of_another_number_than_rows_end_the_run(org: Org) -> None:
    org.fail(
        "insert", "body", body={"data": [{"code": "SUCCESS", "status": "success", "details": {}}]}
    )

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": "A"}, {"Last_Name": "B"}])

    assert "with 1 outcomes" in result.sentence
    assert result.states == []
