"""Values of pick lists are options of the org, or the org hears of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from destination_zoho_crm.client import Client
from unit_tests.destination.conftest import Json, Org, Result, stream

SETTING = "Unknown picklist values (unknown_picklist_values)"
ADVICE = f"{SETTING} is reject, and add sends such values"
REJECTED = "Rejected: Leads: 1 rows by INVALID_DATA in "
VERSIONS = pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])


def write(org: Org, *values: Any, field: str = "Interests", **config: Any) -> Result:
    """A lead for each value of the field."""
    rows = [{"Last_Name": f"L{number}", field: value} for number, value in enumerate(values)]
    return org.write(stream("Leads", "Last_Name", field), rows, **config)


def written(org: Org, field: str = "Interests") -> list[Any]:
    leads = sorted(org.records("Leads"), key=lambda lead: str(lead["Last_Name"]))
    return [lead[field] for lead in leads if str(lead["Last_Name"]) in ("L0", "L1", "L2", "L3")]


def options(org: Org, field: str) -> list[str]:
    """As Zoho's settings tell them."""
    settings = {**org.config, "schema_version": "v8"}
    found = Client(settings).metadata.metadata("settings/fields", "fields", module="Leads")
    (entry,) = (entry for entry in found if entry["api_name"] == field)
    return [option["actual_value"] for option in entry["pick_list_values"]]


def plant(org: Org, name: str, data_type: str, **attributes: Any) -> None:
    field = {"api_name": name, "data_type": data_type, "custom": True, **attributes}
    org.control("POST", "fields/Leads", field)


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


@pytest.mark.parametrize("value", ["Cloud,Mars", "R&D, Labs, Cloud", "Cloud;Mars", "Cloud | Mars"])
def test_a_text_that_leaves_more_than_options_is_told_so(org: Org, value: str) -> None:
    result = write(org, value)

    (line,) = result.said(f"{REJECTED}Interests: ")
    assert ': the text cannot be split into the picklist\'s options ("Cloud", ' in line
    assert '"R&D, Labs"' in line
    assert line.endswith(f"; {ADVICE}.")


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


@pytest.mark.parametrize("setting", ["reject", "add"])
@pytest.mark.parametrize("value", ["cold call", " Cold Call", "COLD CALL "])
def test_an_option_in_other_letters_is_corrected_with_one_warning(
    org: Org, value: str, setting: str
) -> None:
    before = options(org, "Lead_Source")

    result = write(org, value, value, field="Lead_Source", unknown_picklist_values=setting)

    assert result.counts() == {"created": 2}
    assert written(org, "Lead_Source") == ["Cold Call", "Cold Call"]
    assert options(org, "Lead_Source") == before
    assert result.said("options of") == [
        "Leads: the column Lead_Source has values that differ from options of Leads.Lead_Source by "
        "case or blanks only; they are written as the options are."
    ]


def test_letters_that_may_mean_two_options_mean_none(org: Org) -> None:
    plant(org, "Team_Of", "picklist", pick_list=["IT", "It"])

    result = write(org, "IT", "It", "it", field="Team_Of")

    assert result.counts() == {"created": 2, "rejected": 1}
    assert written(org, "Team_Of") == ["IT", "It"]


@pytest.mark.parametrize("value", ["Messenger", "Chat", "messenger", "chat"])
def test_a_renamed_option_goes_by_either_text(org: Org, value: str) -> None:
    """People see Chat, which was made as Messenger."""
    result = write(org, value, field="Preferred_Channel")

    assert result.counts() == {"created": 1}
    assert written(org, "Preferred_Channel") == ["Chat"]


@VERSIONS
def test_options_that_no_layout_uses_are_options(org: Org, version: str) -> None:
    plant(org, "Size", "picklist", pick_list=["Big", "Old"], unused_options=["Old"])

    result = write(org, "Old", field="Size", schema_version=version)

    assert result.counts() == {"created": 1}
    assert written(org, "Size") == ["Old"]


def test_numbers_are_options_by_their_texts(org: Org) -> None:
    plant(org, "Year", "picklist", pick_list=["2024", "2025"])
    plant(org, "Years", "multiselectpicklist", pick_list=["2024", "2025"])
    rows = [
        {"Last_Name": "L0", "Year": 2024, "Years": [2024, 2025.0]},
        {"Last_Name": "L1", "Year": 2025.0, "Years": "2024"},
    ]

    result = org.write(stream("Leads", "Last_Name", "Year", "Years"), rows)

    assert result.counts() == {"created": 2}
    assert written(org, "Year") == ["2024", "2025"]
    assert written(org, "Years") == [["2024", "2025"], ["2024"]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("R&D, Labs", ["R&D, Labs"]),
        ("r&d, labs", ["R&D, Labs"]),
        ("Cloud;R&D, Labs", ["Cloud", "R&D, Labs"]),
        ("Cloud,Training", ["Cloud", "Training"]),
        ("cloud , Training,", ["Cloud", "Training"]),
        ("Cloud|Training", ["Cloud", "Training"]),
        ("R&D, Labs|Cloud", ["R&D, Labs", "Cloud"]),
        ("Cloud;cloud", ["Cloud"]),
        (["cloud", "Training"], ["Cloud", "Training"]),
        ('["Cloud", "training"]', ["Cloud", "Training"]),
        ("Cloud,Mars", None),
        ("Cloud|Mars", None),
        ("Cloud;Mars", None),
        ("Cloud|Training,Mars", None),
        (["Cloud,Training"], None),
    ],
)
def test_a_text_of_several_options_is_split_where_that_leaves_options(
    org: Org, value: object, expected: list[str] | None
) -> None:
    result = write(org, value)

    assert result.counts() == ({"created": 1} if expected else {"rejected": 1})
    assert written(org) == ([expected] if expected else [])


def test_an_option_between_brackets_is_no_json(org: Org) -> None:
    plant(org, "Kinds", "multiselectpicklist", pick_list=["[Other]", "Big"])

    result = write(org, "[Other]", '["[Other]", "Big"]', field="Kinds")

    assert result.counts() == {"created": 2}
    assert written(org, "Kinds") == [["[Other]"], ["[Other]", "Big"]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Cloud,Gardening", ["Cloud", "Gardening"]),
        ("Gardening, cloud,", ["Gardening", "Cloud"]),
        ("R&D, Labs|Gardening", ["R&D, Labs", "Gardening"]),
        ("R&D, Labs", ["R&D, Labs"]),
        ("Parks, Gardening", ["Parks, Gardening"]),
        # Where semicolons part the options, commas and bars belong to them; so in an array.
        ("Cloud;Parks, Cloud", ["Cloud", "Parks, Cloud"]),
        (["Cloud,Gardening"], ["Cloud,Gardening"]),
    ],
)
def test_a_text_with_new_options_is_split_at_commas_or_bars_where_a_part_is_an_option(
    org: Org, value: object, expected: list[str]
) -> None:
    result = write(org, value, unknown_picklist_values="add")

    assert result.counts() == {"created": 1}
    assert written(org) == [expected]
    assert len(result.said("differ from options of")) == ("cloud" in value)


def test_no_new_option_holds_a_semicolon(org: Org) -> None:
    result = write(org, ["a;b"], unknown_picklist_values="add")

    assert result.counts() == {"rejected": 1}
    assert result.said(f"{REJECTED}Interests: an option holds a semicolon")


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


def test_fields_without_listed_options_are_not_judged(org: Org) -> None:
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
def test_options_that_cannot_be_read_once_more_are_judged_as_they_were(
    org: Org, body: str | None
) -> None:
    """Zoho is asked for once, not for each row; what it does not tell ends no run."""
    fault = {"status": 500} if body is None else {"status": 200, "body": body}
    org.fail("settings.fields", after=1, times=99, **fault)

    result = write(org, "Mars", "Cloud", "Venus")

    assert result.failure is None
    assert result.counts() == {"created": 1, "rejected": 2}
    assert len(result.said("Leads: the options of its pick lists cannot be read again")) == 1


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
def test_pick_lists_of_services_are_judged_alike(org: Org, field: str, value: str) -> None:
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
    assert result.said(f"Rejected: Services__s: 1 rows by INVALID_DATA in {field}: none of the")


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


@pytest.mark.parametrize(
    ("value", "names"),
    [("VIP", ["VIP"]), ("VIP; Old ;", ["VIP", "Old"]), ('["VIP;Old"]', ["VIP;Old"]), (";", [])],
)
def test_tags_given_as_a_text_stand_between_semicolons(
    org: Org, value: str, names: list[str]
) -> None:
    result = write(org, value, field="Tag")

    assert result.counts() == {"created": 1}
    (tags,) = written(org, "Tag")
    assert [tag["name"] for tag in tags] == names
