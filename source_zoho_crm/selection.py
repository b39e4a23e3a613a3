"""The configured catalog and the saved states, carried to the components inside the config:

the CDK does not hand them on.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from airbyte_cdk.models import ConfiguredAirbyteCatalog, SyncMode

from source_zoho_crm.modules import Module
from source_zoho_crm.readers.tombstones import build_tombstone_columns as columns_of_tombstones
from source_zoho_crm.readers.windows import CURSOR_FIELD
from source_zoho_crm.state import States
from zoho_crm.problems import config_error

_KEY = "_selection"
_INCREMENTAL = "_incremental"
_SAVED = "_saved"
#: Of a state without a timestamp. A null would be dropped from the config.
_NO_TIMESTAMP = "none"


def check_catalog(catalog: ConfiguredAirbyteCatalog) -> None:
    """Raises a config error where no read can follow the catalog."""
    times = Counter(entry.stream.name for entry in catalog.streams)
    if not times:
        raise config_error("The configured catalog holds no stream, so there is nothing to read.")
    if twice := [name for name, number in times.items() if number > 1]:
        raise config_error(
            f"The configured catalog names streams more than once: {', '.join(twice)}. Leave one "
            "entry of each."
        )


def add_selection(
    config: Mapping[str, Any],
    catalog: ConfiguredAirbyteCatalog | None,
    states: States | None = None,
) -> dict[str, Any]:
    """A copy of the config with the streams and columns to read, and their saved states."""
    if catalog is None:
        return dict(config)
    columns = {
        stream.stream.name: list((stream.stream.json_schema or {}).get("properties") or {})
        for stream in catalog.streams
    }
    incremental = [
        stream.stream.name for stream in catalog.streams if stream.sync_mode == SyncMode.incremental
    ]
    saved = {name: state.get(CURSOR_FIELD, _NO_TIMESTAMP) for name, state in (states or {}).items()}
    return {**config, _KEY: columns, _INCREMENTAL: incremental, _SAVED: saved}


def add_start(config: Mapping[str, Any], stream: str, start: str | None) -> Mapping[str, Any]:
    """The config as `add_selection` makes it, for tools that run the manifest alone.

    `start`: where the CDK's cursor begins the stream. Where it is not the start date, it is the
    state. Without a configured catalog the stream may be incremental, and is read as if it were.
    """
    if _KEY in config or start is None:
        return config
    saved = {} if start == config["start_datetime"] else {stream: start}
    return {**config, _INCREMENTAL: [stream], _SAVED: saved}


def get_saved_timestamp(config: Mapping[str, Any], stream: str) -> datetime | None:
    """Up to where earlier syncs have read the stream; None: not known."""
    timestamp = (config.get(_SAVED) or {}).get(stream)
    return datetime.fromisoformat(timestamp) if timestamp and timestamp != _NO_TIMESTAMP else None


def has_state(config: Mapping[str, Any], stream: str) -> bool:
    """Whether an earlier sync has left a state of the stream, with or without a timestamp."""
    return stream in (config.get(_SAVED) or {})


def is_incremental(config: Mapping[str, Any], stream: str) -> bool:
    """Whether the configured catalog has the stream read incrementally."""
    return stream in (config.get(_INCREMENTAL) or ())


def get_selected_streams(config: Mapping[str, Any]) -> list[str] | None:
    """The names of the configured streams; None: all there are."""
    selection = config.get(_KEY)
    return None if selection is None else list(selection)


def get_selected_columns(config: Mapping[str, Any], stream: str) -> frozenset[str] | None:
    """The columns of the stream in the configured catalog; None: all there are."""
    columns = (config.get(_KEY) or {}).get(stream)
    return frozenset(columns) if columns else None


def build_missing_column_warnings(config: Mapping[str, Any], module: Module) -> Iterator[str]:
    """A warning of selected columns that the module does not have."""
    known = {"id", *columns_of_tombstones(), *(field.api_name for field in module.fields)}
    gone = sorted((get_selected_columns(config, module.api_name) or frozenset()) - known)
    if gone:
        yield (
            f"{module.api_name}: columns are selected that this module does not have, and no "
            f"record brings them: {', '.join(gone)}. Refresh the connection's schema, which takes "
            "them out of the sync."
        )
