"""Columns meet fields and rows meet columns, however they are spelled."""

import pytest

from unit_tests.destination.conftest import Org, mapping, stream

MARK = "_ab_cdc_deleted_at"


@pytest.mark.parametrize("names", [("last_name", "EMAIL"), ("LASTNAME", "e mail")], ids=" ".join)
def test_columns_that_differ_in_spelling_only_are_written(org: Org, names: tuple[str, str]) -> None:
    name, mail = names

    result = org.write(stream("Contacts", *names), [{name: "Ada", mail: "ada@example.com"}])

    assert org.emails("Ada") == {"Ada": "ada@example.com"}
    assert result.said(f"Plan: Contacts -> Contacts: insert; {name} -> Last_Name, {mail} -> Email")
    assert not result.said("left out")


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_a_key_is_found_however_it_is_spelled(org: Org, version: str) -> None:
    there = org.add("Contacts", Last_Name="Ada", Email="ada@example.com")
    columns = ("ID", "email", "last_name")
    update = stream("Contacts", *columns, mode="update", key="ID")
    upsert = stream("Contacts", *columns[1:], mode="append_dedup", key="email")
    mapped = stream("people", *columns[1:])
    by_mail = mapping("people", "Contacts", "upsert", "e_mail")

    first = org.write(
        update, [{"ID": there, "email": "a@example.com", "last_name": "B"}], schema_version=version
    )
    second = org.write(
        upsert, [{"email": "a@example.com", "last_name": "C"}], schema_version=version
    )
    third = org.write(
        mapped,
        [{"email": "a@example.com", "last_name": "D"}],
        mappings=[by_mail],
        schema_version=version,
    )

    assert [one.counts() for one in (first, second, third)] == [{"updated": 1}] * 3
    assert org.record("Contacts", id=there)["Last_Name"] == "D"
    assert first.said("update by id; ID -> id, email -> Email")


def test_an_external_id_is_found_however_it_is_spelled(org: Org) -> None:
    boss = org.add("Contacts", Last_Name="Boss", External_Contact_ID="b-1")
    contact = org.add("Contacts", Last_Name="Ada", External_Contact_ID="c-1")
    key, path = "external_contact_id", "reporting_to.externalContactId"
    contacts = stream("Contacts", key, path, "owner.Email", mode="update", key=key)

    result = org.write(contacts, [{key: "c-1", path: "b-1"}])

    assert result.counts() == {"updated": 1}
    assert org.record("Contacts", id=contact)["Reporting_To"]["id"] == boss
    (plan,) = result.said("Plan: Contacts -> ")
    assert f"{path} -> Reporting_To.External_Contact_ID, owner.Email -> Owner.email" in plan


def test_a_delete_stream_knows_its_key_and_the_mark_however_they_are_spelled(org: Org) -> None:
    gone, kept = (org.add("Leads", Last_Name=name) for name in ("Gone", "Kept"))
    leads = stream("Leads", "Id", MARK.upper(), mode="soft_delete", key="Id")

    result = org.write(
        leads, [{"Id": gone, MARK.upper(): "2026-01-01"}, {"Id": kept, MARK.upper(): None}]
    )

    assert result.counts() == {"deleted": 1, "rejected": 1}
    assert {gone, kept} & {record["id"] for record in org.records("Leads")} == {kept}


def test_a_row_that_was_deleted_at_its_source_is_known_however_its_mark_is_spelled(
    org: Org,
) -> None:
    leads = stream("Leads", "Last_Name", "Company", MARK.upper())

    result = org.write(leads, [{"Last_Name": "A", "Company": "C", MARK.upper(): "2026-01-01"}])

    assert result.counts() == {"rejected": 1}
    assert result.said("DELETED_AT_SOURCE")


def test_what_an_activity_is_about_may_come_from_a_table(org: Org) -> None:
    account = org.add("Accounts", Account_Name="A")
    tasks = stream("Tasks", "Subject", "what_id", "_se_module")

    org.write(tasks, [{"Subject": "T", "what_id": account, "_se_module": "Accounts"}])

    assert org.record("Tasks", Subject="T")["What_Id"]["id"] == account


def test_of_two_columns_for_one_field_the_exact_one_is_written(org: Org) -> None:
    contacts = stream("Contacts", "last_name", "email", "Last_Name", "Email")
    data = {"Last_Name": "Ada", "last_name": "ada", "Email": "a@example.com", "email": "b"}

    result = org.write(contacts, [data])

    assert org.emails("Ada") == {"Ada": "a@example.com"}
    assert len(result.said("the column email is left out: Email goes to Email.")) == 1


def test_of_two_columns_that_fit_a_field_but_for_spelling_none_is_written(org: Org) -> None:
    contacts = stream("Contacts", "Last_Name", "email", "EMAIL")

    result = org.write(contacts, [{"Last_Name": "Ada", "email": "a@example.com", "EMAIL": "b"}])

    assert org.emails("Ada") == {"Ada": None}
    assert result.said("the column email is left out: EMAIL would go to Email, too; map the one")
    assert result.said("the column EMAIL is left out: email would go to Email, too; map the one")


def test_a_key_that_two_columns_fit_is_refused_with_the_reason(org: Org) -> None:
    contacts = stream("Contacts", "Last_Name", "email", "EMAIL", mode="append_dedup", key="email")

    result = org.write(contacts, [])

    assert result.sentence == (
        "Contacts: no column goes to Email, by which its records are found; email and EMAIL would "
        "go to it: map the one that is meant."
    )


def test_a_column_that_fits_two_fields_is_left_out(org: Org) -> None:
    for name in ("Zone_Code", "zone_code"):
        org.control("POST", "fields/Contacts", {"api_name": name, "data_type": "text"})
    contacts = stream("Contacts", "Last_Name", "ZONE_CODE")

    result = org.write(contacts, [{"Last_Name": "Ada", "ZONE_CODE": "x"}])

    assert result.counts() == {"created": 1}
    assert result.said("ZONE_CODE is left out: ZONE_CODE fits Zone_Code and zone_code of Contacts")


@pytest.mark.parametrize(
    ("column", "field", "why"),
    [
        ("files", "Documents", "it holds files, and files cannot be written"),
        ("photo", "Record_Image", "it is a profileimage, which Zoho takes by a call of its own"),
        ("made", "Created_Time", "Created_Time is read-only"),
        ("other", "Nonsense", "Leads has no field Nonsense"),
        ("boss", "Owner.phone", "Owner of Leads is not found by phone; write ids, or Owner.email"),
    ],
    ids=["files", "photo", "read-only", "no field", "no part"],
)
def test_a_column_that_cannot_be_written_is_an_error_where_it_is_mapped_and_else_left_out(
    org: Org, column: str, field: str, why: str
) -> None:
    mapped = mapping("a", "Leads", "insert", name="Last_Name", **{column: field})
    there = stream("Leads", "Last_Name", field)

    refused = org.write(stream("a", "name", column), [], mappings=[mapped])
    left_out = org.write(there, [{"Last_Name": "A", field: "x"}])

    assert f"the column {column} cannot be written: {why}" in refused.sentence
    assert left_out.counts() == {"created": 1}
    assert len(left_out.said(f"the column {field} is left out: {why}")) == 1


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("Emial", "Contacts has no field Emial; did you mean Email?"),
        ("Acount_Name.id", "Contacts has no field Acount_Name.id; did you mean Account_Name.id?"),
        ("Reporting_To.Extern_Contact_ID", "; did you mean External_Contact_ID?"),
        ("Shoe_Size_EU", "Contacts has no field Shoe_Size_EU."),
        ("e-mail", "Contacts has no field e-mail; did you mean Email?"),
        ("$Email", "Contacts has no field $Email; did you mean Email?"),
    ],
)
def test_a_column_that_meets_no_field_is_reported_with_the_one_that_may_be_meant(
    org: Org, column: str, said: str
) -> None:
    result = org.write(stream("Contacts", "Last_Name", column), [{"Last_Name": "A", column: "1"}])

    assert result.counts() == {"created": 1}
    assert len([line for line in result.said(f"the column {column} is left out") if said in line])


def test_a_label_counts_where_a_mapping_names_the_column(org: Org) -> None:
    org.control(
        "POST",
        "fields/Contacts",
        {"api_name": "Field1", "label": "Shoe Size", "data_type": "text"},
    )
    mapped = mapping("people", "Contacts", "insert", name="Last Name", size="Shoe size")

    named = org.write(stream("Contacts", "Last_Name", "Shoe Size"), [{"Last_Name": "A"}])
    org.write(stream("people", "name", "size"), [{"name": "B", "size": "46"}], mappings=[mapped])

    assert named.said("has no field Shoe Size; did you mean Field1?")
    assert org.record("Contacts", Last_Name="B")["Field1"] == "46"


def test_the_columns_of_a_mapping_are_found_however_they_are_spelled(org: Org) -> None:
    mapped = mapping("people", "Contacts", "insert", full_name="last_name", mail="email")
    people = stream("people", "FULL_NAME", "Mail", "age", "_airbyte_id")

    result = org.write(people, [{"FULL_NAME": "Ada", "Mail": "a@example.com"}], mappings=[mapped])

    assert org.emails("Ada") == {"Ada": "a@example.com"}
    assert result.said("FULL_NAME -> Last_Name, Mail -> Email")
    assert result.said("people: its mapping's fields leave out the columns age, _airbyte_id.")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (("fullname", "mails"), "has no column mail, which its mapping names; did you mean mails"),
        (("MAIL", "Mail", "full_name"), "a column mail, which may be MAIL or Mail"),
    ],
    ids=["none", "two"],
)
def test_a_column_of_a_mapping_that_is_not_there_is_refused(
    org: Org, columns: tuple[str, ...], said: str
) -> None:
    mapped = mapping("people", "Contacts", "insert", full_name="Last_Name", mail="Email")

    assert said in org.write(stream("people", *columns), [], mappings=[mapped]).sentence


def test_a_lookup_that_is_matched_but_for_spelling_is_written_where_its_values_are_ids(
    org: Org,
) -> None:
    account = org.add("Accounts", Account_Name="ACME")
    contacts = stream("Contacts", "Last_Name", "account_name", "owner")
    rows = [
        {"Last_Name": "A", "account_name": account, "owner": None},
        {"Last_Name": "B", "account_name": "ACME", "owner": "Ada Lovelace"},
        {"Last_Name": "C", "account_name": "Other", "owner": "b@example.com"},
    ]

    result = org.write(contacts, rows)

    assert result.counts() == {"created": 3}
    assert org.record("Contacts", Last_Name="A")["Account_Name"]["id"] == account
    assert org.record("Contacts", Last_Name="B")["Account_Name"] is None
    for column, remedy in (
        (
            "account_name differs from Account_Name",
            "record of Accounts by another value, write Account_",
        ),
        ("owner differs from Owner", ": an e-mail address finds a user in the column Owner.email."),
    ):
        (line,) = result.said(f"the column {column} in spelling")
        assert remedy in line
    assert not [line for line in result.log if "Lovelace" in line or "ACME" in line]


@pytest.mark.parametrize("mapped", [True, False], ids=["mapped", "exact"])
def test_a_name_in_a_lookup_that_is_named_rejects_its_row(org: Org, mapped: bool) -> None:
    how = mapping("c", "Contacts", "insert", name="last_name", account="account_name")
    entry = stream("c", "name", "account") if mapped else stream("Contacts", "Last_Name", "Owner")
    data = {"name": "A", "account": "ACME"} if mapped else {"Last_Name": "A", "Owner": "Ada"}

    result = org.write(entry, [data], mappings=[how] if mapped else [])

    assert result.counts() == {"rejected": 1}
