"""What a run will do: a plan for each stream, or one error that says all that is wrong.

Pure: the catalog, the settings and Zoho's metadata go in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from destination_zoho_crm import matching
from destination_zoho_crm.columns import Column, Dropped, Unwritable, resolve
from destination_zoho_crm.matching import KeyKind
from destination_zoho_crm.modules import TargetModule
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.refusals import (
    column_problems,
    missing_columns,
    no_module,
    operation_problems,
    refuse,
)
from destination_zoho_crm.settings import SYNC_MODES, Operation, StreamMapping

#: What a sync mode asks for, where no mapping says otherwise.
_OPERATIONS = {mode: operation for operation, mode in SYNC_MODES.items()}

#: Airbyte's mark of a row that tells of a deletion, and has no values besides its key.
DELETED_AT = "_ab_cdc_deleted_at"


@dataclass(frozen=True, slots=True)
class StreamPlan:
    stream: StreamKey
    module: TargetModule
    operation: Operation
    #: What a row's record is found by; None: nothing, of an insert.
    key: Column | None
    key_kind: KeyKind | None
    #: What is written besides an `id`; the key's column too, where it is a field.
    columns: tuple[Column, ...]
    dropped: tuple[Dropped, ...]
    #: The stream has a column for Airbyte's mark of rows that were deleted at their source.
    marks_deletions: bool = False
    #: What the mapping says otherwise than the connection.
    warnings: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return label(self.stream)

    def __str__(self) -> str:
        by = f" by {self.key.name}" if self.key else ""
        names = (
            "" if self.operation == "delete" else f"; {', '.join(c.source for c in self.columns)}"
        )
        return f"{self.label} -> {self.module.api_name}: {self.operation}{by}{names}"


def label(stream: StreamKey) -> str:
    return ".".join(filter(None, stream))


def wanted_modules(
    streams: Iterable[Mapping[str, Any]], mappings: Sequence[StreamMapping]
) -> list[str]:
    """The modules that the streams are meant for, whether the org has them or not."""
    return [_module_name(entry, _mapping_of(entry, mappings)) for entry in streams]


def named_lookups(
    streams: Iterable[Mapping[str, Any]], mappings: Sequence[StreamMapping]
) -> set[str]:
    """The fields that columns like `Account_Name.ERP_ID` begin with."""
    paths = [path for entry in streams for path in _columns_of(entry)]
    paths += [path for mapping in mappings for _, path in mapping.fields or ()]
    return {path.partition(".")[0] for path in paths if "." in path}


def make_plan(
    streams: Sequence[Mapping[str, Any]],
    mappings: Sequence[StreamMapping],
    modules: Mapping[str, TargetModule],
    names: Sequence[str],
) -> list[StreamPlan]:
    """`modules`: those wanted, and those that their lookups point at; `names`: all there are."""
    problems: list[str] = []
    plans: list[StreamPlan] = []
    if not streams:
        problems.append("The configured catalog holds no stream, so there is nothing to write.")
    for entry in streams:
        planned = _Stream(entry, _mapping_of(entry, mappings), modules, names)
        if any(plan.stream == planned.key for plan in plans):
            problems.append(f"{label(planned.key)}: the catalog holds this stream twice.")
        plan = planned.plan()
        if plan is None:
            problems += [f"{label(planned.key)}: {problem}." for problem in planned.problems]
        else:
            plans.append(plan)
    refuse(problems)
    return plans


class _Stream:
    """One stream on its way to a plan; gathers all that stands against it."""

    def __init__(
        self,
        entry: Mapping[str, Any],
        mapping: StreamMapping | None,
        modules: Mapping[str, TargetModule],
        names: Sequence[str],
    ) -> None:
        self.entry = entry
        self.mapping = mapping
        self.modules = modules
        self.names = names
        self.key = _key_of(entry)
        self.problems: list[str] = []

    def plan(self) -> StreamPlan | None:
        """None: there are problems."""
        name = _module_name(self.entry, self.mapping)
        operation = self._operation()
        module = self.modules.get(name)
        if module is None or name not in self.names:
            self.problems.append(no_module(name, self.names))
        if self._activated and self.mapping and self.mapping.module != name:
            self.problems.append(
                f"the connection writes it to {name}, its mapping to {self.mapping.module}"
            )
        if module is None or operation is None or self.problems:
            return None
        chosen = self._chosen_key(module, operation)
        problems = list(operation_problems(module, operation, chosen))
        self.problems += problems
        columns = self._columns(module, operation)
        if not problems:
            self.problems += self._column_problems(module, operation, chosen, columns)
        if self.problems:
            return None
        written = [column for column in columns if isinstance(column, Column)]
        key = next((column for column in written if column.name == chosen), None)
        return StreamPlan(
            stream=self.key,
            module=module,
            operation=operation,
            key=key,
            key_kind=matching.keys(module, operation).get(chosen or ""),
            columns=tuple(
                column
                for column in written
                if column.name != "id" and (operation != "delete" or column is key)
            ),
            dropped=() if operation == "delete" else tuple(_dropped(columns, key)),
            marks_deletions=DELETED_AT in _columns_of(self.entry),
            warnings=tuple(self._warnings(module, operation, chosen)),
        )

    @property
    def _activated(self) -> bool:
        return bool(self.entry.get("destination_object_name"))

    def _operation(self) -> Operation | None:
        mode = self.entry.get("destination_sync_mode")
        if self.mapping and not self._activated:
            return self.mapping.operation
        operation = _OPERATIONS.get(str(mode))
        if operation is None:
            # Where data activation names the module, it alone says what is done.
            mapped = "" if self._activated else ", or map the stream"
            self.problems.append(
                f"{mode} would replace all records of the module, which is not done in a CRM; "
                f"choose one of {', '.join(_OPERATIONS)}{mapped}"
                if str(mode).startswith("overwrite")
                else f"the sync mode {mode!r} is none of {', '.join(_OPERATIONS)}"
            )
        return operation

    def _chosen_key(self, module: TargetModule, operation: Operation) -> str | None:
        """The key that the connection names; one that the mapping names stands in for it."""
        if operation == "insert":
            return None
        named = self.mapping.matching_key if self.mapping else None
        given = self._given_key
        if named and not self._activated:
            return named
        if len(given) == 1 and given[0] in matching.keys(module, operation):
            return given[0]
        return named or (given[0] if len(given) == 1 else "+".join(given) or None)

    @property
    def _given_key(self) -> list[str]:
        return [path for path in map(_single, self.entry.get("primary_key") or ()) if path]

    def _warnings(
        self, module: TargetModule, operation: Operation, key: str | None
    ) -> Iterator[str]:
        if self.mapping is None or not self._activated:
            return
        said, named, given = self.mapping.operation, self.mapping.matching_key, self._given_key
        if said != operation:
            yield f"the connection asks for {operation}; its mapping's {said} does not count"
        if key is None or named is None:
            return
        if named != key:
            yield f"the connection finds records by {key}; its mapping's {named} does not count"
        elif given and given != [key]:
            yield (
                f"{operation} does not find records of {module.api_name} by {'+'.join(given)}, the "
                f"connection's key; its mapping's {key} stands in for it"
            )

    def _columns(
        self, module: TargetModule, operation: Operation
    ) -> list[Column | Dropped | Unwritable]:
        pairs = self.mapping.fields if self.mapping else None
        chosen = pairs is not None or self._activated
        sources = _columns_of(self.entry)
        return [
            resolve(source, path, module, operation, self.modules, chosen=chosen)
            for source, path in (pairs or [(source, source) for source in sources])
        ]

    def _column_problems(
        self,
        module: TargetModule,
        operation: Operation,
        key: str | None,
        columns: Sequence[Column | Dropped | Unwritable],
    ) -> Iterator[str]:
        known = _columns_of(self.entry)
        pairs = (self.mapping.fields if self.mapping else None) or ()
        for source, _ in pairs:
            if known and source not in known:
                yield f"it has no column {source}, which its mapping names"
        if not columns:
            yield "the catalog names no column of it, and no mapping does"
            return
        yield from column_problems(module, operation, columns, chosen=bool(pairs))
        yield from missing_columns(module, operation, key, columns)


def _dropped(
    columns: Sequence[Column | Dropped | Unwritable], key: Column | None
) -> Iterator[Dropped]:
    for column in columns:
        if isinstance(column, Dropped):
            yield column
        elif isinstance(column, Column) and column.name == "id" and column is not key:
            yield Dropped(column.source, "the id of a record is Zoho's to give")


def _key_of(entry: Mapping[str, Any]) -> StreamKey:
    return (entry["stream"].get("namespace") or None, entry["stream"]["name"])


def _columns_of(entry: Mapping[str, Any]) -> list[str]:
    return list((entry["stream"].get("json_schema") or {}).get("properties") or {})


def _module_name(entry: Mapping[str, Any], mapping: StreamMapping | None) -> str:
    named = mapping.module if mapping else None
    return str(entry.get("destination_object_name") or named or entry["stream"]["name"])


def _mapping_of(
    entry: Mapping[str, Any], mappings: Sequence[StreamMapping]
) -> StreamMapping | None:
    """The mapping that names the stream's namespace goes before one for any."""
    namespace, name = _key_of(entry)
    found = [mapping for mapping in mappings if mapping.is_of(name, namespace)]
    found.sort(key=lambda mapping: mapping.namespace is None)
    return found[0] if found else None


def _single(path: object) -> str:
    """An element of a primary key: a list of the names that lead to a column."""
    if isinstance(path, list | tuple):
        return ".".join(map(str, path))
    return str(path)
