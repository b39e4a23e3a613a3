"""What a bulk write job is asked for, read from its body and checked ("Bulk Write: Create Job").

UNVERIFIED: in which order Zoho looks for errors, and the messages that no sample has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from zoho_emulator.auth.tokens import module_scopes
from zoho_emulator.bulk_write.columns import (
    Column,
    Columns,
    can_find_by,
    invalid_field,
    invalid_key,
    missing_key,
)
from zoho_emulator.bulk_write.table import Table, find_names, open_table
from zoho_emulator.call import Call, no_permission
from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.store.model import Module
from zoho_emulator.writing.links import find_pair

OPERATIONS = ("insert", "update", "upsert")
#: "Bulk Write: Create Job" lists these, and custom modules.
MODULES = (
    *("Leads", "Accounts", "Contacts", "Deals", "Campaigns", "Cases", "Solutions", "Products"),
    *("Vendors", "Price_Books", "Tasks"),
)
#: The latest page adds these; those of v6 and v7 exclude them.
INVENTORY = ("Quotes", "Sales_Orders", "Purchase_Orders", "Invoices")
#: "Bulk Write: Limitations": rows of a subform or of line items.
MOST_CHILD_ROWS = 200


@dataclass(frozen=True, slots=True)
class Resource:
    """Rows of one file for one module."""

    module: Module
    table: Table
    columns: Sequence[Column]
    #: What existing records are found by.
    key: Column | None
    ignore_empty: bool
    #: The lookup to the record that a row belongs to; empty for other modules than of such rows.
    parent_field: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    operation: str
    resources: Sequence[Resource]


def find_module(body: bytes) -> str | None:
    """The module that a body names, before it is checked: for counting and for faults."""
    try:
        module = orjson.loads(body)["resource"][0]["module"]
        named = module["api_name"] if isinstance(module, dict) else module
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    return named if isinstance(named, str) else None


def read_request(call: Call) -> Request:
    body = _read_body(call)
    operation = _need(body, "operation", "$")
    if operation not in OPERATIONS:
        raise invalid_key("operation")
    _check_callback(call, body.get("callback"))
    resources = _need(body, "resource", "$")
    if not isinstance(resources, list) or not resources:
        raise invalid_key("resource")
    if len(resources) > 1 and not call.version.v7_bulk_write:
        # UNVERIFIED: the code; the pages of these versions have one resource.
        raise ZohoError("INVALID_REQUEST", "only one resource is supported")
    return Request(str(operation), _read_resources(call, body, str(operation), resources))


def _read_resources(
    call: Call, body: Mapping[str, object], operation: str, given: Sequence[object]
) -> list[Resource]:
    """The first is the parent of the others, which are of the same upload."""
    reader = _ResourceReader(call, body, operation, has_children=len(given) > 1)
    first = reader.read(given[0], "$.resource[0]")
    found = [first]
    for number, item in enumerate(given[1:], 1):
        child = reader.read(item, f"$.resource[{number}]", first)
        if child.table.path != first.table.path or child.module in [one.module for one in found]:
            raise invalid_key("resource")
        found.append(child)
    return found


def _read_body(call: Call) -> dict[str, object]:
    kind = call.headers.get("content-type")
    unsaid = kind is None and call.version.name in call.knobs.bulk_json_unsaid
    if not unsaid and (kind or "").partition(";")[0].strip().lower() != "application/json":
        raise ZohoError("REQUEST_BODY_NOT_SUPPORTED", "the request body is not supported")
    try:
        body = orjson.loads(call.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ZohoError("INVALID_REQUEST", "the request body is not readable")
    return body


def _need(given: Mapping[str, object], name: str, path: str) -> object:
    if given.get(name) is None:
        raise missing_key(name, f"{path}.{name}")
    return given[name]


def _check_callback(call: Call, callback: object) -> None:
    if callback is None:
        return
    if not isinstance(callback, dict):
        raise invalid_key("callback")
    if callback.get("method") != "post":
        raise ZohoError(
            "INVALID_CALLBACK_METHOD",
            "Invalid callback method provided",
            {"supported_callback_methods": ["post"]},
        )
    try:
        parts = urlsplit(str(callback.get("url") or ""))
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address:
        raise ZohoError("INVALID_CALLBACK_URL", "Invalid callback URL provided")
    raise not_emulated(f"callback on {call.path}")


@dataclass(frozen=True, slots=True)
class _ResourceReader:
    call: Call
    body: Mapping[str, object]
    operation: str
    has_children: bool

    def read(self, given: object, path: str, parent: Resource | None = None) -> Resource:
        if not isinstance(given, dict):
            raise invalid_key("resource")
        if _need(given, "type", path) != "data":
            raise invalid_key("type")
        module = self._read_module(_need(given, "module", path), path)
        if self.has_children:
            for name in ("file_names", "field_mappings"):
                _need(given, name, path)
        table = self._open_table(module, given, path)
        mappings = given.get("field_mappings")
        finder = Columns(self.call, module, table, parent.table if parent else None)
        columns = finder.read_header() if mappings is None else finder.read_mappings(mappings)
        parent_field = find_parent_field(module, parent.module if parent else None)
        if parent is not None:
            _check_parent(columns, parent_field)
        key = self._read_key(module, columns, given.get("find_by"))
        self._check_mandatory(module, columns)
        ignored = True in (given.get("ignore_empty"), self.body.get("ignore_empty"))
        return Resource(module, table, columns, key, ignored, parent_field)

    def _read_module(self, given: object, path: str) -> Module:
        """UNVERIFIED: what v2 makes of an object, and later versions of a plain name."""
        if isinstance(given, str) != self.call.version.bulk_plain_names:
            raise invalid_key("module")
        name = _need(given, "api_name", f"{path}.module") if isinstance(given, dict) else given
        module = self.call.store.org.modules.get(str(name))
        if module is None or not self._is_supported(module):
            raise ZohoError("MODULE_NOT_AVAILABLE", f"Requested module '{name}' is not available.")
        # "Create Job" of v7 asks for this scope too; the specification of v8 does not name it.
        scopes = module_scopes(module.api_name, module.generated_type, ("CREATE",))
        self.call.emulator.accounts.require(*scopes)
        denied = "Permission denied to create"
        self.call.check_not_refused(module, denied)
        hidden = not (module.viewable and module.permitted)
        if hidden or module.api_name in self.call.knobs.read_only_modules:
            raise no_permission(module, denied)
        return module

    def _is_supported(self, module: Module) -> bool:
        if not (module.exists_in(self.call.version.number) and module.api_supported):
            return False
        if module.api_name in INVENTORY:
            return self.call.version.v7_bulk_write
        if module.generated_type in ("subform", "linking"):
            return self.call.version.v7_bulk_write
        return module.api_name in MODULES or module.generated_type == "custom"

    def _open_table(self, module: Module, given: Mapping[str, object], path: str) -> Table:
        file_id = _need(given, "file_id", path)
        found = self.call.emulator.bulk_writes.uploads.find(file_id)
        if found is None:
            if self.call.version.v7_bulk_write:
                raise ZohoError("FILE_NOT_FOUND", "file not found")
            raise ZohoError("INVALID_FILE_ID", "improper file id")
        encoding = self.body.get("character_encoding")
        most = self.call.knobs.bulk_write_rows
        if module.generated_type == "subform" and self.call.knobs.bulk_write_child_rows == "file":
            most = min(most, MOST_CHILD_ROWS)
        return open_table(
            found,
            self._choose_file(found, given.get("file_names")),
            None if encoding is None else str(encoding),
            most_rows=most,
        )

    def _choose_file(self, path: Path, wanted: object) -> str:
        """The one file. UNVERIFIED: versions without `file_names` pass over it."""
        names = find_names(path)
        if self.call.version.v7_bulk_write and wanted is not None:
            if not isinstance(wanted, list) or len(wanted) != 1:
                raise invalid_key("file_names")
            if wanted[0] not in names:
                raise ZohoError("FILE_NOT_FOUND", "file not found")
            if self.has_children:
                return str(wanted[0])
        if len(names) != 1:
            raise ZohoError("FILE_NOT_SUPPORTED", "File not supported for bulk write")
        return names[0]

    def _read_key(
        self, module: Module, columns: Sequence[Column], find_by: object
    ) -> Column | None:
        """Insert takes no key, or one whose records are skipped.

        UNVERIFIED: that an upsert adds rows of subforms and links where nothing finds them.
        """
        if find_by is None:
            adds = self.operation == "upsert" and module.belongs_to_records
            if self.operation != "insert" and not adds:
                raise ZohoError("MANDATORY_NOT_FOUND", "Required key find_by is not available")
            return None
        if not can_find_by(self.call, module, find_by):
            raise invalid_field(str(find_by))
        for column in columns:
            if column.api_name == find_by and column.index is not None:
                return column
        # UNVERIFIED: the sample of an insert finds by an id that it does not map.
        if self.operation == "insert":
            return None
        raise _not_mapped([str(find_by)])

    def _check_mandatory(self, module: Module, columns: Sequence[Column]) -> None:
        """UNVERIFIED: that an update need not map them."""
        of_layout = self.call.knobs.bulk_write_layout_fields
        mapped = {column.api_name for column in columns}
        lacking = [
            known.api_name
            for known in module.fields.values()
            if known.mandatory
            and not known.read_only
            and known.exists_in(self.call.version.number)
            and known.api_name not in mapped
            and (of_layout or not (known.custom or known.layout_only))
        ]
        if lacking and self.operation != "update":
            raise _not_mapped(lacking)


def find_parent_field(module: Module, parent: Module | None) -> str:
    """The lookup of a row of a subform, or of a link, to the record that it belongs to."""
    names = ["Parent_Id"] if module.generated_type == "subform" else [*(find_pair(module) or ())]
    for name in names:
        if parent is None or parent.api_name in module.fields[name].targets:
            return name
    if parent is not None:
        # UNVERIFIED: what modules that are no children of the first one are answered.
        raise invalid_key("resource")
    return ""


def _check_parent(columns: Sequence[Column], parent_field: str) -> None:
    for column in columns:
        if column.api_name == parent_field and column.parent_index is None:
            message = "Required key parent_column_index is not available"
            raise ZohoError("MANDATORY_NOT_FOUND", message)
        if column.api_name != parent_field and column.parent_index is not None:
            raise invalid_key("parent_column_index")


def _not_mapped(names: Sequence[str]) -> ZohoError:
    """A live org names one field. UNVERIFIED: how several are named."""
    shown = ", ".join(names)
    message = f"All mandatory fields are not mapped for the layout [{shown}]"
    return ZohoError("MANDATORY_FIELDS_NOT_MAPPED", message)
