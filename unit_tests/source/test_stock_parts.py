"""Which streams the manifest makes of the CDK's own parts, and which need parts of ours."""

import importlib
import re
from typing import Any

import pytest
import yaml
from airbyte_cdk.sources.declarative.parsers.manifest_reference_resolver import (
    ManifestReferenceResolver,
)

from zoho_crm.manifest import find_manifest

MANIFEST = ManifestReferenceResolver().preprocess_manifest(
    yaml.safe_load(find_manifest().read_text())
)
STREAMS: dict[str, Any] = {stream["name"]: stream for stream in MANIFEST["streams"]}

OF_THE_ORG = {"org", "users", "roles", "profiles", "territories", "currencies", "contact_roles"}
OF_MODULES = {"tags", "custom_views", "layouts", "related_lists", "pipelines"}
#: They show what the streams of modules were made of.
OF_THE_DIRECTORY = {"modules", "fields", "picklist_values"}


def has_stock_retriever(retriever: dict[str, Any]) -> bool:
    return (
        retriever["type"] == "SimpleRetriever"
        and retriever["record_selector"]["extractor"]["type"] == "DpathExtractor"
        and retriever["paginator"]["pagination_strategy"]["type"] == "CursorPagination"
    )


def test_streams_and_their_stock_parts() -> None:
    """7 of 15 are read by stock retrievers; of 5 more, each list is."""
    whole = {name for name, each in STREAMS.items() if has_stock_retriever(each["retriever"])}
    listed = {
        name
        for name, stream in STREAMS.items()
        if has_stock_retriever(stream["retriever"].get("retriever", {"type": ""}))
        and stream["retriever"]["partitions"]["type"] == "SubstreamPartitionRouter"
    }

    assert (whole, listed) == (OF_THE_ORG, OF_MODULES)
    assert STREAMS.keys() - whole - listed == OF_THE_DIRECTORY


@pytest.mark.parametrize("name", sorted(OF_THE_ORG))
def test_columns_of_date_times_are_those_of_the_schema(name: str) -> None:
    columns = STREAMS[name]["schema_loader"]["schema"]["properties"]

    assert STREAMS[name]["retriever"]["$parameters"]["date_times"] == [
        column for column, schema in columns.items() if schema.get("format") == "date-time"
    ]


def test_a_feature_that_the_org_lacks_is_a_rule_of_the_manifest() -> None:
    for name in OF_THE_ORG:
        rule = STREAMS[name]["retriever"]["requester"]["error_handler"]["ignored"]
        assert (rule["type"], rule["action"]) == ("HttpResponseFilter", "IGNORE")


def test_every_class_of_ours_says_why_yaml_does_not_do() -> None:
    for name in set(re.findall(r"class_name: (\S+)", find_manifest().read_text())):
        module, _, class_name = name.rpartition(".")
        described = getattr(importlib.import_module(module), class_name).__doc__
        assert "Why not in YAML: " in described, name
