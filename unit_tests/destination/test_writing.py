"""Rows become records, over HTTP; the emulator's own records are the proof."""

import json

import pytest
import requests
from airbyte_cdk.models import AirbyteMessageSerializer, ConfiguredAirbyteCatalogSerializer

from destination_zoho_crm import DestinationZohoCrm
from unit_tests.destination.conftest import Org, row, state, stream

VERSIONS = ("v2", "v2.1", "v4", "v8")
WITH_EXTERNAL = VERSIONS[1:]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_insert_adds_a_record_per_row(org: Org, version: str) -> None:
    leads = stream("Leads", "Last_Name", "Company")
    rows = [{"Last_Name": "Ada", "Company": "X"}, {"Last_Name": "Bob"}]

    result = org.write(leads, rows, schema_version=version)

    assert result.failure is None
    assert result.counts() == {"created": 2}
    assert org.record("Leads", Last_Name="Ada")["Company"] == "X"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upsert_changes_what_the_key_finds_and_adds_the_rest(org: Org, version: str) -> None:
    there = org.add("Contacts", Last_Name="Old", Email="a@x.test")
    contacts = stream(
        "people", "Email", "Last_Name", mode="append_dedup", key="Email", into="Contacts"
    )
    rows = [{"Email": "a@x.test", "Last_Name": "New"}, {"Email": "b@x.test", "Last_Name": "B"}]

    result = org.write(contacts, rows, schema_version=version)

    assert result.counts() == {"created": 1, "updated": 1}
    assert org.record("Contacts", Email="a@x.test")["id"] == there
    assert org.record("Contacts", Email="a@x.test")["Last_Name"] == "New"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", ["Name", "Plate"])
def test_the_chosen_key_of_an_upsert_governs(org: Org, version: str, key: str) -> None:
    """Two records, one that matches by each field; a unique field cannot be switched off."""
    org.add("Vehicles", Name="Same", Remarks="by name")
    org.add("Vehicles", Name="Other", Plate="P-1", Remarks="by plate")
    vehicles = stream("Vehicles", "Name", "Plate", "Remarks", mode="append_dedup", key=key)
    # Plate is no more than a new value where the name is the key.
    row = {"Name": "Same", "Plate": "P-1" if key == "Plate" else "P-2", "Remarks": "written"}

    result = org.write(vehicles, [row], schema_version=version)

    assert result.counts() == {"updated": 1}
    left = {"Name": "by plate", "Plate": "by name"}[key]
    assert {record["Remarks"] for record in org.records("Vehicles")} >= {"written", left}


def test_a_match_by_another_field_than_the_key_is_reported(org: Org) -> None:
    org.add("Vehicles", Name="Other", Plate="P-1")
    vehicles = stream("Vehicles", "Name", "Plate", mode="append_dedup", key="Name")

    result = org.write(vehicles, [{"Name": "Unknown", "Plate": "P-1"}])

    assert result.counts() == {"updated": 1}
    assert result.said("1 row changed a record that Plate found, not the key")


@pytest.mark.parametrize("version", VERSIONS)
def test_an_update_by_id_changes_that_record_alone(org: Org, version: str) -> None:
    one, other = (org.add("Leads", Last_Name="L", Company="old") for _ in range(2))
    leads = stream("Leads", "id", "Company", mode="update", key="id")
    rows = [{"id": one, "Company": "new"}, {"id": "9" * 19, "Company": "none"}]

    result = org.write(leads, rows, schema_version=version)

    assert result.counts() == {"updated": 1, "rejected": 1}
    assert org.record("Leads", id=one)["Company"] == "new"
    assert org.record("Leads", id=other)["Company"] == "old"


@pytest.mark.parametrize("version", WITH_EXTERNAL)
def test_an_update_by_external_id_changes_that_record_and_adds_none(org: Org, version: str) -> None:
    one = org.add("Accounts", Account_Name="A", ERP_ID="e-1")
    before = len(org.records("Accounts"))
    accounts = stream("erp", "ERP_ID", "Phone", mode="update", key="ERP_ID", into="Accounts")
    rows = [{"ERP_ID": "e-1", "Phone": "123"}, {"ERP_ID": "e-2", "Phone": "456"}]

    result = org.write(accounts, rows, schema_version=version)

    assert result.counts() == {"updated": 1, "rejected": 1}
    assert org.record("Accounts", id=one)["Phone"] == "123"
    assert len(org.records("Accounts")) == before


@pytest.mark.parametrize("version", VERSIONS)
def test_a_delete_by_id_deletes_that_record_alone(org: Org, version: str) -> None:
    one, other = (org.add("Leads", Last_Name="L") for _ in range(2))
    leads = stream("gone", "id", mode="soft_delete", key="id", into="Leads")

    result = org.write(leads, [{"id": one}, {"id": "9" * 19}], schema_version=version)

    assert result.counts() == {"deleted": 2}
    assert result.said("1 of 2 deletions found no record: it was deleted before, or never there.")
    ids = {record["id"] for record in org.records("Leads")}
    assert one not in ids
    assert other in ids


@pytest.mark.parametrize("version", WITH_EXTERNAL)
def test_a_delete_by_external_id_deletes_that_record_alone(org: Org, version: str) -> None:
    org.add("Vehicles", Name="A", Plate="P 1/ü")
    other = org.add("Vehicles", Name="B", Plate="P-2")
    gone = stream("gone", "Plate", mode="soft_delete", key="Plate", into="Vehicles")

    result = org.write(gone, [{"Plate": "P 1/ü"}, {"Plate": "a,b"}], schema_version=version)

    assert result.counts() == {"deleted": 1, "rejected": 1}
    plates = {record["Plate"] for record in org.records("Vehicles")}
    assert "P 1/ü" not in plates
    assert org.record("Vehicles", Plate="P-2")["id"] == other


@pytest.mark.parametrize("letter", ["a", "ü", "車", "😀"])
def test_addresses_of_deletions_stay_short_whatever_the_letters_of_their_keys(
    org: Org, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    real, lengths = requests.Session.send, []

    def send(
        self: requests.Session, request: requests.PreparedRequest, **more: object
    ) -> requests.Response:
        if request.method == "DELETE":
            lengths.append(len(request.url or ""))
        return real(self, request, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "send", send)
    plates = [f"{letter * 18}{n:02}" for n in range(100)]
    gone = stream("gone", "Plate", mode="soft_delete", key="Plate", into="Vehicles")

    result = org.write(gone, [{"Plate": plate} for plate in plates])

    assert result.counts() == {"deleted": 100}
    assert max(lengths) < 4_200
    assert len(lengths) < 8


@pytest.mark.parametrize(
    ("module", "row"),
    [
        ("Tasks", {"Subject": "Call back"}),
        (
            "Events",
            {
                "Event_Title": "E",
                "Start_DateTime": "2026-01-01T08:00:00Z",
                "End_DateTime": "2026-01-01T09:00:00Z",
            },
        ),
        (
            "Calls",
            {
                "Subject": "C",
                "Call_Type": "Outbound",
                "Call_Start_Time": "2026-01-01T08:00:00Z",
                "Call_Duration": "10:00",
            },
        ),
        ("Campaigns", {"Campaign_Name": "N"}),
        ("Solutions", {"Solution_Title": "N"}),
        ("Cases", {"Subject": "N", "Case_Origin": "Email", "Status": "New"}),
        ("Products", {"Product_Name": "N"}),
        ("Vendors", {"Vendor_Name": "N"}),
        ("Deals", {"Deal_Name": "N", "Stage": "Qualification"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_records_of_other_modules_are_added_changed_and_deleted(
    org: Org, module: str, row: dict[str, str]
) -> None:
    added = org.write(stream(module, *row), [row])
    name = next(iter(row))
    record_id = org.record(module, **{name: row[name]})["id"]
    changed = org.write(
        stream(module, "id", name, mode="update", key="id"), [{"id": record_id, name: "Changed"}]
    )
    text = org.record(module, id=record_id)[name]
    deleted = org.write(stream(module, "id", mode="soft_delete", key="id"), [{"id": record_id}])

    assert [r.counts() for r in (added, changed, deleted)] == [
        {"created": 1},
        {"updated": 1},
        {"deleted": 1},
    ]
    assert text == "Changed"
    assert record_id not in {record["id"] for record in org.records(module)}


def test_250_rows_go_in_three_calls(org: Org) -> None:
    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": f"L{n}"} for n in range(250)])

    assert result.counts() == {"created": 250}
    assert org.calls("insert") == 3
    assert result.said("250 rows = 250 created")
    assert result.said("3 calls, 25 credits")


def test_a_bad_row_does_not_sink_the_other_99(org: Org) -> None:
    rows = [
        {"Last_Name": f"L{n}", "Email": "no address" if n == 42 else f"{n}@x.test"}
        for n in range(100)
    ]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows)

    assert result.counts() == {"created": 99, "rejected": 1}
    assert result.said("1 row with INVALID_DATA in Email")


@pytest.mark.parametrize("status", [200, 202, 207, 400])
def test_outcomes_are_by_position_whatever_the_status(org: Org, status: int) -> None:
    org.knobs(some_failed_status=status)
    rows = [{"Last_Name": "first"}, {"Last_Name": "second", "Email": "bad"}, {"Last_Name": "third"}]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows)
    org.knobs(some_failed_status=0)

    assert result.counts() == {"created": 2, "rejected": 1}
    assert {"first", "third"} <= {record["Last_Name"] for record in org.records("Leads")}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_call_whose_rows_all_fail_is_no_failure_of_the_run(org: Org, version: str) -> None:
    rows = [{"Last_Name": "L", "Email": "bad"}] * 3

    result = org.write(stream("Leads", "Last_Name", "Email"), rows, schema_version=version)

    assert result.failure is None
    assert result.counts() == {"rejected": 3}


def test_the_usage_of_the_run_is_zohos_own(org: Org) -> None:
    before = org.control("GET", "usage")
    contacts = stream("Contacts", "Email", "Last_Name", mode="append_dedup", key="Email")

    result = org.write(contacts, [{"Email": f"{n}@x.test", "Last_Name": "L"} for n in range(131)])

    after = org.control("GET", "usage")
    calls = {name: n for name, n in after["calls"].items() if ":" not in name and name != "token"}
    assert result.said(f"{after['credits'] - before['credits']} credits in all")
    assert result.said(f"Cost: {sum(calls.values())} calls")
    assert result.said("2 calls, 14 credits")
    assert org.fired()


def test_the_destination_writes_for_callers_within_python(org: Org) -> None:
    catalog = {"streams": [stream("Leads", "Last_Name")]}
    lines = [row("Leads", {"Last_Name": "L"}), state("Leads")]

    results = DestinationZohoCrm().write(
        org.config,
        ConfiguredAirbyteCatalogSerializer.load(catalog),
        (AirbyteMessageSerializer.load(json.loads(line)) for line in lines),
    )

    (message,) = results
    assert message.state
    assert message.state.destinationStats
    assert message.state.destinationStats.recordCount == 1.0
    assert org.record("Leads", Last_Name="L")


@pytest.mark.parametrize(("trial_until", "writers"), [("", 8), ("2020-01-01T00:00:00Z", 5)])
def test_so_many_batches_are_written_at_a_time_as_the_edition_allows(
    org: Org, trial_until: str, writers: int
) -> None:
    """An org whose trial has ended has the Free edition."""
    org.knobs(latency_ms=200, trial_until=trial_until)

    result = org.write(stream("Leads", "Last_Name"), ({"Last_Name": str(n)} for n in range(1_600)))
    usage = org.control("GET", "usage")
    org.knobs(latency_ms=0, trial_until="")

    assert result.counts() == {"created": 1_600}
    assert usage["max_concurrency"] == writers
