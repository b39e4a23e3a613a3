"""Rows that come again, and rows that bring nothing but their key."""

from collections.abc import Iterator
from threading import Event

import pytest

from unit_tests.destination.conftest import Org, row, state, stream

VERSIONS = ("v2", "v2.1", "v4", "v8")


@pytest.mark.parametrize(
    ("version", "module", "key"),
    [
        *((version, "Leads", "id") for version in VERSIONS),
        *((version, "Vehicles", "Plate") for version in VERSIONS[1:]),
    ],
)
def test_the_same_deletions_twice_do_no_harm(org: Org, version: str, module: str, key: str) -> None:
    name = "Last_Name" if module == "Leads" else "Name"
    plates = [{"Plate": f"P-{n}"} if key == "Plate" else {} for n in range(4)]
    ids = [{"id": org.add(module, **{name: "L"}, **plate)} for plate in plates]
    gone = stream(module, key, mode="soft_delete", key=key)
    rows = ids if key == "id" else plates

    first, second = (org.write(gone, rows, schema_version=version) for _ in range(2))

    assert [first.counts(), second.counts()] == [{"deleted": 4}] * 2
    assert not first.said("found no record")
    assert second.said(
        "4 of 4 deletions found no record: they were deleted before, or never there."
    )
    assert second.said("not one of 4 deletions found its record")


def test_some_deletions_without_a_record_are_no_cause_for_a_warning(org: Org) -> None:
    gone = stream("Leads", "id", mode="soft_delete", key="id")
    rows = [{"id": org.add("Leads", Last_Name="L")}, {"id": "9" * 19}]

    result = org.write(gone, rows)

    assert result.counts() == {"deleted": 2}
    assert result.said("1 of 2 deletions found no record")
    assert not result.said("not one of")


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.usefixtures("no_pauses")
def test_deletions_that_are_made_twice_found_their_records(org: Org, done: bool) -> None:
    rows = [{"id": org.add("Leads", Last_Name="L")} for _ in range(5)]
    org.fail("delete", status=500, body="", done=done)

    result = org.write(stream("Leads", "id", mode="soft_delete", key="id"), rows)

    assert result.counts() == {"deleted": 5}
    assert not result.said("found no record")
    assert not result.said("not one of")


@pytest.mark.parametrize(
    "details", [{"param_name": "wf_trigger"}, {"header": "X-EXTERNAL"}, {"api_name": "Leads"}]
)
def test_a_refusal_of_the_call_deletes_nothing(org: Org, details: dict[str, str]) -> None:
    rows = [{"id": org.add("Leads", Last_Name="L")} for _ in range(5)]
    body = {"code": "INVALID_DATA", "details": details, "message": "m", "status": "error"}
    org.fail("delete", times=99, status=400, body=body)

    result = org.write(stream("Leads", "id", mode="soft_delete", key="id"), rows)

    assert result.failure
    assert (org.calls("delete"), result.states) == (1, [])


def test_a_deletion_that_is_refused_without_a_word_is_rejected(org: Org) -> None:
    lead = org.add("Leads", Last_Name="L")
    entry = {"code": "INVALID_DATA", "details": {}, "message": "m", "status": "error"}
    org.fail("delete", status=400, body={"data": [entry]})

    result = org.write(stream("Leads", "id", mode="soft_delete", key="id"), [{"id": lead}])

    assert result.counts() == {"rejected": 1}


def test_an_upsert_of_a_record_that_the_run_deletes_is_sent(org: Org) -> None:
    """Queries may show it for a while."""
    vehicle = org.add("Vehicles", Name="V")
    org.control("POST", "clock", {"advance_s": 60})
    org.knobs(visible_after_s=30)
    streams = [
        stream("gone", "id", mode="soft_delete", key="id", into="Vehicles"),
        stream("there", "Name", mode="append_dedup", key="Name", into="Vehicles"),
    ]

    def lines() -> Iterator[bytes]:
        yield row("gone", {"id": vehicle})
        yield state("gone")
        while not org.calls("delete"):
            Event().wait(0.01)
        Event().wait(0.2)
        yield row("there", {"Name": "V"})
        yield state("there")

    result = org.write_lines(streams, lines())
    org.knobs(visible_after_s=0)

    assert [result.counts(state=n) for n in (0, 1)] == [{"deleted": 1}, {"created": 1}]
    assert org.record("Vehicles", Name="V")


def test_a_record_that_may_not_be_deleted_is_still_rejected(org: Org) -> None:
    lead = org.add("Leads", Last_Name="L")
    entry = {"code": "RECORD_LOCKED", "details": {"id": lead}, "message": "m", "status": "error"}
    org.fail("delete", status=400, body={"data": [entry]})

    result = org.write(stream("Leads", "id", mode="soft_delete", key="id"), [{"id": lead}])

    assert result.counts() == {"rejected": 1}


@pytest.mark.parametrize("version", VERSIONS)
def test_an_update_with_nothing_but_a_key_is_not_sent(org: Org, version: str) -> None:
    ids = [org.add("Leads", Last_Name=f"L{n}") for n in range(3)]
    leads = stream("Leads", "id", "Company", "Phone", mode="update", key="id")
    rows = [{"id": ids[0]}, {"id": ids[1], "Company": None}, {"id": ids[2], "Company": "C"}]

    result = org.write(leads, rows, schema_version=version)

    assert result.counts() == {"updated": 1, "unchanged": 2}
    assert result.said("2 rows brought nothing but the key")
    assert {one["id"] for one in org.fired()} == {ids[2]}


def test_a_null_that_empties_its_field_is_sent(org: Org) -> None:
    lead = org.add("Leads", Last_Name="L", Company="C")
    leads = stream("Leads", "id", "Company", mode="update", key="id")

    result = org.write(leads, [{"id": lead, "Company": None}], null_values="clear")

    assert result.counts() == {"updated": 1}
    assert org.record("Leads", id=lead)["Company"] is None


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upsert_with_nothing_but_a_key_is_sent_only_where_no_record_has_it(
    org: Org, version: str
) -> None:
    there = [org.add("Vehicles", Name=f"O'Neil {n}") for n in range(120)]
    vehicles = stream("Vehicles", "Name", "Plate", mode="append_dedup", key="Name")
    rows = [{"Name": f"o'neil {n}"} for n in range(120)]
    rows += [{"Name": "new"}, {"Name": "O'Neil 0", "Plate": "P-0"}]

    result = org.write(vehicles, rows, schema_version=version)

    assert result.counts() == {"created": 1, "updated": 1, "unchanged": 120}
    assert org.record("Vehicles", id=there[0])["Plate"] == "P-0"
    assert len({one["id"] for one in org.fired()}) == 2


def test_what_cannot_be_looked_up_is_upserted(org: Org) -> None:
    org.add("Vehicles", Name="V")
    org.fail("coql", times=9, status=401, body={"code": "OAUTH_SCOPE_MISMATCH", "message": "x"})
    vehicles = stream("Vehicles", "Name", mode="append_dedup", key="Name")

    result = org.write(vehicles, [{"Name": "V"}, {"Name": "back\\slash"}])

    assert result.counts() == {"created": 1, "updated": 1}
