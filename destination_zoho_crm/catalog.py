"""What a stream of the configured catalog says. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.settings import StreamMapping

Entry = Mapping[str, Any]


def key_of(entry: Entry) -> StreamKey:
    return (entry["stream"].get("namespace") or None, entry["stream"]["name"])


def columns_of(entry: Entry) -> list[str]:
    return list((entry["stream"].get("json_schema") or {}).get("properties") or {})


def primary_key_of(entry: Entry) -> list[str]:
    """Its elements, each a list of the names that lead to a column."""
    return [path for path in map(_single, entry.get("primary_key") or ()) if path]


def is_activated(entry: Entry) -> bool:
    """Whether data activation names the module."""
    return bool(entry.get("destination_object_name"))


def module_of(entry: Entry, mapping: StreamMapping | None) -> str:
    named = mapping.module if mapping else None
    return str(entry.get("destination_object_name") or named or entry["stream"]["name"])


def mapping_of(entry: Entry, mappings: Sequence[StreamMapping]) -> StreamMapping | None:
    """The mapping that names the stream's namespace goes before one for any."""
    namespace, name = key_of(entry)
    found = [mapping for mapping in mappings if mapping.is_of(name, namespace)]
    found.sort(key=lambda mapping: mapping.namespace is None)
    return found[0] if found else None


def unmet(entries: Sequence[Entry], mappings: Sequence[StreamMapping]) -> list[StreamMapping]:
    """The mappings that name no stream of the catalog."""
    keys = [key_of(entry) for entry in entries]
    return [
        mapping
        for mapping in mappings
        if not any(mapping.is_of(name, namespace) for namespace, name in keys)
    ]


def _single(path: object) -> str:
    if isinstance(path, list | tuple):
        return ".".join(map(str, path))
    return str(path)
