"""How the tests are spread over processes, and that a warning fails them."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent

EXPERIMENTAL = "This class is experimental"
WARNINGS = (
    "error",
    # The CDK marks the classes that its own factory uses.
    f"ignore:{EXPERIMENTAL}",
    "ignore::DeprecationWarning:airbyte_cdk",
)

# For conftest files, which are imported before; pytest puts the filters back after them.
warnings.filterwarnings("ignore", EXPERIMENTAL)


def pytest_configure(config: pytest.Config) -> None:
    """Not in pyproject.toml: Airbyte's classic suite reads that of the folder where it is called,
    and its own code and libraries warn."""
    if all(path.is_relative_to(CHECKOUT) for path in _asked_for(config)):
        for line in WARNINGS:
            config.addinivalue_line("filterwarnings", line)


def _asked_for(config: pytest.Config) -> Iterator[Path]:
    for argument in config.args:
        yield Path(config.invocation_params.dir, str(argument).split("::")[0]).resolve()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    # Here, for the suites of others, which load this file too, run without xdist.
    from xdist.scheduler import LoadScopeScheduling

    class ByServer(LoadScopeScheduling):
        """Tests of a file share servers; those of integration share the one address they have."""

        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return "integration_tests" if file.startswith("integration_tests/") else file

    return ByServer(config, log)
