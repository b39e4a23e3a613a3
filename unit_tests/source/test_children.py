"""Line items and links: Zoho may list their removed rows, or not, and that may change."""

from collections.abc import Iterator

import pytest

from unit_tests.source.conftest import Org, Row, rows_of, states_of
from unit_tests.source.test_deletes import latest
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Running, Settings, running

COQL = {"use_coql": "enabled"}
ITEMS, LINKS = "Quoted_Items", "LeadsXProducts"
CHILDREN = pytest.mark.parametrize("name", [ITEMS, LINKS])


@pytest.fixture(scope="module")
def _server() -> Iterator[Running]:
    settings = Settings(rows=5, rows_by_module={"Quotes": 150, "Leads": 400}, modules=62)
    with running(settings, {"tokens_per_10_min": 0}) as server:
        yield server


@pytest.fixture
def org(_server: Running) -> Iterator[Org]:
    """An org that the test may change; the next one has it as it was."""
    ZohoAuthenticator._tokens.clear()
    org = Org(_server, {"retrieval": COQL})
    org.control("POST", "reset", {"org": True})
    yield org
    org.control("POST", "knobs", {"child_deletes": False})


def remove(org: Org, name: str, count: int = 3) -> set[str]:
    gone = sorted(row["id"] for row in org.control("GET", f"records/{name}"))[:count]
    org.control("DELETE", f"records/{name}?ids={','.join(gone)}&type=permanent")
    org.control("POST", "clock", {"advance_s": 300})
    return set(gone)


def modes(stream: Row) -> list[str]:
    return stream["supported_sync_modes"]


def log(output) -> str:
    return "\n".join(entry.log.message for entry in output.logs)


@CHILDREN
def test_a_child_is_read_whole_each_time_where_zoho_lists_no_removed_row(
    org: Org, name: str
) -> None:
    child = org.stream(name)
    assert modes(child) == ["full_refresh"]
    first = org.read(child)
    gone = remove(org, name)

    second = org.read(org.stream(name), state=states_of(first, name)[-1:])

    assert {row["id"] for row in rows_of(first, name)} >= gone
    assert {row["id"]: row for row in rows_of(second, name)} == org.truth(child)
    assert "stay in the warehouse" not in log(second), "it is overwritten"


@CHILDREN
def test_a_child_is_incremental_once_zoho_has_listed_a_removed_row(org: Org, name: str) -> None:
    org.control("POST", "knobs", {"child_deletes": True})
    remove(org, name)
    child = org.stream(name)
    assert modes(child) == ["full_refresh", "incremental"]
    first = org.read(child)
    gone = remove(org, name)

    second = org.read(child, state=states_of(first, name)[-1:])

    assert {row["id"] for row in rows_of(second, name) if "_ab_cdc_deleted_at" in row} == gone
    assert latest(rows_of(first, name), rows_of(second, name)) == org.truth(child)


@CHILDREN
@pytest.mark.parametrize("state", ["of the read before", "of a window, half a year old"])
def test_an_incremental_child_that_becomes_whole_and_incremental_again_loses_nothing(
    org: Org, name: str, state: str
) -> None:
    org.control("POST", "knobs", {"child_deletes": True})
    remove(org, name)
    incremental = org.stream(name)
    runs = [org.read(incremental)]
    windowed = states_of(runs[0], name)[-1:]

    # Half a year later Zoho lists none of these deletions any more.
    org.control("POST", "clock", {"advance_s": 180 * 86_400})
    assert modes(org.stream(name)) == ["full_refresh"]
    runs.append(org.read(incremental, state=windowed))

    whole = rows_of(runs[1], name)
    assert {row["id"]: row for row in whole} == rows_but_marks(org, incremental)
    assert len(whole) == len({row["id"] for row in whole})
    assert "read whole each time" in log(runs[1])
    unstamped = states_of(runs[1], name)[-1:]
    assert "Modified_Time" not in unstamped[0]["stream"]["stream_state"]

    gone = remove(org, name)
    runs.append(org.read(incremental, state=unstamped if "before" in state else windowed))

    told = {row["id"] for row in rows_of(runs[2], name) if "_ab_cdc_deleted_at" in row}
    assert told >= gone
    assert latest(*(rows_of(run, name) for run in runs)) == org.truth(incremental)
    assert "Modified_Time" in states_of(runs[2], name)[-1]["stream"]["stream_state"]


def test_an_incremental_child_that_is_read_whole_tells_what_zoho_lists(org: Org) -> None:
    """Zoho lists a removed row of a module that is not asked whether any are listed."""
    name = "Invoiced_Items"
    org.control("POST", "knobs", {"child_deletes": True})
    items = org.stream(name)
    first = org.read(items)
    assert "Modified_Time" in states_of(first, name)[-1]["stream"]["stream_state"]
    org.control("POST", "clock", {"advance_s": 180 * 86_400})
    gone = remove(org, name)
    assert modes(org.stream(name)) == ["full_refresh"]

    second = org.read(items, state=states_of(first, name)[-1:])
    third = org.read(items, state=states_of(second, name)[-1:])

    for run in (second, third):
        assert {row["id"] for row in rows_of(run, name) if "_ab_cdc_deleted_at" in row} == gone
        assert latest(rows_of(first, name), rows_of(run, name)) == org.truth(items)


def rows_but_marks(org: Org, stream: Row) -> dict[str, Row]:
    return {
        key: {name: value for name, value in row.items() if not name.startswith("_ab_")}
        for key, row in org.truth(stream).items()
    }


@CHILDREN
def test_a_whole_child_that_becomes_incremental_is_read_whole_as_long_as_the_catalog_says_so(
    org: Org, name: str
) -> None:
    whole = org.stream(name)
    first = org.read(whole)
    org.control("POST", "knobs", {"child_deletes": True})
    remove(org, name)

    for state in ([], states_of(first, name)[-1:]):
        output = org.read(whole, state=state)
        assert {row["id"]: row for row in rows_of(output, name)} == org.truth(whole)
