"""Catalog, settings and metadata become one plan, or one error that says all that is wrong."""

import pytest

from destination_zoho_crm.catalog import list_lookup_names, list_module_names
from destination_zoho_crm.encoding import Encoder
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.planning import make_plan
from unit_tests.destination.conftest import Json, mapping, stream
from unit_tests.destination.plans import PEOPLE, field, mapped, module, planned


def summarize(plan: StreamPlan) -> tuple[str, str, str | None]:
    return plan.module.api_name, plan.operation, plan.key.name if plan.key else None


@pytest.mark.parametrize(
    ("entry", "mappings", "expected"),
    [
        (stream("Contacts", *PEOPLE), [], ("Contacts", "insert", None)),
        (
            stream("Contacts", *PEOPLE, mode="append_dedup", key="Code"),
            [],
            ("Contacts", "upsert", "Code"),
        ),
        (
            stream("Contacts", *PEOPLE, mode="update", key="id"),
            [],
            ("Contacts", "update", "id"),
        ),
        (
            stream("Contacts", *PEOPLE, mode="append_dedup", key="id"),
            [mapping("Contacts", "Contacts", "update", "id")],
            ("Contacts", "update", "id"),
        ),
        (
            stream("crm", *PEOPLE, mode="overwrite"),
            [mapping("crm", "Contacts", "upsert", "Email")],
            ("Contacts", "upsert", "Email"),
        ),
        (
            stream("crm", *PEOPLE, mode="append_dedup", key="Email", into="Contacts"),
            [mapping("crm", "Contacts", "delete", "Code")],
            ("Contacts", "upsert", "Email"),
        ),
        (
            stream("crm", *PEOPLE, mode="append_dedup", key="id", into="Contacts"),
            [mapping("crm", "Contacts", "upsert", "Code")],
            ("Contacts", "upsert", "Code"),
        ),
    ],
    ids=[
        "a stream named like its module",
        "its primary key",
        "update",
        "a mapping beats the mode",
        "even overwrite",
        "data activation beats the mapping",
        "a mapping's key stands in for one that finds nothing",
    ],
)
def test_what_is_said_first_governs(
    entry: Json, mappings: list[Json], expected: tuple[str, str, str | None]
) -> None:
    assert summarize(planned(entry, *mappings)) == expected


@pytest.mark.parametrize(
    ("mapped", "said"),
    [
        (mapping("crm", "Contacts", "upsert", "Email"), []),
        (
            mapping("crm", "Contacts", "upsert", "Code"),
            ["the connection finds records by Email; its mapping's Code is ignored"],
        ),
        (
            mapping("crm", "Contacts", "delete", "Email"),
            ["the connection asks for upsert; its mapping's delete is ignored"],
        ),
    ],
    ids=["same", "another key", "another operation"],
)
def test_what_a_mapping_says_without_effect_is_reported(mapped: Json, said: list[str]) -> None:
    entry = stream("crm", *PEOPLE, mode="append_dedup", key="Email", into="Contacts")

    assert list(planned(entry, mapped).warnings) == said


def test_a_key_of_a_mapping_that_stands_in_is_reported() -> None:
    entry = stream("crm", *PEOPLE, mode="append_dedup", key="id", into="Contacts")

    plan = planned(entry, mapping("crm", "Contacts", "upsert", "Code"))

    assert list(plan.warnings) == [
        "upsert does not find records of Contacts by id, the connection's key; its mapping's Code "
        "replaces it"
    ]


def test_a_mapping_without_data_activation_governs_without_a_warning() -> None:
    plan = planned(
        stream("crm", *PEOPLE, mode="append_dedup", key="id"),
        mapping("crm", "Contacts", "update", "Code"),
    )

    assert plan.warnings == ()


@pytest.mark.parametrize("into", ["", "Contacts"])
def test_a_key_that_the_form_keeps_when_the_operation_becomes_insert_is_reported(into: str) -> None:
    """The form keeps what was entered for the operation that was chosen before."""
    plan = planned(
        stream("crm", *PEOPLE, mode="append", into=into or None),
        mapping("crm", "Contacts", "insert", "Email"),
    )

    assert plan.key is None
    assert list(plan.warnings) == [
        "an insert looks for no record; its mapping's matching_key Email is ignored"
    ]


def test_a_mapping_of_a_namespace_goes_before_one_for_any() -> None:
    entry = stream("crm", *PEOPLE, namespace="b")
    any_one = mapping("crm", "Contacts", "insert")
    of_a = mapping("crm", "Contacts", "update", "id") | {"namespace": "a"}
    of_b = mapping("crm", "Contacts", "upsert", "Email") | {"namespace": "b"}

    assert summarize(planned(entry, any_one, of_a, of_b)) == ("Contacts", "upsert", "Email")
    assert summarize(planned(entry, any_one, of_a)) == ("Contacts", "insert", None)


@pytest.mark.parametrize(
    ("entry", "mappings"),
    [
        (stream("Contacts", "Email", "Code", mode="append_dedup", key="Email"), []),
        (
            stream("crm", "mail", "code"),
            [mapping("crm", "Contacts", "upsert", "Email", mail="Email", code="Code")],
        ),
        (stream("crm", "Email", "Code", mode="append_dedup", key="Email", into="Contacts"), []),
    ],
    ids=["sync mode", "mapping", "data activation"],
)
def test_an_upsert_of_records_that_are_there_needs_no_mandatory_field(
    entry: Json, mappings: list[Json]
) -> None:
    plan = planned(entry, *mappings)

    assert [column.name for column in plan.columns] == ["Email", "Code"]
    assert list(plan.warnings) == [
        "no column goes to Last_Name, without which Zoho adds no record: rows that find none are "
        "rejected"
    ]


@pytest.mark.parametrize("mode", ["overwrite", "overwrite_dedup"])
def test_a_mapping_that_stands_in_for_an_overwrite_is_reported(mode: str) -> None:
    entry = stream("crm", *PEOPLE, mode=mode)

    plan = planned(entry, mapping("crm", "Contacts", "upsert", "Email"))

    assert list(plan.warnings) == [
        f"its mapping's upsert replaces the connection's {mode}, so no record is replaced or "
        "deleted"
    ]


def test_of_unmapped_columns_for_one_field_the_plain_one_is_written() -> None:
    columns = ("Last_Name", "Owner.email", "Owner", "Account_Name", "Account_Name.ERP")

    plan = planned(stream("Contacts", *columns))

    assert [column.source for column in plan.columns] == ["Last_Name", "Owner", "Account_Name"]
    assert [(dropped.source, dropped.reason) for dropped in plan.dropped] == [
        ("Owner.email", "Owner goes to Owner"),
        ("Account_Name.ERP", "Account_Name goes to Account_Name"),
    ]


def test_a_lookup_that_is_matched_but_for_spelling_is_planned_for_ids_only() -> None:
    plan = planned(stream("Contacts", "Last_Name", "account_name", "email"))

    assert str(plan).endswith("Last_Name, account_name -> Account_Name (ids only), email -> Email")


def test_columns_find_their_fields() -> None:
    names = ("Last_Name", "Account_Name.ERP", "Owner.email", "Layout", "Created_Time", "Nonsense")

    plan = planned(stream("Contacts", *names, "Rows"))

    assert [(c.source, c.name, c.via) for c in plan.columns] == [
        ("Last_Name", "Last_Name", "value"),
        ("Account_Name.ERP", "Account_Name", "external"),
        ("Owner.email", "Owner", "email"),
    ]
    assert [d.source for d in plan.dropped] == ["Layout", "Created_Time", "Nonsense", "Rows"]


def test_the_layout_of_v2_is_no_number() -> None:
    people = module("People", field("Name"), field("Layout", "bigint", json_type="string"))
    known, streams = {"People": people}, [stream("crm", "name", "layout")]
    asked = mapped(mapping("crm", "People", "insert", name="Name", layout="Layout"))
    (plan,) = make_plan(streams, asked, known, ["People"])
    (unmapped,) = make_plan([stream("People", "Name", "Layout")], (), known, ["People"])

    layout = plan.columns[1]

    assert (layout.name, Encoder("Leads", layout, {})("1000000000000000001")) == (
        "Layout",
        {"id": "1000000000000000001"},
    )
    assert [dropped.source for dropped in unmapped.dropped] == ["Layout"]


def test_a_layout_that_is_mapped_is_written() -> None:
    entry = stream("crm", "name", "layout")

    plan = planned(entry, mapping("crm", "Contacts", "insert", name="Last_Name", layout="Layout"))

    assert [column.name for column in plan.columns] == ["Last_Name", "Layout"]


def test_a_delete_stream_writes_no_column_but_its_key() -> None:
    two_ways = ("Account_Name", "Account_Name.ERP")

    plan = planned(stream("Contacts", *PEOPLE, *two_ways, "Rows", mode="soft_delete", key="Code"))

    assert [column.name for column in plan.columns] == ["Code"]


def test_only_what_is_needed_is_asked_for() -> None:
    streams = [stream("crm", "a", "Account_Name.ERP"), stream("Deals", "x")]
    mappings = mapped(mapping("crm", "Contacts", "insert", a="Owner.email"))

    assert list_module_names(streams, mappings) == ["Contacts", "Deals"]
    assert list_lookup_names(streams, mappings) == {"Account_Name", "Owner"}
