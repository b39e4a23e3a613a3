"""Answers that are lost: what is repeated, what is looked up, what is never sent again."""

import pytest
from airbyte_cdk.models import FailureType

from unit_tests.destination.conftest import Org, row, state, stream
from unit_tests.destination.lost_answers import FAILED, LOST

pytestmark = pytest.mark.usefixtures("no_pauses")


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
    assert not result.said("ate limit")


@pytest.mark.parametrize("asked", [True, False], ids=["looked up", "no look-up"])
@pytest.mark.parametrize("columns", [("Last_Name", "Email"), ("Last_Name",)], ids=len)
def test_inserts_into_a_zoho_that_is_down_end_the_run(
    org: Org, columns: tuple[str, ...], asked: bool
) -> None:
    """Else a whole stream would turn into rejects, and the run succeed."""
    org.fail("insert", times=9999, **FAILED)
    org.fail("coql", times=0 if asked else 9999, **FAILED)
    lines = [
        line
        for n in range(40)  # a batch each, as a state follows
        for line in (
            row("Leads", {"Last_Name": f"N{n}", "Email": f"n{n}@x.test"}),
            state("Leads", n),
        )
    ]

    result = org.write_lines([stream("Leads", *columns)], lines)

    assert "Zoho gives no answer to inserts into Leads" in result.sentence
    assert "Try again later." in result.sentence
    assert result.failure
    # Tried again by the platform, rows that are kept nowhere would be added twice.
    assert result.failure.failure_type == FailureType.config_error
    # What was under way has an outcome, and so much can be at a time.
    assert 0 < sum(stats["rejectedRecordCount"] for stats in result.stats) <= 15
    assert all(stats["recordCount"] == 0 for stats in result.stats)


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


def test_an_error_of_the_call_is_not_looked_for_in_its_rows(org: Org) -> None:
    at = {"api_name": "duplicate_check_fields", "json_path": "$.duplicate_check_fields[0]"}
    body = {"code": "INVALID_DATA", "message": "invalid data", "details": at, "status": "error"}
    org.fail("upsert", times=999, status=400, body=body)
    leads = stream("Leads", "Last_Name", "Email", mode="append_dedup", key="Email")

    result = org.write(leads, [{"Last_Name": "L", "Email": f"{n}@x.test"} for n in range(9)])

    assert "INVALID_DATA at $.duplicate_check_fields[0]" in result.sentence
    assert (org.calls("upsert"), result.states) == (1, [])


@pytest.mark.parametrize("part", ["$.data", "$.data[1].Email"])
def test_an_error_that_names_a_row_costs_that_row_alone(org: Org, part: str) -> None:
    body = {"code": "INVALID_DATA", "message": "m", "details": {"json_path": part}}
    org.fail("insert", times=2, status=400, body=body)  # of the call, and of its first half

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": "A"}, {"Last_Name": "B"}])

    assert result.counts() == {"created": 1, "rejected": 1}


REFUSED = {"code": "NO_PERMISSION", "message": "m", "details": {}, "status": "error"}


def test_halves_that_were_written_before_a_refusal_count_as_written(org: Org) -> None:
    body = {"code": "INVALID_DATA", "message": "m", "details": {}, "status": "error"}
    org.fail("insert", status=400, body=body)
    org.fail("insert", after=2, status=403, body=REFUSED)

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": f"N{n}"} for n in range(10)])

    assert result.failure
    assert result.said("10 rows = 5 created")
    assert result.said("5 without a known outcome")


def test_lost_rows_that_were_found_before_a_refusal_count_as_written(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    org.fail("insert", **FAILED)
    org.fail("insert", after=1, status=403, body=REFUSED)
    comes = ["A"]

    def pause(seconds: float) -> None:
        if comes:
            org.add("Leads", Last_Name=comes.pop())

    monkeypatch.setattr("time.sleep", pause)

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": "B"}, {"Last_Name": "A"}])

    assert result.failure
    # The one that is not there is sent again, and stands before the one that was found.
    assert result.said("2 rows = 1 created")


ODD = [
    ({"data": [{"id": "111111000000000001"}]}, 200),
    ({"data": []}, 200),
    ({"data": [{"code": "SUCCESS", "status": "success", "details": {"id": "1"}}] * 3}, 200),
    ({"data": {"code": "SUCCESS", "status": "success", "details": {"id": "1"}}}, 200),
    ([], 200),
    (None, 204),
    ("<html>Welcome</html>", 200),
    ("", 499),
    ({"data": [{"code": "INVALID_DATA", "status": "error", "details": {}}] * 3}, 400),
]


@pytest.mark.parametrize(("answer", "status"), ODD, ids=str)
@pytest.mark.parametrize(
    ("operation", "key", "becomes"),
    [("upsert", "Email", "updated"), ("update", "id", "updated"), ("delete", "id", "deleted")],
)
def test_a_call_whose_answer_has_no_outcomes_is_made_again(
    org: Org, operation: str, key: str, becomes: str, answer: object, status: int
) -> None:
    ids = [org.add("Leads", Last_Name=f"L{n}", Email=f"{n}@x.test") for n in range(2)]
    org.fail(operation, status=status, body=answer, done=True)
    rows = [{"id": one, "Last_Name": f"M{n}", "Email": f"{n}@x.test"} for n, one in enumerate(ids)]
    columns = {"upsert": ("Last_Name", "Email"), "update": ("id", "Last_Name"), "delete": ("id",)}
    mode = {"upsert": "append_dedup", "update": "update", "delete": "soft_delete"}

    result = org.write(stream("Leads", *columns[operation], mode=mode[operation], key=key), rows)

    assert result.failure is None
    assert result.counts() == {becomes: 2}
    left = {lead["id"]: lead["Last_Name"] for lead in org.records("Leads") if lead["id"] in ids}
    assert sorted(left.values()) == ([] if operation == "delete" else ["M0", "M1"])


@pytest.mark.parametrize("operation", ["upsert", "delete"])
def test_answers_that_never_have_outcomes_end_the_run_and_hold_its_state_back(
    org: Org, operation: str
) -> None:
    lead = org.add("Leads", Last_Name="L", Email="l@x.test")
    org.fail(operation, "body", times=99, body={"data": []})
    key, mode = {"upsert": ("Email", "append_dedup"), "delete": ("id", "soft_delete")}[operation]

    result = org.write(
        stream("Leads", key, "Last_Name", mode=mode, key=key),
        [{"id": lead, "Email": "l@x.test", "Last_Name": "M"}],
    )

    assert "and no outcome of each record. Try again later." in result.sentence
    assert result.states == []


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize(
    ("operation", "key", "becomes"),
    [("insert", None, "created"), ("upsert", "Email", "created"), ("update", "id", "updated")],
)
def test_a_call_that_is_too_large_is_made_in_halves(
    org: Org, operation: str, key: str | None, becomes: str, done: bool
) -> None:
    """So is each half; then all get through but the third row."""
    before = len(org.records("Leads"))
    org.fail(operation, times=2, status=413, body="<html>", done=done)
    org.fail(operation, times=9, status=413, body="<html>", where="huge", done=done)
    rows = [{"Last_Name": f"L{n}", "Email": f"{n}@x.test"} for n in range(8)]
    rows[2]["Last_Name"] = "huge"
    if operation == "update":
        ids = [org.add("Leads", Last_Name="old") for _ in rows]
        rows = [
            {"id": one, "Last_Name": row["Last_Name"]} for one, row in zip(ids, rows, strict=True)
        ]
        before += 8
    modes = {"insert": "append", "upsert": "append_dedup", "update": "update"}
    leads = stream("Leads", *rows[0], mode=modes[operation], key=key)

    result = org.write(leads, rows)

    counts = result.counts()
    assert result.failure is None
    assert sum(counts.values()) == 8
    if done and operation == "insert":
        assert counts == {"created": 8}
    else:
        assert counts["rejected"] == 1
        assert result.said("1 row with TOO_LARGE")
    names = [lead["Last_Name"] for lead in org.records("Leads")]
    assert [names.count(f"L{n}") for n in (0, 1, 3, 4, 5, 6, 7)] == [1] * 7
    new = {"insert": counts.get("created"), "upsert": 8 if done else 7, "update": 0}
    assert len(names) == before + (new[operation] or 0)
