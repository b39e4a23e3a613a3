"""Ids of records that were found."""

import pytest

from destination_zoho_crm import remembered_ids
from destination_zoho_crm.lookup_values import Sought
from destination_zoho_crm.remembered_ids import RememberedIds

PLACE = ("Accounts", "Account_Name")


def named(value: str) -> Sought:
    return Sought(*PLACE, value)


def remember(ids: RememberedIds, *values: str) -> None:
    with ids.ask() as changes:
        ids.add({named(value): f"id of {value}" for value in values}, changes)


def known(ids: RememberedIds, *values: str) -> list[str]:
    return [one.value for one in ids.find(map(named, values))]


def test_values_that_zoho_holds_for_the_same_are_one() -> None:
    ids = RememberedIds()

    remember(ids, "Acme")

    assert ids.find([named(" ACME ")]) == {named(" ACME "): "id of Acme"}


def test_what_other_records_get_is_forgotten_and_nothing_else() -> None:
    ids = RememberedIds()
    remember(ids, "a", "b")

    ids.forget(PLACE, ["A"])

    assert known(ids, "a", "b") == ["b"]


def test_all_of_a_place_is_forgotten_and_nothing_of_others() -> None:
    ids = RememberedIds()
    remember(ids, "a", "b")
    other = Sought("Contacts", "Email", "a")
    with ids.ask() as changes:
        ids.add({other: "1"}, changes)

    ids.forget_all(PLACE)

    assert known(ids, "a", "b") == []
    assert ids.find([other]) == {other: "1"}


@pytest.mark.parametrize("everything", [True, False])
def test_an_answer_is_not_kept_if_its_value_was_written_meanwhile(everything: bool) -> None:
    ids = RememberedIds()

    with ids.ask() as changes:
        if everything:
            ids.forget_all(PLACE)
        else:
            ids.forget(PLACE, ["A"])
        ids.add({named("a"): "1", named("b"): "2"}, changes)
    after = known(ids, "a", "b")
    remember(ids, "a")

    assert after == ([] if everything else ["b"])
    assert known(ids, "a") == ["a"]


def test_those_used_longest_ago_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered_ids, "MOST_REMEMBERED", 2)
    ids = RememberedIds()
    remember(ids, "a", "b")
    known(ids, "a")

    remember(ids, "c")

    assert known(ids, "a", "b", "c") == ["a", "c"]
