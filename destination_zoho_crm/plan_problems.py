"""Problems of a plan, in sentences that say what would be allowed. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm import matching
from destination_zoho_crm.child_tables import ChildTable, TableReader
from destination_zoho_crm.columns import Column, DroppedColumn, Fields
from destination_zoho_crm.modules import TargetModule
from destination_zoho_crm.naming import Names, ask_if_meant
from destination_zoho_crm.row_problems import find_rows_problems, list_shapes
from destination_zoho_crm.row_shapes import PARENT
from destination_zoho_crm.settings import ASSIGNING, Operation, StreamMapping
from zoho_crm.problems import config_error
from zoho_crm.similar_names import find_similar

_MOST_NAMES = 10
#: Columns of which one sentence says why they are not written.
_MOST_REASONS = 3


def raise_problems(problems: Iterable[str]) -> None:
    """Raises a config error that says all of them, if there are any."""
    said = list(problems)
    if len(said) == 1:
        raise config_error(said[0])
    if said:
        numbered = " ".join(f"({n}) {problem}" for n, problem in enumerate(said, 1))
        raise config_error(f"{len(said)} things must be fixed before a row is written. {numbered}")


@contextmanager
def raised_with(problems: Sequence[str]) -> Iterator[None]:
    """Config errors from within are raised with these problems; of other failures, which may go
    away with time, the problems are raised alone."""
    try:
        yield
    except AirbyteTracedException as failure:
        said = str(failure.message)
        if not problems or problems[0] in said:
            raise
        of_config = failure.failure_type == FailureType.config_error
        raise_problems([*problems, said] if of_config else problems)


def end_sentence(sentence: str) -> str:
    """Adds a full stop, except after a question mark."""
    return sentence if sentence.endswith("?") else f"{sentence}."


def find_mapping_problems(
    mapping: StreamMapping, modules: Mapping[str, TargetModule], names: Sequence[str]
) -> Iterator[str]:
    """What can be said of a mapping before there is a catalog."""
    module = modules.get(mapping.module)
    if module is None:
        yield end_sentence(f"{mapping.stream}: {explain_unknown_module(mapping.module, names)}")
        return
    if module.parent:
        # Which columns there are, only a catalog says, unless the mapping lists them.
        named = None if mapping.matching_key == "id" else mapping.matching_key
        listed = mapping.fields or ()
        reader = TableReader(module, modules, mapping.operation, mapping, named, listed, None)
        if listed:
            reader.read()
        yield from (end_sentence(f"{mapping.stream}: {problem}") for problem in reader.problems)
        return
    fields = Fields(module, mapping.operation, modules)
    key = fields.find_name(mapping.matching_key) if mapping.matching_key else None
    problems = [*find_operation_problems(module, mapping.operation, key)]
    if mapping.fields and not matching.find_unsupported_reason(module, mapping.operation):
        columns = [
            fields.resolve(source, path, mapped=True, chosen=True)
            for source, path in mapping.fields
        ]
        problems += find_column_problems(module, mapping.operation, columns, chosen=True)
        problems += find_rows_problems(mapping, list_shapes(columns))
    yield from (end_sentence(f"{mapping.stream}: {problem}") for problem in problems)


def find_column_problems(
    module: TargetModule,
    operation: Operation,
    columns: Sequence[Column | DroppedColumn],
    *,
    chosen: bool,
) -> Iterator[str]:
    """`chosen`: the user has mapped the columns; else those that cannot be written are left out."""
    names: dict[str, str] = {}
    for column in columns:
        if isinstance(column, Column):
            other = names.setdefault(column.name, column.source)
            if other != column.source and (operation != "delete" or chosen):
                yield f"the columns {other} and {column.source} both go to {column.name}"
        # A deletion ignores all columns but the key.
        elif operation != "delete" and chosen:
            yield explain_dropped(column)
    is_explained = chosen and any(isinstance(column, DroppedColumn) for column in columns)
    if operation != "delete" and not names.keys() - {"id"} and not is_explained:
        dropped = [column for column in columns if isinstance(column, DroppedColumn) and not chosen]
        why = "".join(f"; {explain_dropped(column)}" for column in dropped[:_MOST_REASONS])
        yield f"no column of it can be written to {module.api_name}{why}"


def find_missing_columns(
    module: TargetModule,
    operation: Operation,
    key: str | None,
    columns: Sequence[Column | DroppedColumn],
    *,
    chosen: bool,
) -> Iterator[str]:
    """Which key and operation count, the connection decides, not a mapping alone.

    `chosen`: the reasons of columns that are not written are problems already, so what follows
    from them is not said.
    """
    names = {column.name for column in columns if isinstance(column, Column)}
    explained = {column.field for column in columns if isinstance(column, DroppedColumn) and chosen}
    if key is not None and key not in names | explained:
        yield f"no column goes to {key}, by which its records are found{_explain_why(key, columns)}"
    if operation == "insert":
        for name in _find_unserved(module, columns):
            if name not in explained:
                yield f"{_explain_no_new_record(name)}{_explain_why(name, columns)}"


def find_missing_of_new_records(
    module: TargetModule, operation: Operation, columns: Sequence[Column | DroppedColumn]
) -> Iterator[str]:
    """An upsert that is meant for records that are there needs none of these columns."""
    if operation == "upsert":
        for name in _find_unserved(module, columns):
            yield f"{_explain_no_new_record(name)}: rows that find none are rejected"


def find_missing_of_new_rows(table: ChildTable) -> Iterator[str]:
    """Of a table of rows that may add some."""
    if table.operation in ("insert", "upsert"):
        for name in _find_unserved(table.shape.module, table.columns):
            if name != PARENT:
                yield (
                    f"no column goes to {name}, without which Zoho adds no row: new ones are "
                    "rejected"
                )


def _find_unserved(module: TargetModule, columns: Sequence[Column | DroppedColumn]) -> list[str]:
    """The mandatory fields that no column goes to."""
    names = {column.name for column in columns if isinstance(column, Column)}
    mandatory = (field for field in module.fields.values() if field.mandatory and field.form)
    return [field.api_name for field in mandatory if field.api_name not in names]


def _explain_no_new_record(field: str) -> str:
    return f"no column goes to {field}, without which Zoho adds no record"


def _explain_why(field: str, columns: Sequence[Column | DroppedColumn]) -> str:
    """Why a column that would go to the field does not."""
    dropped = [c for c in columns if isinstance(c, DroppedColumn) and c.field == field]
    if rivals := next((column.rivals for column in dropped if column.rivals), ()):
        return f"; {' and '.join(rivals)} would go to it: map the one that is meant"
    return "".join(f"; {explain_dropped(column)}" for column in dropped)


def explain_unknown_column(column: str, known: Names) -> str:
    """Of a column that a mapping names."""
    if fitting := known.find(column):
        return f"its mapping names a column {column}, which may be {' or '.join(fitting)}"
    meant = ask_if_meant(known.find_similar(column))
    return f"it has no column {column}, which its mapping names{meant}"


def explain_dropped(column: DroppedColumn) -> str:
    return f"the column {column.source} cannot be written: {column.reason}"


def find_operation_problems(
    module: TargetModule, operation: Operation, key: str | None
) -> Iterator[str]:
    if problem := matching.find_unsupported_reason(module, operation):
        others = ", ".join(matching.list_allowed(module)) or "nothing"
        yield f"{problem}; {module.api_name} allows {others}"
        return
    valid = matching.find_keys(module, operation)
    if operation == "insert" or key in valid:
        return
    choice = f"choose {' or '.join(valid)}"
    if key != "id" and key in module.fields and not module.reports_external:
        choice += (
            "; if it is an External ID field, choose a later version of the API: this one does "
            "not report such fields"
        )
    if key == "id":
        yield (
            f"an upsert does not find records of {module.api_name} by id, which is what a source "
            f"calls its key; update by id, or upsert by a key: {choice}"
        )
    elif key is None:
        yield f"{operation} needs a key that finds records of {module.api_name}: {choice}"
    elif "+" in key:
        yield f"Zoho finds records by one field, not by {key} together: {choice}"
    else:
        yield f"{operation} does not find records of {module.api_name} by {key}: {choice}"


def explain_unknown_module(name: str, names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    shown = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    meant = find_similar(name, names, fold=str.lower)
    return (
        f"in this version of its API the org has no module {name} that can be written. "
        f"{f'Did you mean {meant}? ' if meant else ''}It has {shown}"
    )


def suggest_mapping(stream: str, unused: Iterable[StreamMapping]) -> str:
    """Of a stream that no mapping names, and that is called like no module.

    `unused`: the mappings that name no stream, one of which may be meant for it.
    """
    names = " and ".join(map(str, unused))
    idle = f"; the mapping of {names} meets no stream" if names else ""
    return f". To write it to one of them, map the stream {stream} to a module{idle}"


def warn_of_overwrite(mapping: StreamMapping, mode: str) -> Iterator[str]:
    """`mode`: the connection's."""
    if mode.startswith("overwrite"):
        yield (
            f"its mapping's {mapping.operation} replaces the connection's {mode}, so no "
            "record is replaced or deleted"
        )


def warn_of_unused_key(mapping: StreamMapping | None, operation: Operation) -> Iterator[str]:
    """The form keeps the key of an operation that was chosen before."""
    if mapping and mapping.matching_key and operation == mapping.operation == "insert":
        yield (
            "an insert looks for no record; its mapping's matching_key "
            f"{mapping.matching_key} is ignored"
        )


def find_ignored(
    mapping: StreamMapping,
    module: TargetModule,
    operation: Operation,
    key: str | None,
    *,
    named: str | None,
    given: Sequence[str],
) -> Iterator[str]:
    """What a mapping says in vain, where data activation names operation and key. `named`: the
    mapping's key; `given`: the connection's."""
    if mapping.operation != operation:
        yield f"the connection asks for {operation}; its mapping's {mapping.operation} is ignored"
    if mapping.lar_id and operation not in ASSIGNING:
        yield f"{operation} takes no assignment rule; its mapping's is ignored"
    if key is None or named is None:
        return
    if named != key:
        yield f"the connection finds records by {key}; its mapping's {named} is ignored"
    elif given and list(given) != [key]:
        yield (
            f"{operation} does not find records of {module.api_name} by {'+'.join(given)}, the "
            f"connection's key; its mapping's {key} replaces it"
        )
