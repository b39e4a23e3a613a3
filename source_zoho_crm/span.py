"""From when to when a run reads a module, and from when on it emits deletions."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from source_zoho_crm.readers.tombstones import DELETED_AT, LISTED_FOR, describe_unlisted
from source_zoho_crm.readers.windows import Span, format_timestamp
from source_zoho_crm.selection import (
    get_saved_timestamp,
    get_selected_columns,
    has_state,
    is_incremental,
)
from zoho_crm.org import get_org
from zoho_crm.settings import BEGINNING

LOGGER = logging.getLogger("airbyte")

_SECOND = timedelta(seconds=1)


def compute_span(config: Mapping[str, Any], stream: str, start: str, end: datetime) -> Span:
    """What a run reads of a module whose changes are followed.

    `start`: the later one of start date and state, as the CDK's cursor has it.
    """
    since, saved = datetime.fromisoformat(start), get_saved_timestamp(config, stream)
    if saved is None:
        # A state without a timestamp: the stream was read whole until now, and no run has
        # emitted which of its rows were removed.
        was_incremental = has_state(config, stream) and is_incremental(config, stream)
        deleted_since = (
            _choose_deletions_start(config, stream, end - LISTED_FOR) if was_incremental else None
        )
        return Span(since, end, resumed=False, deleted_since=deleted_since)
    if format_timestamp(saved) == config["start_datetime"]:
        # A run that closed no window leaves its start date as the state. What it emitted
        # may have been deleted since, and deletions after an earlier state may not be emitted.
        deleted_since = _choose_deletions_start(config, stream, end - LISTED_FOR)
        return Span(since, end, resumed=False, deleted_since=deleted_since)
    if saved > end:
        # Nothing has happened since, or the state is in the future, and the source warns of it.
        return Span(saved, end, resumed=True, deleted_since=None)
    # All rows up to and including a state's second were read. The start date may have been moved
    # after it, and rows deleted since are in the warehouse anyway.
    following, back = saved + _SECOND, _after(saved, config)
    begin = datetime.fromisoformat(config["start_datetime"])
    deleted_since = _choose_deletions_start(config, stream, back)
    if deleted_since:
        _warn_of_unlisted(config, stream, following)
    return Span(max(begin, back), end, resumed=following > begin, deleted_since=deleted_since)


def compute_deletions_start(
    config: Mapping[str, Any], stream: str, end: datetime
) -> datetime | None:
    """From when on deletions of an incremental stream that is read whole are emitted; None: never.

    Its state has a timestamp where it was read by windows before.
    """
    if not has_state(config, stream):
        return None
    saved = get_saved_timestamp(config, stream)
    if saved is None:
        return _choose_deletions_start(config, stream, end - LISTED_FOR)
    return None if saved > end else _choose_deletions_start(config, stream, _after(saved, config))


def _after(saved: datetime, config: Mapping[str, Any]) -> datetime:
    """The time from which to read after a state; rows that Zoho shows late lie before it."""
    lookback = timedelta(minutes=config.get("lookback_minutes") or 0)
    return max(saved + _SECOND - lookback, datetime.fromisoformat(BEGINNING))


def _choose_deletions_start(
    config: Mapping[str, Any], stream: str, timestamp: datetime
) -> datetime | None:
    """A tombstone without its mark would look like a record whose fields were emptied."""
    if not config.get("include_deleted", True):
        return None
    columns = get_selected_columns(config, stream)
    if columns is None or DELETED_AT in columns:
        return timestamp
    LOGGER.warning(
        f"{stream}: deletions are not emitted, because the column {DELETED_AT} is not selected. "
        "Select it in the connection's schema and refresh the stream, or turn off "
        "Include deleted records (include_deleted)."
    )
    return None


def _warn_of_unlisted(config: Mapping[str, Any], stream: str, since: datetime) -> None:
    lost = describe_unlisted(since, get_org(config).clock.now())
    if lost:
        LOGGER.warning(
            f"{stream}: the saved state is of {format_timestamp(since - _SECOND)}, and Zoho no "
            f"longer lists what was deleted {lost}. If no sync has run since then, such rows are "
            "still in the warehouse, and a refresh of this stream drops them. Ignore this if the "
            "first sync was interrupted."
        )
