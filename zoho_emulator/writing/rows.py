"""Rows inside a record: of subforms, and the links of multi-select lookups.

"Subforms": a row with an id is changed, one without is added, one with `_delete` goes, and an
empty list takes all. Rows that a call does not name stay.
"""

from collections.abc import Iterable, Mapping, Sequence

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.records.line_items import V2_NAMES
from zoho_emulator.store.model import Field, Module, linking_fields
from zoho_emulator.store.values import Stored, invalid
from zoho_emulator.writing import links
from zoho_emulator.writing.answers import locate
from zoho_emulator.writing.changes import Change, CheckRow, Child
from zoho_emulator.writing.matching import parse_id

#: "Subforms": rows of a record; "Bulk Write: Limitations" has the number of line items.
MOST_ROWS = 100
MOST_LINE_ITEMS = 200


def find_child(call: Call, module: Module, known: Field) -> Child | None:
    """Where the field's rows are; None of a field whose value is not rows."""
    child = call.store.org.modules.get(known.linking or "")
    if child is None or known.data_type not in ("subform", "multiselectlookup", "multiuserlookup"):
        return None
    if known.data_type == "subform":
        return Child(child, "Parent_Id") if "Parent_Id" in child.fields else None
    own, other = linking_fields(module.api_name, known.targets[0])
    return Child(child, own, other) if {own, other} <= child.fields.keys() else None


def is_v2_line_item(call: Call, known: Field) -> bool:
    return known.api_name == "Product_Details" and call.version.number < 2.1


def read_changes(
    call: Call,
    known: Field,
    child: Child,
    value: object,
    path: str,
    *,
    old: int | None,
    check: CheckRow,
) -> list[Change]:
    """What the value of a record's field says of its rows; `check` is that of the rows' module."""
    present = [] if old is None else _read_present(call, child, old)
    # UNVERIFIED: null does what an empty list does.
    if not value and (value is None or isinstance(value, list)):
        return [Change(child, row_id) for row_id in present]
    if not isinstance(value, list):
        raise invalid(known, expected_data_type="jsonarray")
    most = MOST_ROWS if known.custom else MOST_LINE_ITEMS
    if len(value) > most:
        raise _build_limit_error(known, most)
    changes = []
    for index, item in enumerate(value):
        where = f"{path}[{index}]"
        if not isinstance(item, dict):
            error = invalid(known, expected_data_type="jsonobject")
            changes.append(Change(child, problems=[locate(call, error, where)]))
            continue
        row = item
        if is_v2_line_item(call, known):
            # Other keys of v2 are results, like `net_total`, and come back from readers.
            row = {V2_NAMES[name]: item[name] for name in item if name in V2_NAMES}
            if isinstance(row.get("Discount"), int | float):
                row["Discount"] = str(row["Discount"])
        changes.append(_read_change(call, child, row, where, present, check))
    _refuse_too_many(known, most, present, changes)
    if child.partner is not None:
        parent: dict[str, Stored] = {} if old is None else {child.parent_field: old}
        _reject_doubles(call, child, changes, parent)
    return changes


def _refuse_too_many(
    known: Field, most: int, present: Sequence[int], changes: Sequence[Change]
) -> None:
    """UNVERIFIED: that the limit is of the rows that a record holds, besides those of a call."""
    added = sum(change.row_id is None for change in changes)
    removed = {change.row_id for change in changes if change.checked is None} - {None}
    if added and len(present) + added - len(removed) > most:
        raise _build_limit_error(known, most)


def _build_limit_error(known: Field, most: int) -> ZohoError:
    return ZohoError(
        "LIMIT_EXCEEDED",
        "count of records in your request exceeds the limit",
        {"maximum_length": most, "api_name": known.api_name},
    )


def _read_change(
    call: Call,
    child: Child,
    row: Mapping[str, object],
    path: str,
    present: list[int],
    check: CheckRow,
) -> Change:
    row_id = None
    if row.get("id") is not None:
        row_id = parse_id(row["id"])
        if row_id not in present:
            error = ZohoError(
                "INVALID_DATA", "the id given seems to be invalid", {"api_name": "id"}
            )
            return Change(child, problems=[locate(call, error, f"{path}.id")])
    if "_delete" in row:
        if row_id is None:
            error = ZohoError("MANDATORY_NOT_FOUND", "required field not found", {"api_name": "id"})
            return Change(child, problems=[locate(call, error, f"{path}.id")])
        return Change(child, row_id)
    checked = check(row, path, old=row_id)
    return Change(child, row_id, checked, checked.problems)


def _reject_doubles(
    call: Call, child: Child, changes: Sequence[Change], parent: dict[str, Stored]
) -> None:
    """A partner is linked once, by what stands and by the rows of this call; `parent` is empty
    for a record that is new."""
    name = str(child.partner)
    named = [change.row_id for change in changes]
    seen: set[Stored] = set()
    for change in changes:
        if change.checked is None or change.problems or name not in change.checked.values:
            continue
        partner = call.store.encode(child.module.fields[name], change.checked.values[name])
        pair = {**parent, name: partner}
        twin = links.find_link(call, child.module, pair, but=named) if parent else None
        if twin is not None or partner in seen:
            change.problems.append(links.duplicate_link((child.parent_field, name), twin))
        seen.add(partner)


def _read_present(call: Call, child: Child, parent_id: int) -> list[int]:
    column = child.module.fields[child.parent_field].column
    found = call.store.connection.execute(
        f"select id from {child.module.table} where {column} = ? and state = 0 order by id",
        (parent_id,),
    )
    return [row_id for (row_id,) in found]


def write(call: Call, changes: Iterable[Change], parent_id: int, *, now: int, by: int) -> None:
    for change in changes:
        module = change.child.module
        if change.checked is None:
            ids = [change.row_id or 0]
            # UNVERIFIED: a row taken out of a record does not go to the recycle bin.
            call.store.delete(module, ids, kind="permanent", now=now, by=by)
        elif change.row_id is not None:
            call.store.update(module, change.row_id, change.checked.values, now=now, by=by)
        else:
            values = {**change.checked.values, change.child.parent_field: {"id": str(parent_id)}}
            if "Sequence_Number" in module.fields:
                number = len(_read_present(call, change.child, parent_id)) + 1
                values.setdefault("Sequence_Number", number)
            change.row_id = call.store.insert(module, values, now=now, by=by, checked=True)
