"""What a write sets off in the org is what the connection says."""

from typing import Any

import pytest

from unit_tests.destination.conftest import Org, mapping, stream
from zoho_emulator.knobs import AUTOMATIONS

OLD_KINDS = {"workflow", "approval", "blueprint"}
SELECTED = {"run": "selected", "kinds": ["blueprint", "workflow"]}


def governed(events: list[dict[str, Any]]) -> list[set[str]]:
    """Of each record, the kinds that fired and that every version governs."""
    return [set(event["kinds"]) & OLD_KINDS for event in events]


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
@pytest.mark.parametrize(
    ("setting", "fires", "said"),
    [
        (None, OLD_KINDS, "automations: all that the org has"),
        ({"run": "all"}, OLD_KINDS, "automations: all that the org has"),
        ({"run": "none"}, set(), "automations: none"),
        (SELECTED, {"blueprint", "workflow"}, "automations: workflow, blueprint"),
    ],
    ids=["unsaid", "all", "none", "selected"],
)
def test_automations_run_as_the_connection_says(
    org: Org, version: str, setting: dict[str, Any] | None, fires: set[str], said: str
) -> None:
    there = org.add("Leads", Last_Name="There", Email="there@x.test")
    rows = [{"Email": "there@x.test", "Last_Name": "A"}, {"Email": "new@x.test", "Last_Name": "B"}]
    leads = stream("Leads", "Email", "Last_Name", mode="append_dedup", key="Email")
    changes = {"automations": setting} if setting else {}

    result = org.write(leads, rows, schema_version=version, **changes)
    events = org.fired()

    assert result.said(said)
    # The emulator writes down no record that set off nothing.
    assert all(kinds == fires for kinds in governed(events))
    fired = [event["id"] for event in events if set(event["kinds"]) & OLD_KINDS]
    assert len(fired) == (2 if fires else 0)
    assert (there in fired) == bool(fires)


@pytest.mark.parametrize(
    ("setting", "fires"),
    [
        ({"run": "all"}, True),
        ({"run": "none"}, False),
        (SELECTED, True),
        ({"run": "selected", "kinds": ["approval"]}, False),
    ],
    ids=["all", "none", "with workflow", "without workflow"],
)
def test_a_deletion_sets_off_workflows_only_if_they_may_run(
    org: Org, setting: dict[str, Any], fires: bool
) -> None:
    lead = org.add("Leads", Last_Name="L")
    gone = stream("Leads", "id", mode="soft_delete", key="id")

    org.write(gone, [{"id": lead}], automations=setting)

    assert bool(org.fired()) == fires


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
@pytest.mark.parametrize("setting", [{"run": "none"}, SELECTED], ids=["none", "selected"])
def test_cadences_are_no_kind_that_is_chosen_and_run_only_where_nothing_can_keep_them(
    org: Org, version: str, setting: dict[str, Any]
) -> None:
    org.knobs(automations=["workflow", "cadences"])
    lead = org.add("Leads", Last_Name="There", Email="there@x.test")
    columns, tried = ("Email", "Last_Name"), {"append": None, "append_dedup": "Email"}
    rows = [{"id": lead, "Email": "there@x.test", "Last_Name": "A"}]

    results = [
        org.write(
            stream("Leads", *columns, mode=mode, key=key),
            rows,
            schema_version=version,
            automations=setting,
        )
        for mode, key in tried.items()
    ]
    changed = stream("Leads", "id", "Last_Name", mode="update", key="id")
    results.append(org.write(changed, rows, schema_version=version, automations=setting))
    org.knobs(automations=AUTOMATIONS)

    kept = version == "v8"
    ran = [event["kinds"] for event in org.fired() if "cadences" in event["kinds"]]
    assert len(ran) == (0 if kept else 3)
    assert all(bool(result.said("(but cadences")) != kept for result in results)


RULE = "8009622000000009001"


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
@pytest.mark.parametrize(("operation", "key"), [("insert", None), ("upsert", "Email")])
def test_the_assignment_rule_of_a_mapping_runs_for_each_row(
    org: Org, version: str, operation: str, key: str | None
) -> None:
    mapped = mapping("a", "Leads", operation, key) | {"lar_id": RULE}
    rows = [{"Email": f"{n}@example.com", "Last_Name": "L"} for n in range(2)]

    result = org.write(
        stream("a", "Email", "Last_Name"), rows, mappings=[mapped], schema_version=version
    )

    assert [event.get("assignment_rule") for event in org.fired()] == [RULE, RULE]
    assert result.said(f"the assignment rule {RULE} decides who owns its records")


def test_without_a_mapping_no_assignment_rule_runs(org: Org) -> None:
    other = mapping("b", "Leads", "insert") | {"lar_id": RULE}

    org.write(stream("Leads", "Last_Name"), [{"Last_Name": "L"}], mappings=[other])

    assert [event.get("assignment_rule") for event in org.fired()] == [None]


def test_an_assignment_rule_does_not_count_where_the_connection_asks_for_an_update(
    org: Org,
) -> None:
    lead = org.add("Leads", Last_Name="L")
    mapped = mapping("a", "Leads", "insert") | {"lar_id": RULE}
    updates = stream("a", "id", "Last_Name", mode="update", key="id", into="Leads")

    result = org.write(updates, [{"id": lead, "Last_Name": "M"}], mappings=[mapped])

    assert [event.get("assignment_rule") for event in org.fired()] == [None]
    assert result.said("a: update takes no assignment rule; its mapping's is ignored.")
