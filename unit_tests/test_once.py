"""What replaces dear parts of the CDK in tests does what they do."""

import re
from copy import deepcopy
from typing import Any

import dpath
import pytest

from unit_tests.once import set_at_path
from zoho_crm.manifest import find_manifest

#: Taken before any test begins, and with it the replacement.
REAL_SET = dpath.set


@pytest.mark.parametrize(
    "path",
    [
        ["retriever", "name"],
        ["retriever", "requester", "$parameters", "name"],
        ["name"],
        ["nothing", "here"],
        ["name", "below"],
        ["rows"],
    ],
)
def test_a_value_is_set_as_dpath_sets_it(path: list[str]) -> None:
    document: dict[str, Any] = {
        "name": "",
        "rows": [1],
        "retriever": {"name": "", "requester": {"$parameters": {"name": ""}}},
    }
    other = deepcopy(document)

    assert set_at_path(document, path, "Leads") == REAL_SET(other, path, "Leads")
    assert document == other


def test_no_path_of_the_manifest_has_a_wildcard() -> None:
    lines = find_manifest().read_text().splitlines()

    mapping = r"type: ComponentMappingDefinition, field_path: \[([^]]*)\]"
    paths = [re.findall(mapping, line) for line in lines]
    found = [path for some in paths for path in some]
    assert found
    assert not any(sign in path for path in found for sign in "*?[")
