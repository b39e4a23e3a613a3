"""The configured catalog and the saved states, carried to the components inside the config:

the CDK does not hand them on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from airbyte_cdk.models import (
    AirbyteStateBlob,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    SyncMode,
)

from source_zoho_crm.roads.windows import text
from zoho_crm.directory import CURSOR_FIELD
from zoho_crm.problems import config_error
from zoho_crm.settings import BEGINNING

_KEY = "_selection"
_INCREMENTAL = "_incremental"
_SAVED = "_saved"
#: The CDK's other form of a state tells spans instead of a moment, and so not since when deletions
#: are to be told.
_SPANS = "slices"
#: Of a state without a moment. A null would be dropped from the config.
_NO_MOMENT = "none"


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
    incremental = [
        stream.stream.name for stream in catalog.streams if stream.sync_mode == SyncMode.incremental
    ]
    saved = dict(map(_saved, states or ()))
    return {**config, _KEY: columns, _INCREMENTAL: incremental, _SAVED: saved}


def in_one_form(states: Iterable[AirbyteStateMessage]) -> list[AirbyteStateMessage]:
    """The saved states, each moment written like 2026-01-31T12:00:00Z.

    States are edited by hand and moved in from elsewhere, and the CDK's cursor reads no other form.
    """
    return list(map(_in_one_form, states))


def _in_one_form(message: AirbyteStateMessage) -> AirbyteStateMessage:
    stream = message.stream
    state = vars(stream.stream_state) if stream and stream.stream_state else {}
    if stream is None or not state.keys() & {CURSOR_FIELD, _SPANS}:
        return message
    value: Any = state.get(CURSOR_FIELD, state.get(_SPANS))
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        written = text(max(moment, datetime.fromisoformat(BEGINNING)))
    except (TypeError, ValueError, OverflowError):
        raise config_error(
            f"{stream.stream_descriptor.name}: the saved state is {value!r}, which is no moment. "
            f'Write it like {{"{CURSOR_FIELD}": "2026-01-31T12:00:00Z"}}, or clear the stream to '
            "read all of it again."
        ) from None
    blob = AirbyteStateBlob(state | {CURSOR_FIELD: written})
    return replace(message, stream=replace(stream, stream_state=blob))


def _saved(message: AirbyteStateMessage) -> tuple[str | None, str | None]:
    """The stream that the state is of, and its moment."""
    if message.stream is None:
        return None, None
    state = message.stream.stream_state
    if not (state and vars(state)):
        # What platforms hand on of a stream that was cleared.
        return None, None
    return message.stream.stream_descriptor.name, getattr(state, CURSOR_FIELD, _NO_MOMENT)


def saved_moment(config: Mapping[str, Any], stream: str) -> datetime | None:
    """Up to where earlier syncs have read the stream; None: there was none."""
    moment = (config.get(_SAVED) or {}).get(stream)
    return datetime.fromisoformat(moment) if moment and moment != _NO_MOMENT else None


def has_state(config: Mapping[str, Any], stream: str) -> bool:
    """Whether an earlier sync has left a state of the stream, be it without a moment."""
    return stream in (config.get(_SAVED) or {})


def is_incremental(config: Mapping[str, Any], stream: str) -> bool:
    """Whether the configured catalog has the stream read incrementally."""
    return stream in (config.get(_INCREMENTAL) or ())


def selected_streams(config: Mapping[str, Any]) -> list[str] | None:
    """The names of the configured streams; None: all there are."""
    selection = config.get(_KEY)
    return None if selection is None else list(selection)


def selected_columns(config: Mapping[str, Any], stream: str) -> frozenset[str] | None:
    """The columns of the stream in the configured catalog; None: all there are."""
    columns = (config.get(_KEY) or {}).get(stream)
    return frozenset(columns) if columns else None
