"""manifest.yaml: where it is, and what it defines for callers outside of the CDK's streams."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from airbyte_cdk.sources.declarative.parsers.manifest_component_transformer import (
    ManifestComponentTransformer,
)
from airbyte_cdk.sources.declarative.parsers.manifest_reference_resolver import (
    ManifestReferenceResolver,
)


def find_manifest() -> Path:
    """Beside this file in an installed wheel, at the top level of a checkout."""
    here = Path(__file__).resolve().parent
    for path in (here / "manifest.yaml", here.parent / "manifest.yaml"):
        if path.exists():
            return path
    raise FileNotFoundError(f"manifest.yaml is neither in {here} nor beside it.")


@cache
def load_component(name: str) -> dict[str, Any]:
    """A component among the manifest's definitions, ready for the CDK's factory."""
    transformer = ManifestComponentTransformer()
    return dict(
        transformer.propagate_types_and_parameters("", _load_parts()["definitions"][name], {})
    )


def load_scopes(connector: str) -> Mapping[str, str]:
    """The scopes that a connector needs, `source` or `destination`, by what needs them."""
    found: Mapping[str, str] = _load_parts()["definitions"]["scopes"][connector]
    return found


def load_skipped_features(version: str) -> Sequence[str]:
    """What a write can keep from running beside its `trigger`, in this version of the API."""
    found: Sequence[str] = _load_parts()["definitions"]["skipped_features"][version]
    return found


def takes_tags_in_body(version: str) -> bool:
    """Whether "Add Tags" takes its tags in the body, in this version of the API."""
    return bool(_load_parts()["definitions"]["tags_in_body"][version])


def load_coql_rows(version: str) -> int:
    """The most rows of one query in this version of the API."""
    return int(_load_parts()["definitions"]["versions"][version]["coql_rows"])


def counts_records(version: str) -> bool:
    """Whether this version of the API has "Record Count"."""
    return bool(_load_parts()["definitions"]["versions"][version]["counts_records"])


def load_downloads_a_minute() -> int:
    """The most results of exports that an org may download in a minute."""
    return int(_load_parts()["definitions"]["downloads_a_minute"])


def names_modules_plainly(version: str) -> bool:
    """Whether a bulk job names its module by a plain text, in this version of the API."""
    return bool(_load_parts()["definitions"]["versions"][version]["bulk_plain_names"])


@cache
def load_settings_streams() -> frozenset[str]:
    """The names of the streams that the manifest declares."""
    return frozenset(stream["name"] for stream in _load_parts()["streams"])


def load_settings_parameters() -> Mapping[str, Any]:
    """What the manifest hands to ConnectionSettings: regions, and the source's form."""
    (rule,) = _load_parts()["spec"]["config_normalization_rules"]["transformations"]
    found: Mapping[str, Any] = rule["$parameters"]
    return found


@cache
def _load_parts() -> dict[str, Any]:
    """Definitions, spec and streams, with their references replaced."""
    # libyaml's loader takes a tenth of the time of Python's own.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    manifest = yaml.load(find_manifest().read_text(encoding="utf-8"), loader)
    parts = {key: manifest[key] for key in ("definitions", "spec", "streams")}
    return dict(ManifestReferenceResolver().preprocess_manifest(parts))
