"""What the CDK works out of manifest.yaml, worked out once per process of the tests.

A connector builds one source per process; these tests build a thousand, of one manifest. Reading
the CDK's schema alone, and the garbage collections that come of it, took half of their time.
"""

import functools
import pickle
from collections.abc import Callable
from typing import Any, TextIO

import pytest
from airbyte_cdk.sources.declarative import concurrent_declarative_source, yaml_declarative_source
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)


def remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which hangs on its arguments alone; each caller gets a copy of its own."""
    results: dict[bytes, bytes] = {}

    @functools.wraps(function)
    def remembering(*args: Any) -> Any:
        key = pickle.dumps(args)
        if key not in results:
            results[key] = pickle.dumps(function(*args))
        return pickle.loads(results[key])

    return remembering


def work_out_once(patch: pytest.MonkeyPatch) -> None:
    """Texts, schema, resolved manifest and its validation; a failure is no result."""
    parsed = remembered(yaml_declarative_source.safe_load_yaml)
    schema = functools.cache(concurrent_declarative_source.get_declarative_component_schema)
    validated = remembered(concurrent_declarative_source.validate_manifest)
    resolve = ConcurrentDeclarativeSource._pre_process_manifest
    any_source = object.__new__(ConcurrentDeclarativeSource)
    resolved = remembered(lambda manifest: resolve(any_source, manifest))

    def parse(file: TextIO) -> Any:
        return parsed(file.read())

    def pre_process(source: ConcurrentDeclarativeSource, manifest: dict[str, Any]) -> Any:
        return resolved(manifest)

    patch.setattr(yaml_declarative_source, "safe_load_yaml", parse)
    patch.setattr(concurrent_declarative_source, "get_declarative_component_schema", schema)
    patch.setattr(concurrent_declarative_source, "validate_manifest", validated)
    patch.setattr(ConcurrentDeclarativeSource, "_pre_process_manifest", pre_process)
