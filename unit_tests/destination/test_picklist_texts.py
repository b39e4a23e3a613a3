"""Texts that hold several options, or options in other letters."""

import pytest

from unit_tests.destination.conftest import Org, stream
from unit_tests.destination.picklists import ADVICE, REJECTED, options, plant, write, written


@pytest.mark.parametrize("value", ["Cloud,Mars", "R&D, Labs, Cloud", "Cloud;Mars", "Cloud | Mars"])
def test_a_text_that_leaves_more_than_options_is_said(org: Org, value: str) -> None:
    result = write(org, value)

    (line,) = result.said(f"{REJECTED}Interests: ")
    assert ': the text cannot be split into the picklist\'s options ("Cloud", ' in line
    assert '"R&D, Labs"' in line
    assert line.endswith(f"; {ADVICE}.")


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
