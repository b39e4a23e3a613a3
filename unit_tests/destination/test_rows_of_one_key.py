"""Rows that find the same record: their order, their values, and what becomes of each."""

import json
from pathlib import Path

import pytest

from unit_tests.destination.conftest import Org, row, state, stream


def test_of_rows_with_one_key_that_wait_together_the_last_value_is_written(org: Org) -> None:
    contacts = stream("Contacts", "Email", "Last_Name", mode="append_dedup", key="Email")
    rows = [
        {"Email": mail, "Last_Name": f"N{n}"}
        for n, mail in enumerate(["a@x.test", "A@X.test", "b@x.test", "a@x.test"])
    ]

    result = org.write(contacts, rows)

    assert result.counts() == {"created": 2, "superseded": 2}
    assert org.record("Contacts", Email="a@x.test")["Last_Name"] == "N3"


@pytest.mark.parametrize("apart", [True, False], ids=["a state between", "waiting together"])
@pytest.mark.parametrize("nulls", ["ignore", "clear"])
def test_a_column_that_a_later_row_lacks_keeps_its_value(org: Org, apart: bool, nulls: str) -> None:
    contacts = stream(
        "Contacts", "Email", "Last_Name", "Phone", "Title", mode="append_dedup", key="Email"
    )
    first, second = (
        row("Contacts", {"Email": "a@x.test", "Last_Name": "A", "Phone": "1", "Title": "T"}),
        row("Contacts", {"Email": "A@x.test", "Last_Name": "B", "Title": None}),
    )
    lines = [first, *([state("Contacts", 1)] if apart else []), second, state("Contacts", 2)]

    result = org.write_lines([contacts], lines, null_values=nulls)

    record = org.record("Contacts", Email="A@x.test")
    assert record["Last_Name"] == "B"
    assert record["Phone"] == "1"
    assert record["Title"] == ("T" if nulls == "ignore" else None)
    assert result.counts(state=-1) == ({"updated": 1} if apart else {"superseded": 1, "created": 1})


def test_where_zoho_rejects_what_waited_together_each_row_has_its_own_outcome(
    org: Org, tmp_path: Path
) -> None:
    """The good rows before and after a bad one are not lost, and their order holds."""
    leads = stream("Leads", "Email", "Last_Name", "Website", mode="append_dedup", key="Email")
    rows = [
        {"Email": "a@x.test", "Last_Name": "A1"},
        {"Email": "a@x.test", "Last_Name": "A2", "Website": "bad"},
        {"Email": "a@x.test", "Last_Name": "A3"},
        {"Email": "b@x.test", "Last_Name": "B1", "Website": "bad"},
        {"Email": "b@x.test", "Last_Name": "B2", "Website": "https://b.test"},
        {"Email": "c@x.test", "Last_Name": "C1"},
        {"Email": "c@x.test", "Last_Name": "C2", "Website": "bad"},
        {"Email": "d@x.test", "Last_Name": "D", "Website": "bad"},
    ]
    storage = {"storage_type": "Local", "folder": str(tmp_path)}

    result = org.write(leads, rows, object_storage_config=storage)

    (path,) = tmp_path.glob("*.jsonl")
    kept = [
        json.loads(line)["record"]["data"]["Last_Name"] for line in path.read_text().splitlines()
    ]
    assert result.counts() == {"created": 3, "updated": 1, "superseded": 1, "rejected": 3}
    assert sorted(kept) == ["A2", "C2", "D"]
    written = {r["Email"]: (r["Last_Name"], r["Website"]) for r in org.records("Leads")}
    assert written["a@x.test"] == ("A3", None)
    assert written["b@x.test"] == ("B2", "https://b.test")
    assert written["c@x.test"] == ("C1", None)
    assert "d@x.test" not in written


def test_a_key_that_comes_without_end_is_written_on_the_way(org: Org) -> None:
    """Its rows are held until they have an outcome, so they must not heap up."""
    contacts = stream("Contacts", "Email", "Last_Name", mode="append_dedup", key="Email")

    result = org.write(contacts, ({"Email": "a@x.test", "Last_Name": f"{n}"} for n in range(1_501)))

    assert result.counts() == {"created": 1, "updated": 3, "superseded": 1_497}
    assert org.record("Contacts", Email="a@x.test")["Last_Name"] == "1500"


@pytest.mark.parametrize(
    ("module", "mode", "key", "name"),
    [
        ("Accounts", "append_dedup", "Account_Name", "Phone"),
        ("Vehicles", "update", "Plate", "Name"),
    ],
    ids=["upsert", "update"],
)
def test_keys_that_zoho_distinguishes_are_keys_of_two_rows(
    org: Org, module: str, mode: str, key: str, name: str
) -> None:
    """Case alone makes no difference; a sharp s does."""
    keys = ["Straße", "Strasse"]
    if mode == "update":
        for plate in keys:
            org.add(module, Name="old", Plate=plate)
    rows = [{key: value, name: f"{n}"} for n, value in enumerate(keys)]

    result = org.write(stream(module, key, name, mode=mode, key=key), rows)

    assert result.counts() == {{"append_dedup": "created", "update": "updated"}[mode]: 2}
    assert [org.record(module, **{key: value})[name] for value in keys] == ["0", "1"]


def test_rows_with_one_key_in_several_batches_are_written_in_their_order(org: Org) -> None:
    # The first call is the last to end, unless the others wait for it.
    org.fail("upsert", "delay", seconds=0.5)
    contacts = stream("Contacts", "Email", "Last_Name", mode="append_dedup", key="Email")
    rows = [
        {"Email": mail, "Last_Name": f"N{round_}"}
        for round_ in range(6)
        for mail in ["same@x.test", *(f"{round_}-{n}@x.test" for n in range(99))]
    ]

    result = org.write(contacts, rows)

    assert result.counts() == {"created": 595, "updated": 5}
    assert org.record("Contacts", Email="same@x.test")["Last_Name"] == "N5"


def test_rows_whose_keys_differ_by_blanks_keep_their_order(org: Org) -> None:
    """Zoho may trim them."""
    org.knobs(trim_text=True)
    org.fail("upsert", "delay", seconds=0.5)
    accounts = stream("Accounts", "Account_Name", "Phone", mode="append_dedup", key="Account_Name")
    lines = []
    for n, name in enumerate(("Key ", "Key")):
        lines += [row("Accounts", {"Account_Name": name, "Phone": f"{n}"}), state("Accounts", n)]

    result = org.write_lines([accounts], lines)
    org.knobs(trim_text=False)

    assert [result.counts(state=n) for n in range(2)] == [{"created": 1}, {"updated": 1}]
    assert org.record("Accounts", Account_Name="Key")["Phone"] == "1"


def test_rows_whose_keys_differ_by_blanks_keep_their_order_when_they_wait_together(
    org: Org,
) -> None:
    org.knobs(trim_text=True)
    accounts = stream("Accounts", "Account_Name", "Phone", mode="append_dedup", key="Account_Name")
    names = ("Key", "Key ", "Key", "Other")
    rows = [{"Account_Name": name, "Phone": f"{n}"} for n, name in enumerate(names)]

    result = org.write(accounts, rows)
    org.knobs(trim_text=False)

    assert result.counts() == {"created": 2, "updated": 2}
    assert org.record("Accounts", Account_Name="Key")["Phone"] == "2"


def test_a_key_that_finds_no_record_costs_one_call_for_all_of_its_rows(org: Org) -> None:
    contacts = stream("Contacts", "id", "Phone", mode="update", key="id")
    rows = [{"id": "8009622009999999999", "Phone": f"{n}"} for n in range(300)]

    result = org.write(contacts, rows)

    assert result.counts() == {"rejected": 300}
    assert org.calls("update") == 1


def test_one_bad_row_among_many_of_a_key_costs_few_calls(org: Org) -> None:
    leads = stream("Leads", "Email", "Last_Name", "Website", mode="append_dedup", key="Email")
    rows = [{"Email": "a@x.test", "Last_Name": f"N{n}"} for n in range(200)]
    rows[150] |= {"Website": "bad"}

    result = org.write(leads, rows)

    assert result.counts()["rejected"] == 1
    assert org.record("Leads", Email="a@x.test")["Last_Name"] == "N199"
    assert org.calls("upsert") <= 20
