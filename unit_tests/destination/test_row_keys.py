"""Keys of rows that are spelled otherwise than the catalog's columns."""

import json
from pathlib import Path

import pytest

from unit_tests.destination.conftest import Json, Org, mapping, row, state, stream


def test_keys_of_rows_may_be_spelled_otherwise_than_the_catalog(org: Org) -> None:
    there = org.add("Contacts", Last_Name="Old")
    contacts = stream("Contacts", "id", "Last_Name", "Email", mode="update", key="id")
    data = {"ID": there, "last_name": "Ada", "e_mail": "a@example.com", "_airbyte_meta": {}}

    result = org.write(contacts, [data, data | {"last_name": "Eve"}])

    assert org.emails("Eve") == {"Eve": "a@example.com"}
    assert result.said("columns that the catalog does not know, which are left out: _airbyte_meta.")


def test_a_rejected_row_is_kept_with_its_key_however_it_is_spelled(
    org: Org, tmp_path: Path
) -> None:
    columns = ("Email", "Last_Name", "Date_of_Birth")
    contacts = stream("Contacts", *columns, mode="append_dedup", key="Email")
    data = {"e_mail": "a@example.com", "last_name": "Ada", "date_of_birth": "yesterday"}
    kept = {"storage_type": "Local", "folder": str(tmp_path)}

    result = org.write(contacts, [data], object_storage_config=kept)

    (path,) = tmp_path.iterdir()
    line = json.loads(path.read_text())
    assert result.counts() == {"rejected": 1}
    assert line["record"]["data"] == data
    assert (line["rejected"]["key_value"], line["rejected"]["field"]) == (
        "a@example.com",
        "Date_of_Birth",
    )


def test_keys_of_rows_are_known_as_pyairbyte_writes_them(org: Org) -> None:
    boss = org.add("Contacts", Last_Name="Boss", External_Contact_ID="b-1")
    columns = ("name (full)", "e-mail", "Reporting_To.External_Contact_ID")
    fields = ("Last_Name", "Email", columns[2])
    mapped = mapping("c", "Contacts", "insert", **dict(zip(columns, fields, strict=True)))
    data = {
        "name__full_": "Ada",
        "e_mail": "a@example.com",
        "reporting_to_external_contact_id": "b-1",
    }

    org.write(stream("c", *columns), [data], mappings=[mapped])

    assert org.emails("Ada") == {"Ada": "a@example.com"}
    assert org.record("Contacts", Last_Name="Ada")["Reporting_To"]["id"] == boss


def test_a_key_of_a_row_that_the_catalog_does_not_know_is_reported_once(org: Org) -> None:
    rows: list[Json] = [
        {"Last_Name": "A", "Company": "C", "Phone": "1"},
        {"Last_Name": "B", "Company": "C", "Phone": "1", "Fax": "2"},
        {"Last_Name": "C", "Company": "C", "Fax": "2"},
    ]

    result = org.write(stream("Leads", "Last_Name", "Company"), rows)

    assert result.counts() == {"created": 3}
    said = result.said("the rows have columns that the catalog does not know")
    assert [line.rpartition(": ")[2] for line in said] == ["Phone.", "Fax."]


@pytest.mark.parametrize(
    ("data", "mail", "said"),
    [
        ({"Email": "a@example.com", "email": "b@example.com"}, "a@example.com", "email"),
        ({"EMAIL": "a@example.com", "email": "b@example.com"}, None, "EMAIL"),
    ],
    ids=["exact", "none exact"],
)
def test_two_keys_of_a_row_for_one_column_are_reported(
    org: Org, data: Json, mail: str | None, said: str
) -> None:
    result = org.write(stream("Contacts", "Last_Name", "Email"), [{"Last_Name": "A", **data}] * 2)

    assert org.records("Contacts")[-1]["Email"] == mail
    assert len(result.said(f"the rows' column {said} is left out: it fits Email of the")) == 1


def test_a_key_of_a_row_that_fits_two_columns_is_reported(org: Org) -> None:
    contacts = stream("Contacts", "Last_Name", "Email", "E_MAIL")

    result = org.write(contacts, [{"Last_Name": "A", "email": "a@example.com"}])

    assert len(result.said("column email is left out: it fits Email and E_MAIL of the")) == 1


def test_keys_that_never_end_are_not_all_reported(org: Org) -> None:
    rows = [{"Last_Name": "A", "Company": "C", f"key {n}": "x"} for n in range(150)]
    lines = [row("Leads", data) for data in rows]

    result = org.write_lines([stream("Leads", "Last_Name", "Company")], [*lines, state("Leads")])

    assert result.counts() == {"created": 150}
    assert len(result.said("the catalog does not know")) == 100
    assert len(result.said("No more of them are named")) == 1
    assert not result.said("key 149")
