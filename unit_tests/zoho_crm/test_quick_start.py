"""What is left out while the CDK is loaded, and what works without it."""

import subprocess
import sys

import pytest

SCRIPT = """
import {package}.run
import sys

print("boto3" in sys.modules)

import serpyco_rs
from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer
from serpyco_rs import Serializer

message = {{"type": "STATE", "state": {{"type": "GLOBAL"}}}}
print(AirbyteMessageSerializer.dump(AirbyteMessageSerializer.load(message))["type"])
print(Serializer(AirbyteMessage).get_json_schema() is not None)

import attributes_doc
import boto3

print(attributes_doc.get_attributes_doc.__module__, boto3.__name__)
"""


@pytest.mark.parametrize("package", ["source_zoho_crm", "destination_zoho_crm"])
def test_a_connector_starts_without_what_it_does_not_use(package: str) -> None:
    script = SCRIPT.format(package=package)

    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert found.stdout.splitlines() == ["False", "STATE", "True", "attributes_doc._base boto3"]


@pytest.mark.parametrize("package", ["source_zoho_crm", "destination_zoho_crm"])
def test_a_program_that_imports_a_connector_loads_all_of_the_cdk(package: str) -> None:
    script = f"import sys, {package}; print({package}.__all__, 'boto3' in sys.modules)"
    script += f"; getattr({package}, {package}.__all__[0]); print('boto3' in sys.modules)"

    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    lazily, entirely = found.stdout.splitlines()
    assert lazily.endswith("Crm'] False")
    assert entirely == "True"
