"""Reads the streams of the configured catalog. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from destination_zoho_crm.naming import fold_spelling
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.settings import StreamMapping

Entry = Mapping[str, Any]

#: Airbyte's mark of a deleted row, which has no values besides its key.
DELETED_AT = "_ab_cdc_deleted_at"


def read_stream_key(entry: Entry) -> StreamKey:
    return (entry["stream"].get("namespace") or None, entry["stream"]["name"])


def read_columns(entry: Entry) -> list[str]:
    return list((entry["stream"].get("json_schema") or {}).get("properties") or {})


def read_primary_key(entry: Entry) -> list[str]:
    """Its elements, each a list of the names that lead to a column."""
    return [path for path in map(_join_path, entry.get("primary_key") or ()) if path]


def is_activated(entry: Entry) -> bool:
    """Whether data activation names the module."""
    return bool(entry.get("destination_object_name"))


def find_module_name(entry: Entry, mapping: StreamMapping | None) -> str:
    named = mapping.module if mapping else None
    return str(entry.get("destination_object_name") or named or entry["stream"]["name"])


def find_mapping(entry: Entry, mappings: Sequence[StreamMapping]) -> StreamMapping | None:
    """The mapping that names the stream's namespace goes before one for any."""
    namespace, name = read_stream_key(entry)
    found = [mapping for mapping in mappings if mapping.is_for(name, namespace)]
    found.sort(key=lambda mapping: mapping.namespace is None)
    return found[0] if found else None


def find_unused_mappings(
    entries: Sequence[Entry], mappings: Sequence[StreamMapping]
) -> list[StreamMapping]:
    """The mappings that name no stream of the catalog."""
    keys = [read_stream_key(entry) for entry in entries]
    return [
        mapping
        for mapping in mappings
        if not any(mapping.is_for(name, namespace) for namespace, name in keys)
    ]


def _join_path(path: object) -> str:
    if isinstance(path, list | tuple):
        return ".".join(map(str, path))
    return str(path)


def list_module_names(streams: Iterable[Entry], mappings: Sequence[StreamMapping]) -> list[str]:
    """The modules that the streams are meant for, whether the org has them or not."""
    return [find_module_name(entry, find_mapping(entry, mappings)) for entry in streams]


def list_lookup_names(streams: Iterable[Entry], mappings: Sequence[StreamMapping]) -> set[str]:
    """The names, as they are spelled, that columns like `Account_Name.ERP_ID` begin with."""
    paths = list_paths(streams, mappings)
    return {path.partition(".")[0] for path in paths if "." in path}


def list_paths(streams: Iterable[Entry], mappings: Sequence[StreamMapping]) -> set[str]:
    """The names of columns, as they are spelled, and what mappings write them to."""
    paths = {path for entry in streams for path in read_columns(entry)}
    return paths | {path for mapping in mappings for _, path in mapping.fields or ()}


def find_deletion_mark(sources: Iterable[str]) -> str | None:
    """The column that is Airbyte's mark, however the warehouse spells it."""
    fitting = [source for source in sources if fold_spelling(source) == fold_spelling(DELETED_AT)]
    return DELETED_AT if DELETED_AT in fitting else next(iter(fitting), None)
