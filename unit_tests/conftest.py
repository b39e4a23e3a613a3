"""What holds for all tests: a process that keeps what it imported, and time not waited for."""

import gc
from collections.abc import Iterator

import pytest

from unit_tests.once import work_out_once
from zoho_crm.process import relax_collector


def pytest_collection_finish() -> None:
    """As in the commands: else garbage collections take a sixth of the time of the tests."""
    gc.collect()
    relax_collector()


@pytest.fixture(autouse=True)
def pauses(mocker) -> list[float]:
    """The seconds that would have passed before answers were asked for again."""
    slept: list[float] = []
    mocker.patch("zoho_crm.requester.sleep", slept.append)
    return slept


@pytest.fixture(scope="session", autouse=True)
def _manifest() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        work_out_once(patch)
        yield
