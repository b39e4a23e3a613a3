"""Where manifest.yaml is:

beside this file in an installed wheel, at the top level of a checkout.
"""

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


def manifest_path() -> Path:
    here = Path(__file__).resolve().parent
    for path in (here / "manifest.yaml", here.parent / "manifest.yaml"):
        if path.exists():
            return path
    raise FileNotFoundError(f"manifest.yaml is neither in {here} nor beside it.")


@cache
def definition(name: str) -> dict[str, Any]:
    """A component among the manifest's definitions, ready for the CDK's factory.

    For components that few runs need: in a stream's definition they cost every stream of every run.
    """
    manifest = yaml.safe_load(manifest_path().read_text(encoding="utf-8"))
    parts = ManifestReferenceResolver().preprocess_manifest(
        {"definitions": manifest["definitions"]}
    )
    transformer = ManifestComponentTransformer()
    return dict(transformer.propagate_types_and_parameters("", parts["definitions"][name], {}))
