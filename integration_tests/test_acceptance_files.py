"""acceptance-test-config.yml of both connectors: what it says, and the files that it names."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from airbyte_cdk.test.models.scenario import entry_key_problems

from integration_tests.connector import Json

CHECKOUT = Path(__file__).parents[1]
ROOTS = {"source": CHECKOUT, "destination": CHECKOUT / "destination_zoho_crm"}

#: What an entry of each section may say in the classic suite (connector_acceptance_test/config.py).
CLASSIC_KEYS: Mapping[str, set[str]] = {
    "spec": {"spec_path", "config_path", "backward_compatibility_tests_config"},
    "connection": {"config_path", "status"},
    "discovery": {"config_path", "backward_compatibility_tests_config"},
    "basic_read": {"config_path", "configured_catalog_path", "empty_streams", "validate_schema"},
    "full_refresh": {"config_path", "configured_catalog_path"},
    "incremental": {"config_path", "configured_catalog_path", "future_state"},
}


def settings(connector: str) -> Json:
    return yaml.safe_load((ROOTS[connector] / "acceptance-test-config.yml").read_text())


@pytest.mark.parametrize("connector", ROOTS)
def test_both_suites_know_every_key(connector: str) -> None:
    config = settings(connector)

    assert set(config) == {"connector_image", "test_strictness_level", "acceptance_tests"}
    assert config["connector_image"].endswith(f"/{connector}-zoho-crm:dev")
    for section, content in config["acceptance_tests"].items():
        assert set(content) == {"tests"}
        for entry in content["tests"]:
            assert set(entry) <= CLASSIC_KEYS[section]
            # The CDK leaves `incremental` alone.
            assert section == "incremental" or entry_key_problems(entry, [section]) == []


@pytest.mark.parametrize(
    ("connector", "sections"),
    [("source", set(CLASSIC_KEYS)), ("destination", {"spec", "connection"})],
)
def test_every_section_has_its_tests_and_the_files_they_name(
    connector: str, sections: set[str]
) -> None:
    tests = settings(connector)["acceptance_tests"]
    entries = [entry for content in tests.values() for entry in content["tests"]]

    paths = [entry | entry.get("future_state", {}) for entry in entries]
    missing = [
        path
        for entry in paths
        for key, path in entry.items()
        if key.endswith("_path") and not (ROOTS[connector] / path).is_file()
    ]

    assert set(tests) == sections
    assert missing == []
    assert {entry["status"] for entry in tests["connection"]["tests"]} == {"succeed", "failed"}
