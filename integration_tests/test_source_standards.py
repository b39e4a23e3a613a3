"""The CDK's standard tests of a source, as acceptance-test-config.yml sets them."""

from pathlib import Path

import pytest
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests.source_base import SourceTestSuiteBase

from source_zoho_crm import SourceZohoCrm

#: The command that each standard test runs.
COMMANDS = {
    "test_config_matches_spec": "spec",
    "test_check": "check",
    "test_discover": "discover",
    "test_basic_read": "read",
    "test_fail_read_with_bad_catalog": "read",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test gets the scenarios that run its command; the suite would skip the others."""
    if "scenario" in metafunc.fixturenames:
        command = COMMANDS.get(metafunc.function.__name__)
        scenarios = [
            scenario
            for scenario in metafunc.cls.get_scenarios()
            if command is None or command in scenario.commands
        ]
        metafunc.parametrize("scenario", scenarios, ids=lambda scenario: scenario.id)


@pytest.mark.usefixtures("emulator")
class TestSource(SourceTestSuiteBase):
    connector = SourceZohoCrm

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        return Path(__file__).parents[1]


def test_each_standard_test_has_a_scenario() -> None:
    # Arrange
    commands: set[str] = set()

    # Act
    for scenario in TestSource.get_scenarios():
        assert isinstance(scenario, ConnectorTestScenario)
        commands |= scenario.commands

    # Assert
    assert commands == set(COMMANDS.values())
