"""A read ends, and its state moves on, however fast others edit and delete."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

import pytest

from source_zoho_crm.readers import rest
from source_zoho_crm.readers.windows import Window, format_timestamp
from unit_tests.source.conftest import Org, Row
from unit_tests.source.reading import RestReading, calls_of
from unit_tests.source.test_rest_reader import Asked
from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.fields import Field
from zoho_emulator.server import Settings, running

#: At most, as the reader has it; these tests make it smaller.
ROWS_TO_A_STATE = rest._ROWS_OF_A_WINDOW + rest._ROWS_OF_A_BLOCK

#: Several blocks and windows of the sizes below.
ROWS = 3_200
BLOCK, WINDOW = 1_200, 800
MODULE = "Vehicles"
BEGIN = datetime(2024, 3, 1, tzinfo=UTC)
QUIET = {"churn": 0, "churn_rows": 1, "churn_kind": "edit", "page_tokens": "stand"}
LIMITS = {
    "v2": {"rest_columns": 0, "rest_tokens": 0, "rest_chain_rows": 50_000},
    "v2.1": {"rest_columns": 0, "rest_tokens": 0, "rest_chain_rows": 50_000},
    "v4": {"rest_columns": 50, "rest_tokens": 1, "rest_chain_rows": 100_000},
    "v8": {"rest_columns": 50, "rest_tokens": 1, "rest_chain_rows": 100_000},
}
#: Lists of v2 and v2.1 have the same limits and pages, those of v4 and v8, too.
VERSIONS = [
    pytest.param("v2", "stand", id="v2"),
    pytest.param("v4", "stand", id="v4, tokens stand"),
    pytest.param("v8", "count", id="v8, tokens count"),
]


@pytest.fixture(scope="module")
def _org() -> Iterator[Org]:
    settings = Settings(rows=0, rows_by_module={MODULE: ROWS})
    with running(settings, {"tokens_per_10_min": 0}) as server:
        yield Org(server)


@pytest.fixture
def org(_org: Org, monkeypatch: pytest.MonkeyPatch) -> Iterator[Org]:
    """An org without churn, read in small blocks and windows."""
    monkeypatch.setattr(rest, "_ROWS_OF_A_BLOCK", BLOCK)
    monkeypatch.setattr(rest, "_ROWS_OF_A_WINDOW", WINDOW)
    ZohoAuthenticator._tokens.clear()
    _org.control("POST", "knobs", QUIET)
    yield _org
    _org.control("POST", "knobs", QUIET)


def spread(org: Org, a_second: Callable[[int], int]) -> dict[str, str]:
    """Gives the rows times of 2024, by their number; Modified_Time by id."""
    ids = [row["id"] for row in org.control("GET", f"records/{MODULE}")]
    timestamps = {key: BEGIN + timedelta(seconds=a_second(n)) for n, key in enumerate(ids)}
    rows = [
        {"id": key, "Modified_Time": timestamp.isoformat()} for key, timestamp in timestamps.items()
    ]
    org.control("PATCH", f"records/{MODULE}", rows)
    return {key: format_timestamp(timestamp) for key, timestamp in timestamps.items()}


@dataclass
class Reading:
    """What a read brought and cost."""

    calls: int = 0
    rows: dict[str, Row] = field(default_factory=dict)
    windows: list[Window] = field(default_factory=list)
    #: How many windows had closed when a row came.
    closed: dict[str, int] = field(default_factory=dict)
    #: Rows that came before each window closed.
    before: list[int] = field(default_factory=list)
    twice: int = 0


def read(
    org: Org, version: str, *, whole: bool = False, meanwhile: Callable[[int], object] | None = None
) -> Reading:
    """By the REST reader; `meanwhile` gets the number of each call before it is sent."""
    asked, reading = Asked(org, version), Reading()

    def before(path: str, params: dict[str, str]) -> None:
        reading.calls += 1
        if meanwhile:
            meanwhile(reading.calls)

    asked.before = before
    fields = [Field("Modified_Time", "datetime"), Field("Name", "text")]
    reader = RestReading(calls_of(MODULE, asked), fields, LIMITS[version])
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    since = datetime(1970, 1, 1, tzinfo=UTC)
    for part in reader.read_everything() if whole else reader.read_changes(since, end):
        if isinstance(part, Window):
            reading.windows.append(part)
            reading.before.append(len(reading.rows))
            continue
        reading.twice += sum(row["id"] in reading.rows for row in part)
        reading.rows |= {row["id"]: row for row in part}
        reading.closed |= {row["id"]: len(reading.windows) for row in part}
    return reading


def truth(org: Org) -> dict[str, Row]:
    return {row["id"]: row for row in org.control("GET", f"records/{MODULE}")}


def check(org: Org, reading: Reading, timestamps: dict[str, str]) -> None:
    """Each row that stayed as it was has come once, before the window of its time closed."""
    still = {
        key: timestamps[key]
        for key, row in truth(org).items()
        if format_timestamp(datetime.fromisoformat(row["Modified_Time"])) == timestamps[key]
    }
    assert len(still) > len(timestamps) // 4
    assert still.keys() <= reading.rows.keys()
    assert reading.twice == 0
    ends = [format_timestamp(window.end) for window in reading.windows]
    assert ends == sorted(set(ends))
    assert all(
        timestamp > ends[closed - 1]
        for key, timestamp in still.items()
        if (closed := reading.closed[key])
    )


def the_state_moves_on(reading: Reading) -> None:
    """It never lags by more than a window and a block."""
    assert len(reading.windows) > 2
    for earlier, later in pairwise(reading.windows):
        assert later.start == earlier.end + timedelta(seconds=1)
    assert all(later - earlier <= WINDOW + BLOCK for earlier, later in pairwise(reading.before))


def bounded(quiet: Reading, busy: Reading, *, changes: int) -> bool:
    return busy.calls <= 1.3 * quiet.calls + 3 * changes


def sparse(number: int) -> int:
    return 20 * number


def dense(number: int) -> int:
    return number // 100


def one_second(number: int) -> int:
    """Between others."""
    return number if number < 700 else 700 if number < 2_300 else number


CHURN = [
    *(pytest.param(*version.values, dense, 4, id=f"{version.id}, dense") for version in VERSIONS),
    *(
        pytest.param(*version.values, one_second, 6, id=f"{version.id}, one second")
        for version in VERSIONS
    ),
    pytest.param("v2.1", "stand", sparse, 2, id="v2.1, sparse"),
    pytest.param("v8", "count", sparse, 2, id="v8, sparse"),
    pytest.param("v4", "count", dense, 1, id="v4, an edit a call"),
    pytest.param("v2", "stand", one_second, 1, id="v2, an edit a call in one second"),
]


@pytest.mark.parametrize(("version", "tokens", "seconds", "rate"), CHURN)
def test_a_list_whose_rows_are_edited_at_a_rate_is_read_to_its_end(
    org: Org, version: str, tokens: str, seconds, rate: int
) -> None:
    timestamps = spread(org, seconds)
    org.control("POST", "knobs", {"page_tokens": tokens})
    quiet = read(org, version)
    assert quiet.rows.keys() == timestamps.keys()
    org.control("POST", "knobs", {"churn": rate})

    busy = read(org, version)

    org.control("POST", "knobs", {"churn": 0})
    check(org, busy, timestamps)
    the_state_moves_on(busy)
    assert bounded(quiet, busy, changes=busy.calls // rate)


@pytest.mark.parametrize(("version", "tokens"), VERSIONS)
@pytest.mark.parametrize("whole", [False, True], ids=["by time", "by id"])
def test_a_list_whose_rows_are_deleted_at_a_rate_is_read_to_its_end(
    org: Org, version: str, tokens: str, whole: bool
) -> None:
    timestamps = spread(org, dense)
    org.control("POST", "knobs", {"page_tokens": tokens})
    quiet = read(org, version, whole=whole)
    org.control("POST", "knobs", {"churn": 4, "churn_kind": "delete"})

    busy = read(org, version, whole=whole)

    org.control("POST", "knobs", {"churn": 0})
    check(org, busy, timestamps)
    if whole:
        # No list by id can be read in part: at most it is read twice.
        assert busy.calls <= 2 * quiet.calls + 2
    else:
        assert bounded(quiet, busy, changes=busy.calls // 4)


@pytest.mark.parametrize(("version", "tokens"), [("v2", "stand"), ("v4", "stand"), ("v8", "count")])
@pytest.mark.parametrize("seconds", [sparse, dense, one_second])
def test_a_mass_update_in_one_second_does_not_keep_a_list_from_its_end(
    org: Org, version: str, tokens: str, seconds
) -> None:
    timestamps = spread(org, seconds)
    org.control("POST", "knobs", {"page_tokens": tokens})
    quiet = read(org, version)
    many = [{"id": key, "Name": "All at once"} for key in list(timestamps)[50::2]]

    def update(call: int) -> None:
        if call == 8:
            org.control("PATCH", f"records/{MODULE}", many)

    busy = read(org, version, meanwhile=update)

    check(org, busy, timestamps)
    assert busy.calls <= 1.6 * quiet.calls
    assert len(truth(org).keys() - busy.rows.keys()) > 100, "they come with the next sync"


def test_the_state_moves_on_every_five_minutes(
    org: Org, mocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    timestamps = spread(org, dense)
    monkeypatch.setattr(rest, "_ROWS_OF_A_WINDOW", 50_000)
    clock, now = mocker.patch("source_zoho_crm.driver.time"), time.time()
    clock.time.side_effect = count(now - 100_000, 1).__next__
    assert len(read(org, "v4").windows) == 1
    clock.time.side_effect = count(now - 100_000, 120).__next__

    slow = read(org, "v4")

    check(org, slow, timestamps)
    assert len(slow.windows) > 4


def test_a_state_comes_every_50_000_rows() -> None:
    """A window closes after the block in which it is full."""
    assert ROWS_TO_A_STATE <= 50_000
