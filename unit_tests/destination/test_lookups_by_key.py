"""Lookups by what people have: the name of an account, the code of a product."""

from itertools import pairwise
from typing import Any

import pytest
from airbyte_cdk.models import FailureType

from destination_zoho_crm.client import Client
from destination_zoho_crm.lookup_values import Sought
from destination_zoho_crm.modules import TargetModules
from destination_zoho_crm.planning import make_plan
from destination_zoho_crm.record_finder import RecordFinder
from destination_zoho_crm.records_by_value import Found
from destination_zoho_crm.settings import read_settings
from unit_tests.destination.conftest import Json, Org, Result, mapping, row, state, stream

VERSIONS = ("v2", "v2.1", "v4", "v8")
BY_NAME = "Account_Name.Account_Name"
OPERATIONS = ("append", "append_dedup", "update")


def write_contacts(org: Org, rows: list[Json], mode: str = "append", **config: str) -> Result:
    columns = dict.fromkeys(name for one in rows for name in one)
    key = {"append": None, "append_dedup": "Email", "update": "id"}[mode]
    return org.write(stream("Contacts", *columns, mode=mode, key=key), rows, **config)


def account_of(org: Org, last_name: str) -> str | None:
    found = org.record("Contacts", Last_Name=last_name)["Account_Name"]
    return found["id"] if found else None


def queries(org: Org) -> int:
    """Queries of the run, without the one that shows before the first row that Zoho takes them."""
    return org.calls("coql") - 1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", OPERATIONS)
def test_a_lookup_finds_its_record_by_name(org: Org, version: str, mode: str) -> None:
    acme = org.add("Accounts", Account_Name="Acme")
    one: Json = {"Last_Name": "L", "Email": "l@example.com", BY_NAME: "Acme"}
    if mode == "update":
        one["id"] = org.add("Contacts", Last_Name="L")

    result = write_contacts(org, [one], mode, schema_version=version)

    assert result.failure is None
    assert account_of(org, "L") == acme


@pytest.mark.parametrize("version", VERSIONS)
def test_a_lookup_finds_its_record_by_a_unique_field(org: Org, version: str) -> None:
    product = org.add("Products", Product_Name="P", Product_Code="P-1")
    rows = [{"Last_Name": "L", "Interested_In.Product_Code": "p-1"}]

    result = org.write(stream("Leads", *rows[0]), rows, schema_version=version)

    assert result.counts() == {"created": 1}
    assert org.record("Leads", Last_Name="L")["Interested_In"]["id"] == product


@pytest.mark.parametrize(
    ("stored", "given"),
    [
        ("O'Neil's", "O'Neil's"),
        ("''", "''"),
        ("') or id > 0 --", "') or id > 0 --"),
        ('say "hi"', 'say "hi"'),
        ("50 % off_all", "50 % off_all"),
        ("Åkerström ЁЛКА 東京 \U0001f600", "Åkerström ЁЛКА 東京 \U0001f600"),
        ("select a, (b)", "select a, (b)"),
        ("株式会社\u3000東京", "株式会社\u3000東京"),
        ("no\u00a0break", "no\u00a0break"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Acme", "  ACME "),
        ("n" * 100, "n" * 100),
    ],
)
def test_values_are_quoted_and_compared_as_zoho_compares_them(
    org: Org, stored: str, given: str
) -> None:
    account = org.add("Accounts", Account_Name=stored)
    org.add("Accounts", Account_Name="other")

    result = write_contacts(org, [{"Last_Name": "L", BY_NAME: given}])

    assert result.counts() == {"created": 1}
    assert account_of(org, "L") == account


@pytest.mark.parametrize(
    "value", ["a\\", "a\\'b", "a\x00b", "a\nb", "a\u2028b", "a\u200bb", "n" * 500]
)
def test_a_value_that_no_query_can_carry_costs_its_row_alone(org: Org, value: str) -> None:
    acme = org.add("Accounts", Account_Name="Acme")
    rows = [{"Last_Name": "bad", BY_NAME: value}, {"Last_Name": "good", BY_NAME: "Acme"}]

    result = write_contacts(org, rows)

    assert result.counts() == {"created": 1, "rejected": 1}
    assert result.said("INVALID_DATA in Account_Name")
    assert account_of(org, "good") == acme


@pytest.mark.parametrize("code", ["INVALID_QUERY", "SYNTAX_ERROR"])
def test_a_value_that_zoho_takes_in_no_query_costs_its_row_alone(org: Org, code: str) -> None:
    for n in range(50):
        org.add("Accounts", Account_Name=f"A-{n}")
    body = {"code": code, "message": "m", "details": {}, "status": "error"}
    org.fail("coql", times=99, where="odd one", status=400, body=body)
    rows = [{"Last_Name": f"L-{n}", BY_NAME: "odd one" if n == 7 else f"A-{n}"} for n in range(50)]

    result = write_contacts(org, rows)

    assert result.counts() == {"created": 49, "rejected": 1}
    assert result.said(f"Zoho takes no query with this Account_Name of Accounts ({code})")
    assert queries(org) < 15


def find_name(finder: RecordFinder, name: str) -> Found:
    sought = Sought("Accounts", "Account_Name", name)
    return finder.find([sought], usage_of="Contacts")[sought]


def test_what_is_written_while_a_query_is_under_way_is_not_hidden_by_its_answer(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = org.add("Accounts", Account_Name="Acme")
    client = Client(org.config)
    modules = TargetModules(client.org.directory, client.metadata)
    known = modules.find_with_lookups(["Contacts", "Accounts"], ["Account_Name"])
    children, parents = make_plan([CHILDREN, PARENTS], (), known, modules.names)
    finder = RecordFinder(client, [children])
    ask = client.queries.ask
    written = []

    def ask_and_write(**query: Any) -> Any:
        page = ask(**query)
        if not written:
            written.append(org.add("Accounts", Account_Name="acme"))
            finder.forget(parents, [{"Account_Name": "acme"}])
        return page

    monkeypatch.setattr(client.queries, "ask", ask_and_write)

    assert find_name(finder, "Acme").ids == {acme}
    assert find_name(finder, "Acme").ids == {acme, *written}


@pytest.mark.parametrize("mode", OPERATIONS)
def test_without_a_record_or_with_several_the_row_is_rejected_with_the_count(
    org: Org, mode: str
) -> None:
    for name in ("Twin", "twin", "Tripl", "TRIPL", "tripl"):
        org.add("Accounts", Account_Name=name)
    rows: list[Json] = [
        {"Last_Name": "none", BY_NAME: "nobody"},
        {"Last_Name": "two", BY_NAME: "Twin"},
        {"Last_Name": "three", BY_NAME: "Tripl"},
        {"Last_Name": "free", BY_NAME: None},
    ]
    for one in rows:
        one["Email"] = f"{one['Last_Name']}@example.com"
        if mode == "update":
            one["id"] = org.add("Contacts", Last_Name=f"old {one['Last_Name']}")

    result = write_contacts(org, rows, mode)

    assert result.counts()["rejected"] == 3
    assert result.said("no record of Accounts has this Account_Name")
    assert result.said("2 records of Accounts have this Account_Name")
    assert result.said("3 records of Accounts have this Account_Name")
    names = {record["Last_Name"] for record in org.records("Contacts")}
    assert "free" in names
    assert not names & {"none", "two", "three"}


def test_fifty_values_are_looked_up_by_one_query_and_remembered(org: Org) -> None:
    ids = {f"A-{n}": org.add("Accounts", Account_Name=f"A-{n}") for n in range(60)}
    rows = [{"Last_Name": f"L-{n}", BY_NAME: f"A-{n % 60}"} for n in range(300)]

    result = write_contacts(org, rows)

    assert result.counts() == {"created": 300}
    # Batches of a hundred are looked up side by side, so they may ask for the same.
    assert 2 <= queries(org) <= 6
    for n in (0, 59, 60, 299):
        assert account_of(org, f"L-{n}") == ids[f"A-{n % 60}"]


def test_what_was_found_is_remembered_over_batches(org: Org) -> None:
    org.add("Accounts", Account_Name="Acme")
    lines = []
    contacts = stream("Contacts", "Last_Name", BY_NAME, "Email", mode="append_dedup", key="Email")
    for n in range(5):
        # Of one key, so that they are written one after the other: batches that are looked up side
        # by side know nothing of each other.
        values = {"Last_Name": f"L-{n}", BY_NAME: "Acme", "Email": "one@example.com"}
        lines += [row("Contacts", values), state("Contacts", n)]

    result = org.write_lines([contacts], lines)

    assert result.failure is None
    assert queries(org) == 1


def test_a_value_of_many_records_hides_no_other(org: Org) -> None:
    for _ in range(450):
        org.add("Accounts", Account_Name="Many")
    last = org.add("Accounts", Account_Name="Last")
    rows = [{"Last_Name": "many", BY_NAME: "Many"}, {"Last_Name": "last", BY_NAME: "Last"}]

    result = write_contacts(org, rows)

    assert result.counts() == {"created": 1, "rejected": 1}
    assert result.said("200 or more records of Accounts have this Account_Name")
    assert account_of(org, "last") == last
    assert queries(org) == 2


PARENTS = stream("Accounts", "Account_Name")
CHILDREN = stream("Contacts", "Last_Name", BY_NAME)


def test_rows_of_parents_that_have_arrived_are_written_before_a_look_up(org: Org) -> None:
    lines = []
    for n in range(250):
        lines.append(row("Accounts", {"Account_Name": f"A-{n}"}))
        lines.append(row("Contacts", {"Last_Name": f"L-{n}", BY_NAME: f"A-{n}"}))
    org.fail("insert", "delay", times=99, where="A-1", seconds=0.3)

    result = org.write_lines([PARENTS, CHILDREN], [*lines, state("Accounts"), state("Contacts")])

    assert [result.counts(state=n) for n in (0, 1)] == [{"created": 250}] * 2
    for n in (0, 99, 249):
        account = org.record("Accounts", Account_Name=f"A-{n}")
        assert account_of(org, f"L-{n}") == account["id"]


def test_a_parent_that_comes_later_in_the_run_is_found_by_later_rows(org: Org) -> None:
    """A value that finds nothing is not remembered."""
    lines = [
        row("Contacts", {"Last_Name": "early", BY_NAME: "Acme"}),
        state("Contacts", 1),
        row("Accounts", {"Account_Name": "Acme"}),
        row("Contacts", {"Last_Name": "late", BY_NAME: "Acme"}),
        state("Contacts", 2),
        state("Accounts", 3),
    ]
    # The first batch is through before the account comes.
    org.fail("insert", "delay", where="Acme", seconds=0.5)

    result = org.write_lines([PARENTS, CHILDREN], lines)

    assert result.counts(state=0) == {"rejected": 1}
    assert account_of(org, "late") == org.record("Accounts", Account_Name="Acme")["id"]


@pytest.mark.parametrize("depth", [3, 120])
def test_an_account_finds_its_parent_account_in_its_own_stream(org: Org, depth: int) -> None:
    names = [f"A-{n}" for n in range(depth)]
    rows: list[Json] = [{"Account_Name": names[0], "Parent_Account.Account_Name": None}]
    rows += [
        {"Account_Name": name, "Parent_Account.Account_Name": parent}
        for parent, name in pairwise(names)
    ]

    result = org.write(stream("Accounts", *rows[0], mode="append_dedup", key="Account_Name"), rows)

    assert result.counts() == {"created": depth}
    last = org.record("Accounts", Account_Name=names[-1])
    assert last["Parent_Account"]["id"] == org.record("Accounts", Account_Name=names[-2])["id"]


def test_streams_that_look_each_other_up_find_what_has_arrived(org: Org) -> None:
    """Each row looks up the row before it, which is one of the other stream."""
    vendors = {"api_name": "Vendor", "data_type": "lookup", "targets": ["Vendors"], "custom": True}
    org.control("POST", "fields/Products", {**vendors, "api_name": "Maker"})
    favourite = {**vendors, "api_name": "Favourite", "targets": ["Products"]}
    org.control("POST", "fields/Vendors", favourite)
    lines = []
    for n in range(60):
        maker = f"V-{n - 1}" if n else None
        lines.append(row("Products", {"Product_Name": f"P-{n}", "Maker.Vendor_Name": maker}))
        product = {"Vendor_Name": f"V-{n}", "Favourite.Product_Name": f"P-{n}"}
        lines.append(row("Vendors", product))

    result = org.write_lines(
        [
            stream("Products", "Product_Name", "Maker.Vendor_Name"),
            stream("Vendors", "Vendor_Name", "Favourite.Product_Name"),
        ],
        [*lines, state("Products"), state("Vendors")],
    )

    assert [result.counts(state=n) for n in (0, 1)] == [{"created": 60}] * 2


def test_streams_that_look_each_other_up_do_not_wait_for_each_other(org: Org) -> None:
    accounts = stream("Accounts", "Account_Name", "Parent_Account.Account_Name")
    lines = []
    for n in range(240):
        lines.append(
            row("Accounts", {"Account_Name": f"A-{n}", "Parent_Account.Account_Name": None})
        )
        lines.append(row("Contacts", {"Last_Name": f"L-{n}", BY_NAME: f"A-{max(0, n - 3)}"}))
        if n % 7 == 0 and n:
            lines.append(
                row(
                    "Accounts",
                    {"Account_Name": f"B-{n}", "Parent_Account.Account_Name": f"A-{n - 5}"},
                )
            )

    result = org.write_lines([accounts, CHILDREN], [*lines, state("Accounts"), state("Contacts")])

    assert result.failure is None
    assert not result.said("Rejected:")


@pytest.mark.parametrize(
    ("columns", "asked"), [(("Account_Name", "Phone"), 1), (("Account_Name", "ERP_ID"), 2)]
)
def test_upserts_of_other_parents_do_not_make_the_run_ask_again(
    org: Org, columns: tuple[str, ...], asked: int
) -> None:
    """Unless another unique field may have found a record, which then has another name."""
    org.add("Accounts", Account_Name="Acme")
    parents = stream("Accounts", *columns, mode="append_dedup", key="Account_Name")
    contacts = stream("Contacts", "Last_Name", BY_NAME, "Email", mode="append_dedup", key="Email")
    # Of one address, so they are written one after the other.
    child = row("Contacts", {"Last_Name": "L", BY_NAME: "Acme", "Email": "l@example.com"})
    other = row("Accounts", dict.fromkeys(columns, "Other"))

    result = org.write_lines(
        [parents, contacts],
        [child, state("Contacts", 1), other, state("Accounts", 2), child, state("Contacts", 3)],
    )

    assert result.failure is None
    # The account may be written before the first contact is looked up.
    assert 1 <= queries(org) <= asked


@pytest.mark.parametrize("change", ["renamed", "deleted", "doubled"])
def test_what_the_run_itself_changes_is_not_remembered(org: Org, change: str) -> None:
    acme = org.add("Accounts", Account_Name="Acme")
    altered = {
        "renamed": (
            stream("Accounts", "id", "Account_Name", mode="update", key="id"),
            {"id": acme, "Account_Name": "New"},
        ),
        "deleted": (stream("Accounts", "id", mode="soft_delete", key="id"), {"id": acme}),
        "doubled": (PARENTS, {"Account_Name": "acme"}),
    }
    entry, values = altered[change]
    lines = [
        row("Contacts", {"Last_Name": "before", BY_NAME: "Acme", "Email": "a@example.com"}),
        state("Contacts", 1),
        row("Accounts", values),
        row("Contacts", {"Last_Name": "after", BY_NAME: "Acme", "Email": "b@example.com"}),
    ]
    contacts = stream("Contacts", "Last_Name", BY_NAME, "Email", mode="append_dedup", key="Email")
    for call in ("insert", "update", "delete"):
        # The first contact is written before the account is changed.
        org.fail(call, "delay", seconds=0.5)

    result = org.write_lines([entry, contacts], [*lines, state("Contacts", 2)])

    assert result.failure is None
    assert account_of(org, "before") == acme or change == "deleted"
    assert result.said("1 row with RECORD_")
    assert not [one for one in org.records("Contacts") if one["Last_Name"] == "after"]


@pytest.mark.parametrize(
    ("status", "code"), [(401, "OAUTH_SCOPE_MISMATCH"), (400, "INVALID_QUERY")]
)
def test_where_zoho_takes_no_queries_nothing_is_written(org: Org, status: int, code: str) -> None:
    body = {"code": code, "message": "m", "details": {}, "status": "error"}
    org.fail("coql", times=9, status=status, body=body)

    result = write_contacts(org, [{"Last_Name": "L", BY_NAME: "Acme"}])

    assert "Contacts: Account_Name.Account_Name looks up records of Accounts" in result.sentence
    assert code in result.sentence
    assert (org.calls("insert"), result.states) == (0, [])


@pytest.mark.usefixtures("no_pauses")
def test_queries_that_are_too_many_for_now_are_no_mistake_of_the_config(org: Org) -> None:
    body = {"code": "TOO_MANY_REQUESTS", "message": "x", "details": {}, "status": "error"}
    org.fail("coql", times=99, status=429, body=body)

    result = write_contacts(org, [{"Last_Name": "L", BY_NAME: "Acme"}])

    assert result.failure is not None
    assert result.failure.failure_type == FailureType.transient_error
    assert (org.calls("insert"), result.states) == (0, [])


def test_an_external_id_stays_with_zoho(org: Org) -> None:
    org.add("Accounts", Account_Name="Acme", ERP_ID="E-1")

    result = write_contacts(org, [{"Last_Name": "L", "Account_Name.ERP_ID": "E-1"}])

    assert result.counts() == {"created": 1}
    assert org.calls("coql") == 0


def test_the_plan_prices_the_look_ups_and_their_calls_are_the_streams(org: Org) -> None:
    org.add("Accounts", Account_Name="Acme")

    result = write_contacts(org, [{"Last_Name": "L", BY_NAME: "Acme"}])

    assert result.said(
        "; looking up Account_Name.Account_Name costs up to 20 more credits in 20 calls"
    )
    # The query that shows that Zoho takes them, the look-up, and the insert.
    assert result.said("1 row = 1 created") == result.said("; 3 calls, 3 credits")


def test_a_bad_lookup_of_a_repeated_row_costs_that_row_alone(org: Org) -> None:
    acme = org.add("Accounts", Account_Name="Acme")
    rows = [
        {"Last_Name": "L", "Email": "l@example.com", BY_NAME: "Acme"},
        {"Last_Name": "L", "Email": "l@example.com", BY_NAME: "nobody"},
    ]

    result = write_contacts(org, rows, "append_dedup")

    assert result.counts() == {"created": 1, "rejected": 1}
    assert account_of(org, "L") == acme


def test_a_null_empties_the_lookup_only_where_nulls_clear(org: Org) -> None:
    acme = org.add("Accounts", Account_Name="Acme")
    contact = org.add("Contacts", Last_Name="L", Account_Name={"id": acme})
    rows = [{"id": contact, "Last_Name": "L", BY_NAME: None}]

    write_contacts(org, rows, "update")
    assert account_of(org, "L") == acme
    write_contacts(org, rows, "update", null_values="clear")
    assert account_of(org, "L") is None


def test_a_mapping_names_the_path_or_the_label(org: Org) -> None:
    acme = org.add("Accounts", Account_Name="Acme")
    for path in (BY_NAME, "Account Name.Account Name", "account_name.account_name"):
        entry = mapping("people", "Contacts", "insert", name="Last_Name", firm=path)
        assert read_settings({"mappings": [entry]}).mappings

        result = org.write(
            stream("people", "name", "firm"), [{"name": path, "firm": "acme"}], mappings=[entry]
        )

        assert result.counts() == {"created": 1}
        assert account_of(org, path) == acme


def test_a_field_that_is_neither_unique_nor_the_duplicate_check_field_finds_nothing(
    org: Org,
) -> None:
    entry = mapping("people", "Contacts", "insert", name="Last_Name", firm="Account_Name.Phone")

    result = org.write(
        stream("people", "name", "firm"), [{"name": "L", "firm": "1"}], mappings=[entry]
    )

    assert "Account_Name of Contacts is not found by Phone" in result.sentence
