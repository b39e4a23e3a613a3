"""The CDK's standard tests of a destination, as its acceptance-test-config.yml sets them."""

from pathlib import Path

import pytest
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests.destination_base import DestinationTestSuiteBase

from destination_zoho_crm import DestinationZohoCrm

#: The command that each standard test runs.
COMMANDS = {"test_config_matches_spec": "spec", "test_check": "check"}


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
class TestDestination(DestinationTestSuiteBase):
    connector = DestinationZohoCrm

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        return Path(__file__).parents[1] / "destination_zoho_crm"


def test_each_standard_test_has_a_scenario() -> None:
    # Arrange
    commands: set[str] = set()

    # Act
    for scenario in TestDestination.get_scenarios():
        assert isinstance(scenario, ConnectorTestScenario)
        commands |= scenario.commands

    # Assert
    assert commands == set(COMMANDS.values())
