"""Values of rows in Zoho: mapped columns, lookups, owners, nulls, layouts and links."""

import pytest

from unit_tests.destination.conftest import LEAD, Org, mapping, stream

VERSIONS = ("v2", "v2.1", "v4", "v8")


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


def test_links_whose_name_zoho_does_not_report_are_refused_for_that_reason(org: Org) -> None:
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


def test_values_come_back_as_they_were_sent(org: Org) -> None:
    """One of each type, through Zoho and back."""
    account = org.add("Accounts", Account_Name="A")
    sent = {
        **LEAD,
        "Website": "https://x.test",
        "Rating_Factor": 0.1234,
        "Discount": 12.5,
        "Interests": ["Cloud", "R&D, Labs"],
        "Related_To": account,
        "Tag": ["VIP"],
        "Description": 'Quotes " and \\ and\nlines, ünïcode ✓',
    }

    result = org.write(stream("Leads", *sent), [sent])

    assert result.counts() == {"created": 1}
    found = org.record("Leads", Email="l@x.test")
    came = {name: found[name] for name in sent}
    assert came.pop("Next_Call").startswith("2026-03-03T21:06:07")
    assert came.pop("Related_To")["id"] == account
    assert [tag["name"] for tag in came.pop("Tag")] == ["VIP"]
    assert came == {name: sent[name] for name in came}
