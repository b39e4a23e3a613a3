"""Plans the streams of a run, or raises one error that names all problems.

Pure: the catalog, the settings and Zoho's metadata go in.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from destination_zoho_crm import matching
from destination_zoho_crm.catalog import (
    find_deletion_mark,
    find_mapping,
    find_module_name,
    find_unused_mappings,
    is_activated,
    read_columns,
    read_primary_key,
    read_stream_key,
)
from destination_zoho_crm.child_tables import TableReader
from destination_zoho_crm.columns import Column, DroppedColumn, Fields, drop_rivals
from destination_zoho_crm.modules import TargetModule
from destination_zoho_crm.naming import Names
from destination_zoho_crm.plan import StreamPlan, format_stream
from destination_zoho_crm.plan_problems import (
    end_sentence,
    explain_unknown_column,
    explain_unknown_module,
    find_column_problems,
    find_ignored,
    find_missing_columns,
    find_missing_of_new_records,
    find_missing_of_new_rows,
    find_operation_problems,
    raise_problems,
    suggest_mapping,
    warn_of_overwrite,
    warn_of_unused_key,
)
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.row_problems import find_rows_problems, list_shapes
from destination_zoho_crm.settings import (
    ASSIGNING,
    SYNC_MODES,
    Operation,
    StreamMapping,
)

#: What a sync mode asks for, where no mapping says otherwise.
_OPERATIONS = {mode: operation for operation, mode in SYNC_MODES.items()}


def make_plan(
    streams: Sequence[Mapping[str, Any]],
    mappings: Sequence[StreamMapping],
    modules: Mapping[str, TargetModule],
    names: Sequence[str],
    known: Sequence[str] = (),
) -> list[StreamPlan]:
    """`modules`: those wanted, and those that their lookups point at; `names`: all there are;
    `known`: problems that are raised with those of the plan."""
    problems = list(known)
    plans: list[StreamPlan] = []
    times: Counter[StreamKey] = Counter()
    unused = find_unused_mappings(streams, mappings)
    if not streams:
        problems.append("The configured catalog holds no stream, so there is nothing to write.")
    for entry in streams:
        planner = _StreamPlanner(entry, find_mapping(entry, mappings), modules, names, unused)
        times[planner.key] += 1
        if times[planner.key] == 2:
            problems.append(
                f"{format_stream(planner.key)}: the configured catalog names this stream more than "
                "once. Leave one entry of it."
            )
        if times[planner.key] > 1:
            continue
        plan = planner.build()
        if plan is None:
            problems += [
                end_sentence(f"{format_stream(planner.key)}: {problem}")
                for problem in planner.problems
            ]
        else:
            plans.append(plan)
    raise_problems(problems)
    return plans


class _StreamPlanner:
    """Plans one stream; gathers all its problems."""

    def __init__(
        self,
        entry: Mapping[str, Any],
        mapping: StreamMapping | None,
        modules: Mapping[str, TargetModule],
        names: Sequence[str],
        unused: Sequence[StreamMapping],
    ) -> None:
        """`unused`: the mappings that name no stream."""
        self.entry = entry
        self.mapping = mapping
        self.modules = modules
        self.names = names
        self.unused = unused
        self.key = read_stream_key(entry)
        self.sources = read_columns(entry)
        self.problems: list[str] = []
        self._activated = is_activated(entry)
        self._mapped = mapping is not None and mapping.fields is not None

    def build(self) -> StreamPlan | None:
        """None: there are problems."""
        name = find_module_name(self.entry, self.mapping)
        operation = self._find_operation()
        module = self.modules.get(name)
        if module is None or not (name in self.names or module.parent):
            unmapped = not (self.mapping or self._activated)
            advice = suggest_mapping(format_stream(self.key), self.unused) if unmapped else ""
            self.problems.append(explain_unknown_module(name, self.names) + advice)
        if self._activated and self.mapping and self.mapping.module != name:
            self.problems.append(
                f"the connection writes it to {name}, its mapping to {self.mapping.module}"
            )
        if module is None or operation is None or self.problems:
            return None
        fields = Fields(module, operation, self.modules)
        chosen = self._choose_key(module, operation, fields)
        if module.parent:
            return self._build_table(module, operation, chosen)
        problems = list(find_operation_problems(module, operation, chosen))
        self.problems += problems
        pairs = self._pair_columns()
        columns = self._resolve_columns(pairs, fields)
        # Of a key that finds nothing, it does not matter whether a column goes to it.
        key_name = None if problems else chosen
        if matching.find_unsupported_reason(module, operation) is None:
            self.problems += self._find_column_problems(module, operation, key_name, columns)
        if self.problems:
            return None
        written = [column for column in columns if isinstance(column, Column)]
        key = next((column for column in written if column.name == chosen), None)
        mark = find_deletion_mark(self.sources)
        return StreamPlan(
            stream=self.key,
            module=module,
            operation=operation,
            key=key,
            key_kind=matching.find_keys(module, operation).get(chosen or ""),
            columns=tuple(
                column
                for column in written
                if column.name != "id" and (operation != "delete" or column is key)
            ),
            dropped=() if operation == "delete" else tuple(_find_dropped(columns, key, mark)),
            sources=tuple(self.sources or dict.fromkeys(source for source, _ in pairs)),
            unlisted=() if operation == "delete" else tuple(self._find_unlisted(pairs, mark)),
            deletion_mark=mark,
            rows=(self.mapping and self.mapping.rows) or "replace",
            rows_key=self.mapping.rows_key if self.mapping else None,
            row_shapes={} if operation == "delete" else list_shapes(written),
            lar_id=self.mapping.lar_id if self.mapping and operation in ASSIGNING else None,
            warnings=(
                *self._find_warnings(module, operation, fields, chosen),
                *warn_of_unused_key(self.mapping, operation),
                *find_missing_of_new_records(module, operation, columns),
            ),
        )

    def _build_table(
        self, module: TargetModule, operation: Operation, key: str | None
    ) -> StreamPlan | None:
        pairs, mark = self._pair_columns(), find_deletion_mark(self.sources)
        reader = TableReader(module, self.modules, operation, self.mapping, key, pairs, mark)
        table = reader.read()
        self.problems += reader.problems
        if table is None:
            return None
        return StreamPlan(
            stream=self.key,
            module=table.parent,
            operation="update",
            key=table.key,
            key_kind="id",
            columns=(),
            dropped=table.dropped,
            sources=tuple(self.sources or dict.fromkeys(source for source, _ in pairs)),
            unlisted=tuple(self._find_unlisted(pairs, mark)),
            deletion_mark=mark,
            rows="append",
            rows_key=table.rows_key,
            row_shapes={table.shape.field: table.shape},
            table=table,
            warnings=(
                *warn_of_unused_key(self.mapping, operation),
                *find_missing_of_new_rows(table),
            ),
        )

    def _find_operation(self) -> Operation | None:
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

    def _choose_key(self, module: TargetModule, operation: Operation, fields: Fields) -> str | None:
        """The key that the connection names; one that the mapping names replaces it."""
        if operation == "insert":
            return None
        named, given = self._read_named_key(fields), self._read_given_key(fields)
        if named and not self._activated:
            return named
        if len(given) == 1 and given[0] in matching.find_keys(module, operation):
            return given[0]
        return named or (given[0] if len(given) == 1 else "+".join(given) or None)

    def _read_given_key(self, fields: Fields) -> list[str]:
        return [fields.find_name(path) for path in read_primary_key(self.entry)]

    def _read_named_key(self, fields: Fields) -> str | None:
        named = self.mapping.matching_key if self.mapping else None
        return fields.find_name(named) if named else None

    def _find_warnings(
        self, module: TargetModule, operation: Operation, fields: Fields, key: str | None
    ) -> Iterator[str]:
        if self.mapping is not None and not self._activated:
            yield from warn_of_overwrite(self.mapping, str(self.entry.get("destination_sync_mode")))
        elif self.mapping is not None:
            named, given = self._read_named_key(fields), self._read_given_key(fields)
            yield from find_ignored(self.mapping, module, operation, key, named=named, given=given)

    def _pair_columns(self) -> list[tuple[str, str]]:
        """Which column goes where; the mapping's names of columns become the catalog's."""
        if self.mapping is None or self.mapping.fields is None:
            return [(source, source) for source in self.sources]
        known = Names(self.sources)
        return [(known.find_only(column) or column, path) for column, path in self.mapping.fields]

    def _find_unlisted(self, pairs: Sequence[tuple[str, str]], mark: str | None) -> Iterator[str]:
        listed = {source for source, _ in pairs}
        return (source for source in self.sources if source not in listed and source != mark)

    def _resolve_columns(
        self, pairs: Sequence[tuple[str, str]], fields: Fields
    ) -> list[Column | DroppedColumn]:
        mapped, chosen = self._mapped, self._mapped or self._activated
        columns = [
            fields.resolve(source, path, mapped=mapped, chosen=chosen) for source, path in pairs
        ]
        return columns if chosen else drop_rivals(columns)

    def _find_column_problems(
        self,
        module: TargetModule,
        operation: Operation,
        key: str | None,
        columns: Sequence[Column | DroppedColumn],
    ) -> Iterator[str]:
        known = Names(self.sources)
        for source, _ in (self.mapping.fields if self.mapping else None) or ():
            if self.sources and known.find_only(source) is None:
                yield explain_unknown_column(source, known)
        if not columns:
            yield "the catalog names no column of it, and no mapping does"
            return
        yield from find_column_problems(module, operation, columns, chosen=self._mapped)
        yield from find_missing_columns(module, operation, key, columns, chosen=self._mapped)
        yield from find_rows_problems(self.mapping, list_shapes(columns))


def _find_dropped(
    columns: Sequence[Column | DroppedColumn], key: Column | None, mark: str | None
) -> Iterator[DroppedColumn]:
    for column in columns:
        if isinstance(column, DroppedColumn):
            # The mark is looked at, though no field takes it.
            if column.source != mark:
                yield column
        elif column.name == "id" and column is not key:
            yield DroppedColumn(column.source, "the id of a record is Zoho's to give")
