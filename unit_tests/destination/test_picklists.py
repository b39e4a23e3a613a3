"""Values of picklists are options of the org, or are rejected or reported."""

import json
from pathlib import Path
from typing import Any

import pytest

from unit_tests.destination.conftest import Json, Org, stream
from unit_tests.destination.picklists import (
    ADVICE,
    REJECTED,
    SETTING,
    options,
    plant,
    write,
    written,
)

VERSIONS = pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])


@VERSIONS
def test_an_unknown_option_rejects_its_row_and_joins_no_pick_list(org: Org, version: str) -> None:
    before = options(org, "Lead_Source")

    result = write(org, "Moonshine", "Chat", field="Lead_Source", schema_version=version)

    assert result.counts() == {"created": 1, "rejected": 1}
    assert written(org, "Lead_Source") == ["Chat"]
    assert options(org, "Lead_Source") == before
    assert len(result.said(f"{REJECTED}Lead_Source: none of the picklist's options (")) == 1
    assert result.said("Moonshine") == []


@pytest.mark.parametrize("mode", ["append_dedup", "update"])
def test_an_unknown_option_changes_no_record(org: Org, mode: str) -> None:
    lead = org.add("Leads", Last_Name="L", Email="l@example.com", Lead_Source="Chat")
    key = {"append_dedup": "Email", "update": "id"}[mode]
    row = {"Last_Name": "L", "id": lead, "Email": "l@example.com", "Lead_Source": "Moonshine"}

    result = org.write(stream("Leads", *row, mode=mode, key=key), [row])

    assert result.counts() == {"rejected": 1}
    assert org.record("Leads", id=lead)["Lead_Source"] == "Chat"


def test_the_first_rejection_names_the_setting_in_one_line(org: Org) -> None:
    result = write(org, "Mars", "Venus", ["Pluto"])

    assert result.counts() == {"rejected": 3}
    assert result.said("a row is rejected for a value") == [
        "Leads.Interests: a row is rejected for a value that is none of the picklist's options, "
        f"because {SETTING} is reject. With add such values are sent, and Zoho adds them to the "
        "picklist."
    ]


def test_the_reason_names_options_of_the_org_and_not_all_of_them(org: Org) -> None:
    result = write(org, "Moonshine", field="Industry")

    (line,) = result.said("Rejected: ")
    assert '("ASP (Application Service Provider)", "Data/Telecom OEM", "ERP", ' in line
    assert line.endswith(f', "Storage Equipment" and 1 more); {ADVICE}.')


@VERSIONS
def test_new_options_are_sent_where_the_setting_says_so(org: Org, version: str) -> None:
    values = ("Mars", ["Mars", "Cloud"], "Venus;mars")

    result = write(org, *values, unknown_picklist_values="add", schema_version=version)

    assert result.counts() == {"created": 3}
    assert written(org) == [["Mars"], ["Mars", "Cloud"], ["Venus", "Mars"]]
    assert options(org, "Interests")[-2:] == ["Mars", "Venus"]
    assert result.said("new option") == [
        "Leads.Interests: 2 new options were sent, and Zoho adds what it takes to the picklist, "
        f"because {SETTING} is add."
    ]


@VERSIONS
def test_options_that_no_layout_uses_are_options(org: Org, version: str) -> None:
    plant(org, "Size", "picklist", pick_list=["Big", "Old"], unused_options=["Old"])

    result = write(org, "Old", field="Size", schema_version=version)

    assert result.counts() == {"created": 1}
    assert written(org, "Size") == ["Old"]


def test_what_zoho_says_of_an_option_goes_before_the_setting(org: Org, tmp_path: Path) -> None:
    org.knobs(new_options="refuse")
    storage = {"storage_type": "Local", "folder": str(tmp_path)}

    result = write(org, "Mars", unknown_picklist_values="add", object_storage_config=storage)

    org.knobs(new_options="add")
    assert result.counts() == {"rejected": 1}
    assert result.said(f'{REJECTED}Interests: Zoho takes one of "Cloud", "On-Premises", ')
    assert result.said("Mars") == []
    (path,) = tmp_path.glob("*.jsonl")
    assert "supported_values ['Cloud'" in json.loads(path.read_text())["rejected"]["message"]


def test_fields_without_listed_options_are_not_checked(org: Org) -> None:
    plant(org, "Free", "picklist", pick_list=[])
    plant(org, "Days", "multiselectpicklist", pick_list=[])

    rows = [{"Last_Name": "L0", "Free": "anything", "Days": ["2026-01-01"]}]
    result = org.write(stream("Leads", "Last_Name", "Free", "Days"), rows)

    assert result.counts() == {"created": 1}
    assert (written(org, "Free"), written(org, "Days")) == (["anything"], [["2026-01-01"]])


def test_a_list_of_none_alone_is_no_list(org: Org) -> None:
    plant(org, "Free", "picklist", pick_list=["-None-"])

    result = write(org, "anything", field="Free")

    assert result.counts() == {"created": 1}
    assert written(org, "Free") == ["anything"]


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("body", [None, "<html>"], ids=["no answer", "unreadable"])
def test_options_that_cannot_be_read_again_count_as_they_were(org: Org, body: str | None) -> None:
    """Zoho is asked for once, not for each row; what it does not show ends no run."""
    fault = {"status": 500} if body is None else {"status": 200, "body": body}
    org.fail("settings.fields", after=1, times=99, **fault)

    result = write(org, "Mars", "Cloud", "Venus")

    assert result.failure is None
    assert result.counts() == {"created": 1, "rejected": 2}
    assert len(result.said("Leads: the options of its picklists cannot be read again")) == 1


def test_an_option_that_was_added_since_the_start_is_known(org: Org) -> None:
    """The fields are asked for once more, and once only."""
    names = options(org, "Interests")
    before = org.calls("settings.fields")

    def rows() -> Any:
        yield {"Last_Name": "L0", "Interests": "Cloud"}
        org.control("PATCH", "fields/Leads/Interests", {"pick_list": [*names, "Mars"]})
        yield {"Last_Name": "L1", "Interests": ["Mars"]}
        yield {"Last_Name": "L2", "Interests": "mars, cloud"}
        yield {"Last_Name": "L3", "Interests": "Venus"}
        yield {"Last_Name": "L4", "Interests": "Pluto"}

    result = org.write(stream("Leads", "Last_Name", "Interests"), rows())

    assert result.counts() == {"created": 3, "rejected": 2}
    assert written(org) == [["Cloud"], ["Mars"], ["Mars", "Cloud"]]
    assert org.calls("settings.fields") - before == 2


def test_known_options_cost_no_call(org: Org) -> None:
    before = org.calls("settings.fields")

    write(org, "Cloud", ["Training", "cloud"])

    assert org.calls("settings.fields") - before == 1


@pytest.mark.parametrize(
    ("field", "value"), [("Status", "Asleep"), ("Location", "Moon"), ("Availability_Type", "Never")]
)
def test_picklists_of_services_are_checked_alike(org: Org, field: str, value: str) -> None:
    user = org.records("Leads")[0]["Owner"]["id"]
    service: Json = {
        "Service_Name": "S",
        "Duration": 30,
        "Location": "Business Address",
        "Availability_Type": "Every Business Days",
        "Price": 1,
        "Members": [user],
    }

    result = org.write(stream("Services__s", *service, field), [{**service, field: value}])

    assert result.counts() == {"rejected": 1}
    assert result.said(f"Rejected: Services__s: 1 row with INVALID_DATA in {field}: none of the")


def test_reminders_of_calls_and_taxes_are_no_options(org: Org) -> None:
    call = {
        "Subject": "C",
        "Call_Type": "Outbound",
        "Call_Start_Time": "2026-03-04T05:06:07Z",
        "Call_Duration": "10:00",
        "Reminder": "2026-03-04T05:00:00Z",
    }
    options = ["-None-", "5 minutes before"]
    org.control("PATCH", "fields/Calls/Reminder", {"pick_list": options})

    assert org.write(stream("Calls", *call), [call]).counts() == {"created": 1}

    product = {"Product_Name": "P", "Tax": [{"value": "Vat - 5.0 %"}]}
    assert org.write(stream("Products", *product), [product]).counts() == {"created": 1}
