"""What the CDK works out of manifest.yaml, worked out once per process of the tests.

A connector builds one source per process; these tests build a thousand, of one manifest. Reading
the CDK's schema alone, and the garbage collections that come of it, took half of their time.
"""

import functools
import marshal
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any, TextIO

import dpath
import pytest
from airbyte_cdk.sources.declarative import concurrent_declarative_source, yaml_declarative_source
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from airbyte_cdk.sources.declarative.parsers import model_to_component_factory

#: Later versions write what is there twice as a reference, depending on who else holds it.
_WITHOUT_REFERENCES = 2


def remembered(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function, which depends on its argument alone; each caller gets a copy of its own."""
    results: dict[bytes, bytes] = {}

    @functools.wraps(function)
    def remembering(argument: Any) -> Any:
        key = marshal.dumps(argument, _WITHOUT_REFERENCES)
        if key not in results:
            results[key] = marshal.dumps(function(argument))
        return marshal.loads(results[key])

    return remembering


def set_at_path(document: MutableMapping[str, Any], path: Sequence[str], value: Any) -> int:
    """As `dpath.set` where no step of the path is a wildcard; that looks at the whole document."""
    *steps, last = path
    place: Any = document
    for step in steps:
        place = place.get(step) if isinstance(place, dict) else None
    if not isinstance(place, dict) or last not in place:
        return 0
    place[last] = value
    return 1


def work_out_once(patch: pytest.MonkeyPatch) -> None:
    """Texts, schema, resolved manifest and its validation; a failure is no result."""
    parsed = remembered(yaml_declarative_source.safe_load_yaml)
    schema = functools.cache(concurrent_declarative_source.get_declarative_component_schema)
    validate = concurrent_declarative_source.validate_manifest
    validated = remembered(lambda manifest: validate(manifest, schema()))
    resolve = ConcurrentDeclarativeSource._pre_process_manifest
    any_source = object.__new__(ConcurrentDeclarativeSource)
    resolved = remembered(lambda manifest: resolve(any_source, manifest))
    type_hints = functools.cache(model_to_component_factory.get_type_hints)

    def parse(file: TextIO) -> Any:
        return parsed(file.read())

    def validate_manifest(manifest: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
        validated(manifest)

    def pre_process(source: ConcurrentDeclarativeSource, manifest: dict[str, Any]) -> Any:
        return resolved(manifest)

    patch.setattr(yaml_declarative_source, "safe_load_yaml", parse)
    patch.setattr(concurrent_declarative_source, "get_declarative_component_schema", schema)
    patch.setattr(concurrent_declarative_source, "validate_manifest", validate_manifest)
    patch.setattr(ConcurrentDeclarativeSource, "_pre_process_manifest", pre_process)
    patch.setattr(model_to_component_factory, "get_type_hints", type_hints)
    patch.setattr(dpath, "set", set_at_path)
