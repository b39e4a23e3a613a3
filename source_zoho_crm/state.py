"""Saved states: where a run continues, whose they are, and what is odd about them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    SyncMode,
)
from airbyte_cdk.sources.streams.core import NO_CURSOR_STATE_KEY
from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.readers.windows import CURSOR_FIELD, format_timestamp
from zoho_crm.problems import config_error
from zoho_crm.settings import BEGINNING

#: Key of the id of the org that a state is of ("Get Organization": id).
ORG_ID = "org_id"
#: Key of the UTC day on which all rows were sent last, for their formulas.
FORMULAS_REFRESHED = "formulas_refreshed"
#: The CDK's other form of a state has spans instead of a timestamp, and so does not say since when
#: deletions are to be emitted.
_SPANS = "slices"

_KEYS = frozenset({CURSOR_FIELD, ORG_ID, FORMULAS_REFRESHED, NO_CURSOR_STATE_KEY})

#: Streams that a sentence names.
_MOST_NAMES = 10

#: The saved states by stream.
States = Mapping[str, Mapping[str, Any]]


def select_states(
    states: Iterable[AirbyteStateMessage], catalog: ConfiguredAirbyteCatalog | None
) -> list[AirbyteStateMessage]:
    """The saved states from which a run continues: those of streams that are read incrementally.

    Timestamps are written like 2026-01-31T12:00:00Z: states are edited by hand and moved in from
    elsewhere, and the CDK's cursor reads no other form. The CDK does not look at the sync mode, and
    would leave older rows out of a full refresh.
    """
    whole = {
        entry.stream.name
        for entry in (catalog.streams if catalog else ())
        if entry.sync_mode == SyncMode.full_refresh
    }
    return [_normalize(state) for state in states if _find_stream(state) not in whole]


def drop_unknown_keys(states: Iterable[AirbyteStateMessage]) -> list[AirbyteStateMessage]:
    """What the CDK gets: its cursor carries unknown keys on, and takes some for its own."""
    return [_drop_unknown_keys(state) for state in states]


def _drop_unknown_keys(message: AirbyteStateMessage) -> AirbyteStateMessage:
    if message.stream is None:
        return message
    known = {key: value for key, value in _parse_blob(message).items() if key in _KEYS}
    return replace(message, stream=replace(message.stream, stream_state=AirbyteStateBlob(known)))


def group_by_stream(states: Iterable[AirbyteStateMessage]) -> dict[str, dict[str, Any]]:
    """What each stream's state says; streams that were cleared have none."""
    saved = {name: _parse_blob(state) for state in states if (name := _find_stream(state))}
    return {name: state for name, state in saved.items() if state}


def _find_stream(message: AirbyteStateMessage) -> str | None:
    return message.stream.stream_descriptor.name if message.stream else None


def _parse_blob(message: AirbyteStateMessage) -> dict[str, Any]:
    blob = message.stream.stream_state if message.stream else None
    return dict(vars(blob)) if blob else {}


def _normalize(message: AirbyteStateMessage) -> AirbyteStateMessage:
    stream, state = message.stream, _parse_blob(message)
    if stream is None or not state.keys() & {CURSOR_FIELD, _SPANS}:
        return message
    value: Any = state.get(CURSOR_FIELD, state.get(_SPANS))
    try:
        timestamp = datetime.fromisoformat(value)
        timestamp = timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
        written = format_timestamp(max(timestamp, datetime.fromisoformat(BEGINNING)))
    except (TypeError, ValueError, OverflowError):
        raise config_error(
            f"{stream.stream_descriptor.name}: the saved state is {value!r}, which is not a "
            f'datetime. Write it like {{"{CURSOR_FIELD}": "2026-01-31T12:00:00Z"}}, or clear the '
            "stream to read all of it again."
        ) from None
    blob = AirbyteStateBlob(state | {CURSOR_FIELD: written})
    return replace(message, stream=replace(stream, stream_state=blob))


def find_states_of_another_org(
    states: States, org_id: str | None
) -> dict[str, AirbyteTracedException]:
    """The streams whose state is of another org than this one, each with its error.

    States that name no org are taken for this one's, and so are all where Zoho does not say
    the id. UNVERIFIED: that a sandbox and the org that it was made from have different ids.
    """
    return {
        stream: config_error(
            f"{stream}: the saved state is of the org {theirs}, and this connection reads the org "
            f"{org_id}. Nothing was read, because all would look up to date. Clear the stream's "
            "state to read this org from the start, or use a connection (in PyAirbyte: a cache) "
            "for each org."
        )
        for stream, state in states.items()
        if (theirs := state.get(ORG_ID)) and org_id and str(theirs) != org_id
    }


def add_org_id(message: AirbyteMessage, states: States, org_id: str | None) -> AirbyteMessage:
    """A stream's state with the id of its org, which is the saved one where Zoho names none."""
    state = message.state
    stream = state.stream if state else None
    if state is None or stream is None:
        return message
    known = org_id or states.get(stream.stream_descriptor.name, {}).get(ORG_ID)
    if known is None:
        return message
    blob = AirbyteStateBlob(_parse_blob(state) | {ORG_ID: known})
    return replace(message, state=replace(state, stream=replace(stream, stream_state=blob)))


def build_left_out_warnings(states: States, configured: Collection[str]) -> Iterator[str]:
    """A warning of states that no configured stream goes on from: a deselected stream may have
    one, and so may a misspelled one, which is read from the start under its right name."""
    if left := sorted(states.keys() - set(configured)):
        more = len(left) - _MOST_NAMES
        names = ", ".join(left[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
        yield (
            f"The state of {names} is not used, because the configured catalog has no such stream."
        )


def build_state_warnings(
    states: States,
    incremental: Iterable[str],
    has_state: Callable[[str], bool],
    latest: datetime,
) -> Iterator[str]:
    """Warnings of what a run does not use of its states, and of states that stop a stream.

    `incremental`: the streams that the catalog reads so; `has_state`: whether a stream's changes
    can be followed; `latest`: no clock of Zoho's shows a later time.
    """
    for stream in incremental:
        state = states.get(stream, {})
        if unknown := sorted(state.keys() - _KEYS):
            whole = (
                "" if CURSOR_FIELD in state else " Without it, the stream is read from the start."
            )
            yield (
                f"{stream}: the saved state has keys that mean nothing here ({', '.join(unknown)}) "
                f'and are not used. A state is written like {{"{CURSOR_FIELD}": '
                f'"2026-01-31T12:00:00Z"}}.{whole}'
            )
        if not has_state(stream):
            yield (
                f"{stream}: the configured catalog reads this stream incrementally, and its "
                "changes cannot be followed, so it is read whole and a saved state is not used. "
                "Set it to Full refresh."
            )
        elif CURSOR_FIELD in state and datetime.fromisoformat(state[CURSOR_FIELD]) > latest:
            yield (
                f"{stream}: the saved state is {state[CURSOR_FIELD]}, which is in the future: it "
                f"is {format_timestamp(latest)} now. No change is read until then. Clear the "
                "stream's state to read all of it again, or set it to the time of the last good "
                "sync."
            )
