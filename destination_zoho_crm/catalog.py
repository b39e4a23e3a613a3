"""What a stream of the configured catalog says. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from destination_zoho_crm.naming import loose
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.settings import StreamMapping

Entry = Mapping[str, Any]

#: Airbyte's mark of a row that tells of a deletion, and has no values besides its key.
DELETED_AT = "_ab_cdc_deleted_at"


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


def wanted_modules(streams: Iterable[Entry], mappings: Sequence[StreamMapping]) -> list[str]:
    """The modules that the streams are meant for, whether the org has them or not."""
    return [module_of(entry, mapping_of(entry, mappings)) for entry in streams]


def named_lookups(streams: Iterable[Entry], mappings: Sequence[StreamMapping]) -> set[str]:
    """The names, as they are spelled, that columns like `Account_Name.ERP_ID` begin with."""
    paths = [path for entry in streams for path in columns_of(entry)]
    paths += [path for mapping in mappings for _, path in mapping.fields or ()]
    return {path.partition(".")[0] for path in paths if "." in path}


def deletion_mark(sources: Iterable[str]) -> str | None:
    """The column that is Airbyte's mark, however the warehouse spells it."""
    fitting = [source for source in sources if loose(source) == loose(DELETED_AT)]
    return DELETED_AT if DELETED_AT in fitting else next(iter(fitting), None)
