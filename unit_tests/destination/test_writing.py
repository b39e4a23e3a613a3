"""Rows become records, over HTTP; the emulator's own records are the proof."""

import json

import pytest
import requests
from airbyte_cdk.models import AirbyteMessageSerializer, ConfiguredAirbyteCatalogSerializer

from destination_zoho_crm import DestinationZohoCrm
from unit_tests.destination.conftest import Org, mapping, row, state, stream

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


def test_a_match_by_another_field_than_the_key_is_told(org: Org) -> None:
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
    assert result.said("1 of 2 deletions found no record")
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
    assert result.said("1 rows by INVALID_DATA in Email")


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


def test_a_mapping_writes_columns_to_other_fields(org: Org) -> None:
    customers = stream("customers", "mail", "surname", "ignored", mode="append")
    mapped = mapping("customers", "Contacts", "upsert", "Email", mail="Email", surname="Last_Name")
    rows = [{"mail": "m@x.test", "surname": "S", "ignored": 1}]

    result = org.write(customers, rows, mappings=[mapped])

    assert result.counts() == {"created": 1}
    assert org.record("Contacts", Email="m@x.test")["Last_Name"] == "S"


def test_a_lookup_is_found_by_the_external_id_of_what_it_points_at(org: Org) -> None:
    account = org.add("Accounts", Account_Name="A", ERP_ID="e-1")
    contacts = stream("Contacts", "Last_Name", "Account_Name.ERP_ID")
    rows = [
        {"Last_Name": "Found", "Account_Name.ERP_ID": "e-1"},
        {"Last_Name": "Lost", "Account_Name.ERP_ID": "e-2"},
        {"Last_Name": "None", "Account_Name.ERP_ID": None},
    ]

    result = org.write(contacts, rows)

    assert result.counts() == {"created": 2, "rejected": 1}
    assert org.record("Contacts", Last_Name="Found")["Account_Name"]["id"] == account


def test_an_owner_is_found_by_e_mail(org: Org) -> None:
    leads = stream("Leads", "Last_Name", "Owner.email")
    rows = [
        {"Last_Name": "Owned", "Owner.email": "USER2@example.com"},
        {"Last_Name": "Orphan", "Owner.email": "nobody@example.com"},
        {"Last_Name": "Left", "Owner.email": "user5@example.com"},  # no longer active
    ]

    result = org.write(leads, rows)

    assert result.counts() == {"created": 1, "rejected": 2}
    assert org.record("Leads", Last_Name="Owned")["Owner"]["email"] == "user2@example.com"


@pytest.mark.parametrize("clears", [True, False])
def test_a_null_clears_only_if_the_connection_says_so(org: Org, clears: bool) -> None:
    lead = org.add("Leads", Last_Name="L", Company="C", Phone="123", Newsletter=True, Tag=[])
    leads = stream("Leads", "id", "Company", "Phone", "Newsletter", mode="update", key="id")

    org.write(
        leads,
        [{"id": lead, "Company": None, "Newsletter": None}],
        null_values="clear" if clears else "ignore",
    )

    record = org.record("Leads", id=lead)
    assert record["Company"] == (None if clears else "C")
    # A column that a row lacks changes nothing, and a checkbox cannot be empty.
    assert (record["Phone"], record["Newsletter"]) == ("123", True)


def test_a_blank_clears_nothing_even_where_nulls_do(org: Org) -> None:
    lead = org.add("Leads", Last_Name="L", Company="C", Interests=["Cloud"])
    leads = stream("Leads", "id", "Company", "Interests", mode="update", key="id")

    result = org.write(leads, [{"id": lead, "Company": "", "Interests": []}], null_values="clear")

    record = org.record("Leads", id=lead)
    assert result.counts() == {"unchanged": 1}
    assert (record["Company"], record["Interests"]) == ("C", ["Cloud"])


def test_the_ledger_of_the_run_is_zohos_own(org: Org) -> None:
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


def test_a_task_names_the_module_of_what_it_is_about(org: Org) -> None:
    account = org.records("Accounts")[0]["id"]
    row_ = {"Subject": "About", "What_Id": account, "$se_module": "Accounts"}

    result = org.write(stream("Tasks", *row_), [row_])

    assert result.counts() == {"created": 1}
    assert org.record("Tasks", Subject="About")["What_Id"]["id"] == account


@pytest.mark.parametrize("shown", ["id", "object"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_mapped_layout_is_written(org: Org, version: str, shown: str) -> None:
    """An id, or the object that records hold; v2 describes the field as a bigint."""
    layout = org.records("Contacts")[0]["Layout"]
    row_ = {"Last_Name": f"Laid out {shown}", "layout": layout["id"] if shown == "id" else layout}
    fields = {"Last_Name": "Last_Name", "layout": "Layout"}
    mapped = mapping("Contacts", "Contacts", "insert", **fields)

    result = org.write(stream("Contacts", *row_), [row_], schema_version=version, mappings=[mapped])

    assert result.counts() == {"created": 1}
    assert org.record("Contacts", Last_Name=row_["Last_Name"])["Layout"]["id"] == layout["id"]


def linked(org: Org, module: str, lead: str, other: str) -> list[str]:
    """The ids at the other ends of a lead's links."""
    links = [link for link in org.records(module) if (link["Leads"] or {}).get("id") == lead]
    return sorted(link[other]["id"] for link in links)


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_links_of_a_new_record_are_written(org: Org, version: str, mapped: bool) -> None:
    products = [product["id"] for product in org.records("Products")[:2]]
    column = "wanted" if mapped else "Products_Wanted"
    row_ = {"Last_Name": f"Linked {version} {mapped}", column: products}
    fields = [
        {"column": "Last_Name", "field": "Last_Name"},
        {"column": "wanted", "field": "Products_Wanted"},
    ]
    mapping = {"stream": "Leads", "module": "Leads", "operation": {"operation": "insert"}}
    mappings = [{**mapping, "fields": fields}] if mapped else []

    result = org.write(stream("Leads", *row_), [row_], schema_version=version, mappings=mappings)

    lead = org.record("Leads", Last_Name=row_["Last_Name"])["id"]
    assert result.counts() == {"created": 1}
    assert linked(org, "LeadsXProducts", lead, "Products") == sorted(products)


@pytest.mark.parametrize("version", ["v2.1", "v4", "v8"])
def test_links_to_users_are_written(org: Org, version: str) -> None:
    user = org.record("Leads", id=org.records("Leads")[0]["id"])["Owner"]["id"]
    row_ = {"Last_Name": f"Teamed {version}", "Team": [user]}

    result = org.write(stream("Leads", *row_), [row_], schema_version=version)

    lead = org.record("Leads", Last_Name=row_["Last_Name"])["id"]
    assert result.counts() == {"created": 1}
    assert linked(org, "Leads_X_Users", lead, "Users") == [user]


def test_links_whose_name_zoho_does_not_tell_are_refused_for_that_reason(org: Org) -> None:
    """v2 has no `multiuserlookup`."""
    row_ = {"Last_Name": "Teamed", "Team": ["1000000000000000001"]}
    mapped = mapping("Leads", "Leads", "insert", **{name: name for name in row_})

    result = org.write(stream("Leads", *row_), [row_], schema_version="v2", mappings=[mapped])

    assert "Zoho does not report by which name" in result.sentence
    assert "new records only" not in result.sentence


@pytest.mark.parametrize("version", VERSIONS)
def test_links_between_records_are_added_changed_and_deleted(org: Org, version: str) -> None:
    """The rows of a linking module are records like others."""
    name = "VehiclesXContacts"
    vehicle, *contacts = (
        org.add("Vehicles", Name="V"),
        *(r["id"] for r in org.records("Contacts")),
    )
    row_ = {"Vehicles": vehicle, "Contacts": contacts[0]}

    added = org.write(stream(name, *row_), [row_], schema_version=version)
    (link,) = (one for one in org.records(name) if one["Vehicles"]["id"] == vehicle)
    new = {"id": link["id"], "Contacts": contacts[1]}
    changed = org.update(name, new, schema_version=version)
    linked = org.record(name, id=link["id"])["Contacts"]["id"]
    gone = org.delete(name, new, schema_version=version)

    assert [result.counts() for result in (added, changed, gone)] == [
        {"created": 1},
        {"updated": 1},
        {"deleted": 1},
    ]
    assert linked == contacts[1]
    assert link["id"] not in {record["id"] for record in org.records(name)}
