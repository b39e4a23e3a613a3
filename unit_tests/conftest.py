"""Time that tests do not wait for."""

import pytest


@pytest.fixture(autouse=True)
def pauses(mocker) -> list[float]:
    """The seconds that would have passed before answers were asked for again."""
    slept: list[float] = []
    for place in ("zoho_crm.requester.sleep", "source_zoho_crm.roads.calls.sleep"):
        mocker.patch(place, slept.append)
    return slept
