"""What holds for all tests: a process that keeps what it imported, and time not waited for."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from unit_tests.once import work_out_once

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a file share servers, so one process runs them all."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_collection_finish() -> None:
    """What has been imported stays: each garbage collection would look through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def pauses(mocker) -> list[float]:
    """The seconds that would have passed before answers were asked for again."""
    slept: list[float] = []
    for place in ("zoho_crm.requester.sleep", "source_zoho_crm.missing_streams.sleep"):
        mocker.patch(place, slept.append)
    return slept


@pytest.fixture(scope="session", autouse=True)
def _manifest() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        work_out_once(patch)
        yield
