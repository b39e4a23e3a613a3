"""Rows that waited on disk keep what rows of batches do: their order and their outcomes."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from unit_tests.destination.conftest import Org, row, state, stream
from unit_tests.destination.spooled import (
    INSERTED,
    SPOOLS,
    WAYS,
    fill_at,
    ids,
    lead,
    leads,
    write,
)

#: A user who is not there, which only Zoho knows.
NOBODY = "8009622000000999999"


def test_rows_of_one_key_keep_their_order_over_chunks_and_calls(
    bulk: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks are written at a time, and the last rows by calls; each later value wins."""
    fill_at(monkeypatch, 120)
    bulk.fail("bulk_write.create", "delay", seconds=1.0)
    rounds = ["first", "second", "third"]
    lines = [
        line
        for n, name in enumerate(rounds)
        for line in (*leads(120, 0 if n else 60, name), state("Leads", n))
    ]

    result = write(bulk, [*lines, *leads(30, 60, "last"), state("Leads", 9)])

    assert ids(result) == [0, 1, 2, 9]
    names = {one["Email"]: one["Last_Name"] for one in bulk.records("Leads")}
    assert [names[f"n{n}@x.test"] for n in (0, 59, 60, 89, 90, 119, 120, 179)] == [
        *["third"] * 2,
        *["last"] * 2,
        *["third"] * 2,
        *["first"] * 2,
    ]
    assert bulk.calls("bulk_write.create") == 3
    assert bulk.calls("upsert") == 1


def test_chunks_without_a_common_key_do_not_wait_for_each_other(
    bulk: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_at(monkeypatch, 110)
    bulk.knobs(bulk_write_job_seconds=3)
    seen: list[tuple[int, int]] = []

    def lines() -> Iterator[bytes]:
        yield from leads(330)
        for _ in range(100):
            calls = bulk.calls("bulk_write.create"), bulk.calls("bulk_write.result")
            if calls[0] == 3:
                break
            time.sleep(0.05)
        seen.append(calls)
        yield state("Leads")

    result = write(bulk, lines())

    assert seen == [(3, 0)]
    assert result.counts() == {"created": 330}


def test_rows_of_one_key_in_a_chunk_become_one_record(bulk: Org) -> None:
    twice = [*leads(110, name="First"), *leads(110, name="Second")]

    result = write(bulk, [*twice, state("Leads")])

    assert result.counts() == {"created": 110, "superseded": 110}
    assert {one["Last_Name"] for one in bulk.records("Leads") if one["Company"] == "C"} == {
        "Second"
    }


def test_a_bad_row_among_rows_of_one_key_costs_itself_alone(bulk: Org, tmp_path: Path) -> None:
    lines = [
        lead(n, name, **({"Owner": NOBODY} if n == 7 and name == "B" else {}))
        for n in range(110)
        for name in "AB"
    ]
    kept = {"storage_type": "Local", "folder": str(tmp_path)}

    result = write(bulk, [*lines, state("Leads")], object_storage_config=kept)

    assert result.counts() == {"created": 110, "superseded": 109, "rejected": 1}
    assert bulk.record("Leads", Email="n7@x.test")["Last_Name"] == "A"
    (path,) = tmp_path.iterdir()
    (line,) = path.read_bytes().splitlines()
    found = json.loads(line)
    assert found["record"] == json.loads(lines[15])["record"]
    assert found["rejected"]["key_value"] == "n7@x.test"


@WAYS
def test_rejected_rows_are_kept_as_they_came(bulk: Org, tmp_path: Path, method: str) -> None:
    """Also those that Zoho rejects, long after their lines were read."""
    odd = b'{"type":"RECORD","record":{"stream":"Leads", "data":{"Last_Name":"\\u00e9", "n":1.50}}}'
    lines = [*(row("Leads", {"Last_Name": f"L{n}", "Company": "C"}) for n in range(150)), odd]
    kept = {"storage_type": "Local", "folder": str(tmp_path)}

    result = bulk.write_lines(
        [INSERTED],
        [*lines, state("Leads")],
        write_method=method,
        object_storage_config=kept,
        **SPOOLS,
    )

    # The layout makes the company mandatory for a job only.
    rejected = 1 if method == "Bulk" else 0
    assert result.counts().get("rejected", 0) == rejected
    assert sum(result.counts().values()) == 151
    if rejected:
        (path,) = tmp_path.iterdir()
        assert b'"record":{"stream":"Leads", "data":{"Last_Name":"\\u00e9", "n":1.50}}' in (
            path.read_bytes()
        )


def test_too_many_rejected_rows_of_a_chunk_end_the_run(bulk: Org) -> None:
    bad = [lead(n, Owner=NOBODY) for n in range(150)]

    result = write(bulk, [*bad, state("Leads")], max_rejected=10)

    assert "150 of 150 rows were rejected" in result.sentence


@pytest.mark.parametrize("rows", [150, 90], ids=["a job", "calls"])
def test_rows_that_name_records_are_written_after_these(bulk: Org, rows: int) -> None:
    """The accounts go by calls, as contacts of the same sync name them."""
    accounts = stream("Accounts", "Account_Name")
    contacts = stream("Contacts", "Last_Name", "Account_Name.Account_Name")
    bulk.fail("insert:Accounts", "delay", times=99, seconds=0.5)
    lines = []
    for n in range(rows):
        lines.append(row("Accounts", {"Account_Name": f"Acme {n}"}))
        named = {"Last_Name": f"Nowak {n}", "Account_Name.Account_Name": f"Acme {n}"}
        lines.append(row("Contacts", named))

    result = bulk.write_lines(
        [accounts, contacts],
        [*lines, state("Accounts"), state("Contacts")],
        write_method="Bulk",
        **SPOOLS,
    )

    assert [result.counts(state=n) for n in (0, 1)] == [{"created": rows}] * 2
    ids_ = {one["Account_Name"]: one["id"] for one in bulk.records("Accounts")}
    found = {one["Last_Name"]: one["Account_Name"] for one in bulk.records("Contacts")}
    assert all(found[f"Nowak {n}"]["id"] == ids_[f"Acme {n}"] for n in range(rows))
    assert bulk.calls("bulk_write.create:Contacts") == (rows > 100)
    assert bulk.calls("bulk_write.create:Accounts") == 0


def test_a_row_whose_record_is_not_found_costs_itself_alone(bulk: Org) -> None:
    contacts = stream("Contacts", "Last_Name", "Account_Name.Account_Name")
    bulk.add("Accounts", Account_Name="Acme")
    lines = [
        row("Contacts", {"Last_Name": f"N{n}", "Account_Name.Account_Name": "Acme" if n else "No"})
        for n in range(120)
    ]

    result = bulk.write_lines(
        [contacts], [*lines, state("Contacts")], write_method="Bulk", **SPOOLS
    )

    assert result.counts() == {"created": 119, "rejected": 1}
    assert bulk.calls("bulk_write.create") == 1
