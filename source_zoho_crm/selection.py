"""The configured catalog and the saved states, carried to the components inside the config:

the CDK does not hand them on.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from airbyte_cdk.models import AirbyteStateMessage, ConfiguredAirbyteCatalog

from zoho_crm.directory import CURSOR_FIELD

_KEY = "_selection"
_SAVED = "_saved"


def with_selection(
    config: Mapping[str, Any],
    catalog: ConfiguredAirbyteCatalog | None,
    states: Iterable[AirbyteStateMessage] | None = None,
) -> dict[str, Any]:
    """A copy of the config that knows the streams and columns to read, and how far they were."""
    if catalog is None:
        return dict(config)
    columns = {
        stream.stream.name: list((stream.stream.json_schema or {}).get("properties") or {})
        for stream in catalog.streams
    }
    return {**config, _KEY: columns, _SAVED: dict(map(_saved, states or ()))}


def _saved(message: AirbyteStateMessage) -> tuple[str | None, str | None]:
    """The stream that the state is of, and its moment."""
    if message.stream is None:
        return None, None
    state = message.stream.stream_state
    return message.stream.stream_descriptor.name, getattr(state, CURSOR_FIELD, None)


def saved_moment(config: Mapping[str, Any], stream: str) -> datetime | None:
    """Up to where earlier syncs have read the stream; None: there was none."""
    moment = (config.get(_SAVED) or {}).get(stream)
    return None if moment is None else datetime.fromisoformat(moment)


def selected_streams(config: Mapping[str, Any]) -> list[str] | None:
    """The names of the configured streams; None: all there are."""
    selection = config.get(_KEY)
    return None if selection is None else list(selection)


def selected_columns(config: Mapping[str, Any], stream: str) -> frozenset[str] | None:
    """The columns of the stream in the configured catalog; None: all there are."""
    columns = (config.get(_KEY) or {}).get(stream)
    return frozenset(columns) if columns else None
