"""How the tests are spread over processes."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling


class _ByServer(LoadScopeScheduling):
    """The tests of a file share servers; those of integration share the one address they have."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return "integration_tests" if file.startswith("integration_tests/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _ByServer(config, log)
