"""Which streams may go by Bulk Write, and what the log says of others."""

from typing import Any

import pytest
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.bulk_plan import find_obstacle, find_obstacles
from destination_zoho_crm.plan_log import log_methods
from destination_zoho_crm.planning import make_plan
from destination_zoho_crm.settings import read_settings
from unit_tests.destination.bulk import Road
from unit_tests.destination.conftest import Json, Org, mapping, stream
from unit_tests.destination.plans import field, mapped, module

NONE = {"automations": {"run": "none"}}
LEADS = module(
    "Leads",
    field("id", "bigint"),
    field("Last_Name", system_mandatory=True),
    field("Email", "email"),
    field("Code", unique={"casesensitive": "false"}),
    field("ERP", external={"type": "org"}, unique={"casesensitive": "false"}),
    field("Called", "datetime"),
    field("Owner", "ownerlookup"),
    field("Account", "lookup", lookup={"module": {"api_name": "Accounts"}}),
    field("About", "multi_module_lookup"),
    field("What_Id", "lookup", lookup={"module": {"api_name": "se_module"}}),
    field("Layout", "layout"),
    field("Tag", json_type="jsonarray"),
    field("Odd", "odd_type"),
)
ACCOUNTS = module(
    "Accounts",
    field("id", "bigint"),
    field("Account_Name", system_mandatory=True),
    field("ERP", external={"type": "org"}),
)
CALLS = module("Calls", field("Subject"))
MINE = module("Mine", field("Name"), generated_type="custom")
MODULES = {one.api_name: one for one in (LEADS, ACCOUNTS, CALLS, MINE)}


def obstacle(*entries: Json, mappings: tuple[Json, ...] = (), **config: Any) -> str | None:
    """That of the first stream."""
    plans = make_plan(entries, mapped(*mappings), MODULES, list(MODULES))
    return find_obstacle(plans[0], plans, read_settings(NONE | config))


def upsert(*columns: str) -> Json:
    return stream("Leads", "Email", *columns, mode="append_dedup", key="Email")


@pytest.mark.parametrize(
    "entry",
    [
        upsert("Last_Name", "Owner", "Account", "Called"),
        stream("Leads", "id", "Email", mode="update", key="id"),
        # Inserts and updates match by no field, so a unique one is like any other.
        stream("Leads", "Last_Name", "Code"),
        stream("Leads", "id", "Code", mode="update", key="id"),
        stream("Leads", "Code", "Last_Name", mode="append_dedup", key="Code"),
        stream("Leads", "Last_Name", "Account.Account_Name"),
        stream("Mine", "Name"),
    ],
)
def test_rows_whose_values_are_of_a_cell_may_go_by_bulk(entry: Json) -> None:
    assert obstacle(entry) is None
    assert obstacle(entry, write_method="Bulk") is None


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (stream("Leads", "id", mode="soft_delete", key="id"), "it deletes nothing"),
        (stream("Calls", "Subject"), "does not offer it for Calls"),
        (upsert("Last_Name", "ERP"), "External IDs (ERP)"),
        (upsert("Last_Name", "Account.ERP"), "External IDs (Account.ERP)"),
        (stream("Leads", "ERP", "Last_Name", mode="append_dedup", key="ERP"), "External ID field"),
        (stream("Leads", "Last_Name", "About"), "of which module the ids in About are"),
        (stream("Leads", "Last_Name", "What_Id"), "of which module the ids in What_Id are"),
        (stream("Leads", "Last_Name", "Tag"), "its file holds no tags (Tag)"),
        (stream("Leads", "Last_Name", "Odd"), "no values of the type odd_type (Odd)"),
    ],
)
def test_an_obstacle_holds_for_either_method(entry: Json, words: str) -> None:
    for method in ("Automatic", "Bulk"):
        found = obstacle(entry, write_method=method)
        assert found is not None
        assert words in found


@pytest.mark.parametrize(
    ("entry", "config", "words"),
    [
        (upsert("Last_Name", "Code"), {}, "by Email alone, and REST by Code, too"),
        (upsert("Last_Name"), {"automations": {"run": "all"}}, "automations"),
        (
            upsert("Last_Name"),
            {"automations": {"run": "selected", "kinds": ["workflow"]}},
            "automations",
        ),
    ],
)
def test_automatic_leaves_what_may_differ_to_rest(entry: Json, config: Json, words: str) -> None:
    assert words in (obstacle(entry, **config) or "")
    assert obstacle(entry, write_method="Bulk", **config) is None


def test_a_mapping_and_a_setting_may_ask_for_what_a_job_cannot_do() -> None:
    assigned = mapping("s", "Leads", "upsert", "Email", a="Email", b="Last_Name")
    lar = obstacle(stream("s", "a", "b"), mappings=(assigned | {"lar_id": "1" * 18},))

    assert "assignment rule" in (lar or "")
    assert "null_values" in (obstacle(upsert("Last_Name"), null_values="clear") or "")
    assert obstacle(stream("Leads", "Last_Name"), null_values="clear") is None


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_what_tasks_are_about_is_written_by_rest(bulk: Org, version: str) -> None:
    """Zoho's metadata call it a lookup like others."""
    entry = stream("Tasks", "Subject", "What_Id")
    road = Road(bulk, entry, schema_version=version)
    found = find_obstacle(road.plan, [road.plan], read_settings(NONE | {"write_method": "Bulk"}))

    assert found is not None
    assert "of which module the ids in What_Id are" in found


def test_streams_of_one_module_go_by_rest_in_their_order() -> None:
    others = stream("s", "id", "a", mode="update", key="id")
    also = mapping("s", "Leads", "update", "id", id="id", a="Email")

    found = obstacle(upsert("Last_Name"), others, mappings=(also,))

    assert found == "s writes to Leads, too, and the order would be lost"


@pytest.mark.parametrize("column", ["Account.Account_Name", "Account.ERP"])
def test_records_that_others_name_are_written_at_once(column: str) -> None:
    accounts = stream("Accounts", "Account_Name", mode="append_dedup", key="Account_Name")

    assert obstacle(accounts, stream("Leads", "Last_Name", column)) == (
        "Leads looks up records of Accounts, which a job would write too late"
    )
    assert obstacle(accounts, stream("Leads", "Last_Name", "Account")) is None


def test_a_job_has_two_hundred_columns_at_the_most() -> None:
    wide = module("Mine", *(field(f"F{n}") for n in range(201)), generated_type="custom")
    for number, fits in ((200, True), (201, False)):
        entry = stream("Mine", *(f"F{n}" for n in range(number)))
        plans = make_plan([entry], (), {"Mine": wide}, ["Mine"])
        assert (find_obstacle(plans[0], plans, read_settings(NONE)) is None) is fits


def find(org: Org, entry: Json, **config: Any) -> str | None:
    road = Road(org, entry, **NONE | config)
    found = find_obstacles(road.client, [road.plan], road.settings)
    log_methods([road.plan], found, road.settings)
    return found.get(road.plan.stream)


UPSERTS = stream("Leads", "Email", "Last_Name", "Company", mode="append_dedup", key="Email")


def test_all_reasons_are_named_but_none_beside_one_that_no_setting_changes() -> None:
    found = obstacle(
        upsert("Last_Name", "Tag", "About", "Code"),
        null_values="clear",
        automations={"run": "all"},
    )
    deletes = stream("Leads", "id", mode="soft_delete", key="id")

    assert found is not None
    assert found.split("; ") == [
        "its file holds no tags (Tag)",
        "it cannot say of which module the ids in About are",
        "Null values (null_values) is clear, and it empties no single field",
        "it may not run the automations that Automations (automations) asks for",
        "it finds records by Email alone, and REST by Code, too",
    ]
    assert obstacle(deletes, automations={"run": "all"}) == "it deletes nothing"


def test_without_the_scopes_automatic_takes_rest_and_bulk_is_an_error(org: Org) -> None:
    """The tokens of the emulator lack the one for files."""
    lacking = "lacks ZohoFiles.files.ALL"
    assert find(org, UPSERTS) == "the refresh token lacks ZohoFiles.files.ALL"
    with pytest.raises(AirbyteTracedException, match=r"lacks ZohoFiles\.files\.ALL"):
        find(org, UPSERTS, write_method="Bulk")
    entry = stream("Leads", "Email", "Last_Name", mode="append_dedup", key="Email")
    layout = "a layout requires Company, which no column goes to"
    assert find(org, entry) == f"the refresh token {lacking}; {layout}"
    with pytest.raises(AirbyteTracedException) as problem:
        find(org, entry, write_method="Bulk")
    assert lacking in str(problem.value.message)
    assert layout in str(problem.value.message)
    # Where nothing would go by Bulk, it lacks nothing.
    deletes = stream("Leads", "id", mode="soft_delete", key="id")
    assert find(org, deletes, write_method="Bulk") == "it deletes nothing"


def test_fields_of_the_layout_are_named_before_the_first_row(bulk: Org) -> None:
    entry = stream("Leads", "Email", "Last_Name", mode="append_dedup", key="Email")

    assert find(bulk, entry) == "a layout requires Company, which no column goes to"
    with pytest.raises(AirbyteTracedException, match="a layout requires Company"):
        find(bulk, entry, write_method="Bulk")
    updates = stream("Leads", "id", "Email", mode="update", key="id")
    assert find(bulk, updates) is None


def test_layouts_that_zoho_does_not_show_forbid_nothing(bulk: Org) -> None:
    body = {"code": "NO_PERMISSION", "message": "no", "details": {}, "status": "error"}
    bulk.fail("settings.layouts", times=9, status=403, body=body)

    assert find(bulk, UPSERTS) is None


def test_layouts_are_read_only_where_a_stream_may_go_by_bulk(bulk: Org) -> None:
    find(bulk, UPSERTS, write_method="REST")
    find(bulk, UPSERTS, automations={"run": "all"})

    assert bulk.calls("settings.layouts") == 0


def test_a_zone_that_is_not_known_keeps_times_from_bulk(bulk: Org) -> None:
    users = {"users": [{"id": "1" * 18, "time_zone": "Mars/Olympus"}]}
    bulk.fail("users", "body", after=1, times=9, body=users)
    entry = stream("Leads", "Last_Name", "Company", "Next_Call")

    assert find(bulk, entry) == (
        "the time zone of the token's user is not known, and Next_Call holds times"
    )


def test_the_plan_says_how_each_stream_goes(bulk: Org, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        find(bulk, UPSERTS)
        calls = stream("Calls", "id", "Subject", mode="update", key="id")
        find(bulk, calls)
        find(bulk, calls, write_method="Bulk")
        find(bulk, UPSERTS, write_method="REST")

    lines = [line for line in caplog.messages if "Bulk Write" in line]
    assert lines == [
        "Plan: Leads: by Bulk Write where 5,200 rows and more wait; up to 25,000 rows cost about "
        "520 credits in a job. Fewer go by REST, at the price above.",
        "Plan: Calls: by REST, not by Bulk Write: Zoho does not offer it for Calls.",
    ]
