"""A plan that cannot be is one error that says all that is wrong, and what would be allowed."""

from typing import Any

import pytest
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.planning import make_plan
from unit_tests.destination.conftest import Json, mapping, stream
from unit_tests.destination.plans import (
    MODULES,
    PEOPLE,
    field,
    module,
    planned,
)
from unit_tests.destination.plans import mapped as as_mappings


def refused(entry: Json, *mappings: Json) -> str:
    with pytest.raises(AirbyteTracedException) as problem:
        planned(entry, *mappings)
    assert problem.value.failure_type
    assert problem.value.failure_type.value == "config_error"
    return str(problem.value.message)


@pytest.mark.parametrize(
    ("entry", "mappings", "said"),
    [
        (stream("Contacts", *PEOPLE, mode="overwrite"), [], "overwrite would replace all records"),
        (stream("Contacts", *PEOPLE, mode="overwrite"), [], "soft_delete, or map the stream."),
        (stream("crm", *PEOPLE, mode="overwrite", into="Contacts"), [], "update, soft_delete."),
        (stream("Contacts", *PEOPLE, mode="magic"), [], "'magic' is none of append,"),
        (stream("Contact", *PEOPLE), [], "no module Contact that can be written. Did you mean"),
        (stream("ACCOUNTS", "x"), [], "Did you mean Accounts? It has Contacts, Accounts."),
        (stream("Orders", "x"), [], "no module Orders that can be written. It has Contacts,"),
        (
            stream("Contacts", *PEOPLE, mode="append_dedup", key="id"),
            [],
            "update by id, or upsert by a key: choose Email or Code",
        ),
        (
            stream("Contacts", *PEOPLE, mode="append_dedup"),
            [],
            "upsert needs a key that finds records of Contacts: choose Email or Code",
        ),
        (
            stream("Contacts", *PEOPLE, mode="update", key="Email"),
            [],
            "update does not find records of Contacts by Email: choose id or Code",
        ),
        (
            stream("Contacts", "Last_Name", mode="append_dedup", key="Email"),
            [],
            "no column goes to Email, by which its records are found",
        ),
        (stream("Contacts", "Email"), [], "no column goes to Last_Name, without which Zoho adds"),
        (
            stream("Contacts", "LASTNAME", "last_name"),
            [],
            "Contacts: no column goes to Last_Name, without which Zoho adds no record; LASTNAME "
            "and last_name would go to it: map the one that is meant.",
        ),
        (stream("Contacts"), [], "the catalog names no column of it"),
        (stream("Contacts", "id", mode="update", key="id"), [], "no column of it can be written"),
        (
            stream("crm", "Last_Name", "rows"),
            [mapping("crm", "Contacts", "insert", Last_Name="Last_Name", rows="Rows")],
            "the column rows cannot be written: it is a subform",
        ),
        (
            stream("Contacts", "Last_Name", "Account_Name.id", "Account_Name.ERP"),
            [],
            "the columns Account_Name.id and Account_Name.ERP both go to Account_Name",
        ),
        (
            stream("crm", "a", "b", "c"),
            [mapping("crm", "Contacts", "insert", a="Last_Name", b="Owner", c="Owner.email")],
            "the columns b and c both go to Owner",
        ),
        (
            stream("Contacts", "Last_Name", "Owner", "Owner.email", into="Contacts"),
            [],
            "the columns Owner and Owner.email both go to Owner",
        ),
        (
            stream("crm", *PEOPLE, into="Contacts"),
            [mapping("crm", "Accounts", "insert")],
            "the connection writes it to Contacts, its mapping to Accounts",
        ),
        (
            stream("crm", "a"),
            [mapping("crm", "Contacts", "insert", a="Last_Name", b="Email")],
            "it has no column b, which its mapping names",
        ),
        (
            stream("crm", "a", "b"),
            [mapping("crm", "Contacts", "insert", a="Last_Name", b="Emial")],
            "the column b cannot be written: Contacts has no field Emial; did you mean Email?",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_is_refused_with_what_can(
    entry: Json, mappings: list[Json], said: str
) -> None:
    assert said in refused(entry, *mappings)


@pytest.mark.parametrize("path", ["Lst_Name", "Last_Name.id"])
@pytest.mark.parametrize("how", [("insert",), ("upsert", "Email")], ids=lambda how: how[0])
def test_what_follows_from_another_problem_is_not_reported(how: tuple[Any, ...], path: str) -> None:
    mapped = mapping("crm", "Contacts", *how, a="Email", b=path)

    sentence = refused(stream("crm", "a", "b"), mapped)

    assert "crm: the column b cannot be written: " in sentence
    assert "no column goes to" not in sentence


def test_a_wrong_key_hides_no_misspelled_field() -> None:
    mapped = mapping("crm", "Contacts", "update", "Email", a="Email", b="Lst_Name")

    sentence = refused(stream("crm", "a", "b"), mapped)

    assert "update does not find records of Contacts by Email: choose id or Code" in sentence
    assert "Contacts has no field Lst_Name; did you mean Last_Name?" in sentence
    assert "no column goes to" not in sentence


def test_an_operation_that_cannot_be_says_nothing_of_columns() -> None:
    mapped = mapping("crm", "Tasks", "upsert", "Subject", a="Subject", b="Sbject")
    tasks = module("Tasks", field("Subject"))

    with pytest.raises(AirbyteTracedException) as problem:
        make_plan([stream("crm", "a", "b")], as_mappings(mapped), {"Tasks": tasks}, ["Tasks"])

    assert "Zoho has no upsert for" in str(problem.value.message)
    assert "Sbject" not in str(problem.value.message)


def test_a_question_has_no_full_stop() -> None:
    mapped = mapping("crm", "Contacts", "insert", a="Last_Name", b="Emial", c="Ownr")

    assert refused(stream("crm", "a", "b", "c"), mapped).endswith(
        "(1) crm: the column b cannot be written: Contacts has no field Emial; did you mean Email? "
        "(2) crm: the column c cannot be written: Contacts has no field Ownr; did you mean Owner?"
    )


def test_a_stream_that_names_no_module_gets_the_advice_to_map_it() -> None:
    mapped = mapping("customer", "Contacts", "insert")

    assert refused(stream("contacts", *PEOPLE), mapped) == (
        "contacts: in this version of its API the org has no module contacts that can be written. "
        "Did you mean Contacts? It has Contacts, Accounts. To write it to one of them, map the "
        "stream contacts to a module; the mapping of customer meets no stream."
    )


def test_of_many_modules_some_are_named() -> None:
    names = [f"Module_{n:02}" for n in range(40)]

    with pytest.raises(AirbyteTracedException) as problem:
        make_plan([stream("x", "a", into="Z")], (), {}, names)

    assert str(problem.value.message).endswith("Module_08, Module_09 and 30 more.")


@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize("other", ["", "magic"])
def test_a_stream_that_is_there_more_than_once_is_refused_once(times: int, other: str) -> None:
    entry = stream("Contacts", *PEOPLE, mode=other or "append")

    with pytest.raises(AirbyteTracedException) as problem:
        make_plan([entry] * times, (), MODULES, list(MODULES))

    said = str(problem.value.message)
    assert said.count("Contacts: the configured catalog names this stream more than once.") == 1
    assert said.count("Contacts: the sync mode 'magic'") == (1 if other else 0)
