from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from source_zoho_crm.download_pace import DownloadPace
from zoho_crm.manifest import load_downloads_a_minute

DOWNLOADS_A_MINUTE = load_downloads_a_minute()


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@pytest.fixture
def clock(mocker) -> Clock:
    clock = Clock()
    mocker.patch("source_zoho_crm.download_pace.time", clock)
    return clock


def test_nobody_waits_before_zoho_has_refused_a_download(clock: Clock) -> None:
    downloads = DownloadPace(DOWNLOADS_A_MINUTE)
    for _ in range(100):
        downloads.wait_for_turn()
    assert clock.now == 1_000


def test_after_a_refusal_no_minute_has_more_downloads_than_zoho_allows(clock: Clock) -> None:
    downloads = DownloadPace(DOWNLOADS_A_MINUTE)
    for _ in range(DOWNLOADS_A_MINUTE + 1):
        downloads.wait_for_turn()
    downloads.mark_refused()

    begun = []
    for _ in range(35):
        downloads.wait_for_turn()
        begun.append(clock.now)
        clock.now += 0.5

    for early, late in zip(begun, begun[DOWNLOADS_A_MINUTE:], strict=False):
        assert late - early > 60
    assert begun[-1] < 1_000 + 5 * 62, "no slower than it must be"


def test_all_wait_a_little_when_others_use_up_the_downloads(clock: Clock) -> None:
    downloads = DownloadPace(DOWNLOADS_A_MINUTE)
    for _ in range(12):
        before = clock.now
        downloads.wait_for_turn()
        downloads.mark_refused()
        assert clock.now - before <= 60
    assert clock.now >= 1_000 + 60


def test_a_download_that_is_put_off_says_that_it_waits_for_its_turn(clock: Clock) -> None:
    waited: list[float] = []

    @contextmanager
    def waiting() -> Iterator[None]:
        begun = clock.now
        yield
        waited.append(clock.now - begun)

    def attempt() -> bool:
        clock.now += 3
        return False

    assert not DownloadPace(DOWNLOADS_A_MINUTE).download(attempt, waiting=waiting)

    assert waited[0] == 0
    assert all(seconds > 0 for seconds in waited[1:])
    assert 600 <= sum(waited) + 3 * len(waited) < 670
