"""The configured catalog, carried to the components inside the config:

the CDK does not hand it to them.
"""

from collections.abc import Mapping
from typing import Any

from airbyte_cdk.models import ConfiguredAirbyteCatalog

_KEY = "_selection"


def with_selection(
    config: Mapping[str, Any], catalog: ConfiguredAirbyteCatalog | None
) -> dict[str, Any]:
    """A copy of the config that knows the streams and columns to read."""
    if catalog is None:
        return dict(config)
    columns = {
        stream.stream.name: list((stream.stream.json_schema or {}).get("properties") or {})
        for stream in catalog.streams
    }
    return {**config, _KEY: columns}


def selected_streams(config: Mapping[str, Any]) -> list[str] | None:
    """The names of the configured streams; None: all there are."""
    selection = config.get(_KEY)
    return None if selection is None else list(selection)


def selected_columns(config: Mapping[str, Any], stream: str) -> frozenset[str] | None:
    """The columns of the stream in the configured catalog; None: all there are."""
    columns = (config.get(_KEY) or {}).get(stream)
    return frozenset(columns) if columns else None
