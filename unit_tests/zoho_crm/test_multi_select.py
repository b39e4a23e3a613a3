"""Texts that hold lists."""

import logging
from collections.abc import Iterable

import pytest

from zoho_crm.fields import Field, build_caster
from zoho_crm.multi_select import MultiSelectTexts

LABS = "R&D, Labs"
OPTIONS = ("Cloud", "Training", LABS, "Red; Metallic")


def read(*texts: str, options: Iterable[str] = OPTIONS, ahead: Iterable[str] = ()) -> list:
    """Reads the texts of one column of a file that goes on with those `ahead`."""
    lists = MultiSelectTexts("Leads")
    lists.ahead = lambda: (("Interests", text) for text in (*texts, *ahead))
    column = lists.build_reader("Interests", frozenset(options))
    return [column(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Cloud", ["Cloud"]),
        ("Cloud;Training", ["Cloud", "Training"]),
        ("Cloud,Training", ["Cloud", "Training"]),
        (" Cloud ; Training ", ["Cloud", "Training"]),
        ("Cloud, Training", ["Cloud", "Training"]),
        (LABS, [LABS]),
        (f"Cloud;{LABS}", ["Cloud", LABS]),
        (f"{LABS},Cloud", [LABS, "Cloud"]),
        (f"Cloud, {LABS}, Training", ["Cloud", LABS, "Training"]),
        ("Red; Metallic", ["Red; Metallic"]),
        ("Cloud;Red; Metallic", ["Cloud", "Red; Metallic"]),
        ("Cloud,Red; Metallic", ["Cloud", "Red; Metallic"]),
        (f"Red; Metallic,{LABS}", ["Red; Metallic", LABS]),
        ("Cloud;;Training;", ["Cloud", "Training"]),
        (" ", None),
        (";", None),
    ],
)
def test_the_options_of_the_field_decide(text: str, options: list[str] | None) -> None:
    assert read(text) == [options]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Cloud,Old", ["Cloud", "Old"]),
        ("Old;Older", ["Old", "Older"]),
        (f"Old;{LABS}", ["Old", LABS]),
        ("Old, very;Older", ["Old, very", "Older"]),
    ],
)
def test_an_option_that_the_field_no_longer_has_is_read_beside_those_it_has(
    text: str, options: list[str]
) -> None:
    assert read(text) == [options]


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (["VIP;New"], ["a,b"]),
        (["Cloud;Training", "VIP"], ["a,b"]),
        (["a", "b"], ["a", "b"]),
        (["x,y", "x", "y"], ["a", "b"]),
        (["a", "b", "VIP;a,b"], ["a,b"]),
        (["x,y", "x"], ["a,b"]),
        ([], ["a,b"]),
    ],
)
def test_where_a_field_has_no_options_the_file_decides(
    ahead: list[str], expected: list[str]
) -> None:
    assert read("a,b", options=(), ahead=ahead) == [expected]


@pytest.mark.parametrize(
    "texts",
    [["hot", "cold", "hot,cold"], ["hot,cold", "hot", "cold"], ["hot", "hot,cold", "cold"]],
)
def test_rows_that_were_read_before_decide_as_those_ahead_do(
    texts: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A page is read in place."""
    caplog.set_level(logging.WARNING)
    lists = MultiSelectTexts("Leads")
    cast = build_caster([Field.from_metadata(TAG)], lists)
    page = [{"Tag": text} for text in texts]
    lists.look_ahead_in(page)

    got = [cast(row)["Tag"] for row in page]

    assert got == [text.split(",") for text in texts] == read(*texts, options=())
    assert caplog.messages == []


def test_what_the_pages_before_showed_as_one_item_decides() -> None:
    lists = MultiSelectTexts("Leads")
    cast = build_caster([Field.from_metadata(TAG)], lists)
    got = []
    for page in ([{"Tag": "hot"}, {"Tag": "cold"}], [{"Tag": "hot,cold"}]):
        lists.look_ahead_in(page)
        got += [cast(row)["Tag"] for row in page]
    assert got == [["hot"], ["cold"], ["hot", "cold"]]


def test_what_one_export_showed_as_one_item_decides_in_the_next() -> None:
    lists = MultiSelectTexts("Leads")
    got = []
    for texts in (["hot", "cold"], ["hot,cold"]):
        column = lists.build_reader("Tag", frozenset())
        got += [column(text) for text in texts]
    assert got == [["hot"], ["cold"], ["hot", "cold"]]


def test_what_one_column_shows_holds_for_the_others_of_its_stream() -> None:
    lists = MultiSelectTexts("Leads")
    interests = lists.build_reader("Interests", frozenset(OPTIONS))
    tags = lists.build_reader("Tag", frozenset())

    assert interests("Cloud,Training") == ["Cloud", "Training"]
    assert tags("a,b") == ["a", "b"]
    assert interests("Old,Older") == ["Old", "Older"]


def test_a_text_that_nothing_decides_is_split_at_semicolons_and_reported_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)

    assert read("a,b", "c,d", "e", options=()) == [["a,b"], ["c,d"], ["e"]]

    (warning,) = caplog.messages
    assert warning.startswith("Leads: texts of Interests hold commas")
    assert "a,b" not in warning


def test_texts_with_semicolons_bring_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    assert read("a;b", "c,d", options=()) == [["a", "b"], ["c,d"]]

    assert caplog.messages == []


@pytest.mark.parametrize(
    "texts",
    [
        ["hot", "cold", *["hot,cold"] * 5, "cold,hot", "a;b"],
        ["hot,cold", "hot", "cold", "a;b"],
        ["hot,cold", "a;b", "cold", "hot"],
        ["hot", "a;b", "cold", "hot,cold"],
        ["a;b", "hot", "cold", "hot,cold"],
    ],
)
def test_texts_that_contradict_each_other_are_split_at_semicolons_and_reported_once(
    texts: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    assert read(*texts, options=()) == [text.split(";") for text in texts]

    (warning,) = caplog.messages
    assert warning.startswith("Leads: some texts show semicolons between options, others commas")
    assert "Interests" in warning
    assert "hot" not in warning


def test_a_semicolon_in_one_column_contradicts_the_options_of_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    lists = MultiSelectTexts("Leads")
    interests = lists.build_reader("Interests", frozenset(OPTIONS))
    tags = lists.build_reader("Tag", frozenset())

    assert interests("Cloud,Training") == ["Cloud", "Training"]
    assert caplog.messages == []
    assert tags("a;b") == ["a", "b"]
    assert tags("c,d") == ["c,d"]
    assert interests("Training,Cloud") == ["Training", "Cloud"]
    assert len(caplog.messages) == 1


def test_texts_that_options_decide_bring_no_warning_whatever_joins_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)

    assert read("Cloud,Training", "Training;Cloud") == [
        ["Cloud", "Training"],
        ["Training", "Cloud"],
    ]

    assert caplog.messages == []


def test_the_file_is_looked_through_once() -> None:
    looks: list[int] = []
    lists = MultiSelectTexts("Leads")

    def ahead() -> list[tuple[str, str]]:
        looks.append(1)
        return []

    lists.ahead = ahead
    column = lists.build_reader("Tag", frozenset())
    for text in ("a", "a;b", "c,d"):
        column(text)
    assert looks == []

    lists = MultiSelectTexts("Leads")
    lists.ahead = ahead
    column = lists.build_reader("Tag", frozenset())
    for text in ("a,b", "c,d", "e,f"):
        column(text)
    assert looks == [1]


def test_a_list_that_was_given_away_may_be_changed() -> None:
    lists = MultiSelectTexts("Leads")
    column = lists.build_reader("Interests", frozenset(OPTIONS))
    first = column("Cloud;Training")
    assert first
    first.clear()
    assert column("Cloud;Training") == ["Cloud", "Training"]


MULTI_SELECT = {
    "api_name": "X",
    "data_type": "multiselectpicklist",
    "json_type": "jsonarray",
    "pick_list_values": [
        {"display_value": "Cloud", "actual_value": "cloud-1"},
        {"display_value": LABS, "actual_value": LABS},
        {"display_value": None},
        "odd",
    ],
}
TAG = {"api_name": "Tag", "data_type": "text", "json_type": "jsonarray"}


@pytest.mark.parametrize(
    ("metadata", "value", "canonical"),
    [
        (MULTI_SELECT, "Cloud,cloud-1", ["Cloud", "cloud-1"]),
        (MULTI_SELECT, f"{LABS};Cloud", [LABS, "Cloud"]),
        (MULTI_SELECT, [" Cloud ", LABS], ["Cloud", LABS]),
        (MULTI_SELECT, [{"value": "Cloud"}], ["Cloud"]),
        (MULTI_SELECT, "", None),
        (MULTI_SELECT, ["", None], None),
        (MULTI_SELECT, 7, ["7"]),
        (MULTI_SELECT, [{"odd": 1}], ['{"odd": 1}']),
        (MULTI_SELECT | {"pick_list_values": None}, "a;b", ["a", "b"]),
        (MULTI_SELECT | {"pick_list_values": {"odd": 1}}, "a;b", ["a", "b"]),
        (TAG, "VIP;New", ["VIP", "New"]),
        (TAG, [{"name": "VIP", "id": "1"}], ["VIP"]),
        (TAG, {"name": "VIP"}, ["VIP"]),
        (TAG, ["VIP"], ["VIP"]),
        (TAG, [], None),
    ],
)
def test_any_json_becomes_a_list(metadata, value, canonical) -> None:
    field = Field.from_metadata(metadata)
    assert field.data_type == metadata["data_type"]
    assert build_caster([field])({field.api_name: value}) == {field.api_name: canonical}
