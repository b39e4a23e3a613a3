"""Which column of a file goes to which field ("Bulk Write: Create Job", field_mappings)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from zoho_emulator.bulk_write.formats import ReadDate, read_default, read_format
from zoho_emulator.bulk_write.table import Table
from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.store.data_types import is_json, value_type
from zoho_emulator.store.model import Field, Module
from zoho_emulator.writing.matching import find_system_field
from zoho_emulator.writing.values import FILES

USERS = ("users",)
_USER_KEYS = ("id", "email")
_REFERENCES = ("lookup", "multi_module_lookup", "ownerlookup", "userlookup")


@dataclass(frozen=True, slots=True)
class Column:
    """A field that a job writes."""

    api_name: str
    known: Field
    #: Its place in the file; None where all rows take the default.
    index: int | None = None
    #: What the result calls it.
    label: str = ""
    #: Of a lookup: "id", "email" of users, or a field of the modules `targets`.
    find_by: str | None = None
    targets: Sequence[Module] = ()
    read_date: ReadDate | None = field(default=None, repr=False)
    #: The column of the parent's file that has the same value as this one; then the record is the
    #: one that its row became.
    parent_index: int | None = None
    #: What stands for an empty cell.
    default: str = ""
    #: As the job was asked for it.
    given: Mapping[str, object] = field(default_factory=dict, repr=False)


class Columns:
    """Finds the columns of a module's file. `parent` is the file of the records of its rows."""

    def __init__(
        self, call: Call, module: Module, table: Table, parent: Table | None = None
    ) -> None:
        self.call = call
        self.module = module
        self.table = table
        self.parent = parent

    def read_mappings(self, given: object) -> list[Column]:
        """Only `index` counts: names in the header are passed over."""
        if not isinstance(given, list) or not given:
            raise invalid_key("field_mappings")
        return [self._read_mapping(item) for item in given]

    def read_header(self) -> list[Column]:
        """Each name that is one of a field. UNVERIFIED: others are passed over."""
        return list(self._match_header())

    def _match_header(self) -> Iterator[Column]:
        for index, label in enumerate(self.table.header):
            name, _, find_by = label.partition(".")
            known = self._find_field(name)
            if known is None:
                continue
            # "Bulk Write: Limitations" of v6: rows of subforms name the id so.
            if name == "Parent_Id" and self.module.generated_type == "subform":
                find_by = find_by or "id"
            given = {"api_name": name, "index": index, "find_by": find_by or None}
            yield self._build(known, given, index, given["find_by"])

    def _read_mapping(self, given: object) -> Column:
        if not isinstance(given, dict):
            raise invalid_key("field_mappings")
        name = given.get("api_name")
        if name is None:
            raise missing_key("api_name")
        known = self._find_field(str(name))
        if known is None:
            raise invalid_field(str(name))
        index = given.get("index")
        if index is None and _read_default(given) is None:
            message = f"required key index for field {name} is not found in request body."
            raise ZohoError("COLUMN_INDEX_NOT_FOUND", message)
        if index is not None:
            _check_index(index, self.table)
        return self._build(known, given, index, given.get("find_by"))

    def _build(
        self, known: Field, given: Mapping[str, object], index: int | None, find_by: object
    ) -> Column:
        kind = value_type(known)
        is_date = kind in ("date", "datetime")
        targets = self._find_targets(known, given.get("module"))
        form = given.get("format")
        parent_index = self._read_parent_index(given)
        return Column(
            api_name=known.api_name,
            known=known,
            index=index,
            label=known.api_name if index is None else self.table.header[index],
            find_by=None
            if parent_index is not None
            else self._check_reference(known, targets, find_by),
            targets=targets,
            read_date=self._choose_reader(kind, form) if is_date else None,
            parent_index=parent_index,
            default=_read_default(given) or "",
            given=given,
        )

    def _read_parent_index(self, given: Mapping[str, object]) -> int | None:
        index = given.get("parent_column_index")
        if index is None or not self.call.version.v7_bulk_write:
            return None
        if given.get("find_by") is not None:
            # UNVERIFIED: that these are the keys which exclude each other, and the message.
            message = "find_by and parent_column_index are not allowed together"
            raise ZohoError("COEXISTENCE_NOT_ALLOWED", message)
        if self.parent is None:
            raise invalid_key("parent_column_index")
        return _check_index(index, self.parent)

    def _choose_reader(self, kind: str, form: object) -> ReadDate:
        if form is None:
            return read_default(kind, self.call.knobs.bulk_write_dates)
        return read_format(str(form))

    def _find_field(self, name: str) -> Field | None:
        """The field, if bulk write supports it ("Bulk Write: Limitations").

        UNVERIFIED: tags and other values that are more than a text.
        """
        known = self.module.fields.get(name)
        if known is None or not known.exists_in(self.call.version.number):
            return None
        if known.column == "id":
            return known
        kept_out = known.read_only or known.virtual or is_json(known)
        # "Bulk Write: Create Job": of a link, nothing but its lookups.
        if self.module.generated_type == "linking" and value_type(known) not in _REFERENCES:
            return None
        files = known.data_type in (*FILES, "profileimage")
        return None if kept_out or files else known

    def _find_targets(self, known: Field, named: object) -> list[Module]:
        modules = self.call.store.org.modules
        if value_type(known) not in _REFERENCES or known.targets == USERS:
            return []
        names = [name for name in known.targets if named in (None, "", name)]
        if not names:
            raise invalid_field(known.api_name)
        return [modules[name] for name in names if name in modules]

    def _check_reference(
        self, known: Field, targets: Sequence[Module], find_by: object
    ) -> str | None:
        """How a lookup's records are found.

        UNVERIFIED: users are found by id where nothing is said, as samples map an owner so.
        """
        if value_type(known) not in _REFERENCES:
            return None
        if known.targets == USERS:
            if find_by not in (None, *_USER_KEYS):
                raise invalid_field(f"{known.api_name}.{find_by}")
            return str(find_by or "id")
        if find_by is None:
            raise ZohoError("MANDATORY_NOT_FOUND", "Required key find_by is not available")
        for target in targets:
            if not can_find_by(self.call, target, find_by, display=True):
                raise invalid_field(f"{known.api_name}.{find_by}")
        return str(find_by)


def _check_index(index: object, table: Table) -> int:
    whole = isinstance(index, int) and not isinstance(index, bool)
    if not whole or not 0 <= int(str(index)) < len(table.header):
        # UNVERIFIED: the message for a column that the file has not.
        raise ZohoError("COLUMN_INDEX_NOT_FOUND", f"column index {index} is not found")
    return int(str(index))


def can_find_by(call: Call, module: Module, name: object, *, display: bool = False) -> bool:
    """Whether records are found by this field: the id, a unique field, for lookups the name."""
    if name == "id":
        return True
    known = module.fields.get(str(name))
    if known is None or (display and name == module.display_field):
        return known is not None
    # UNVERIFIED: that the fields which Zoho checks for duplicates by itself count as unique; a
    # sample of "Create Job" finds contacts by Email.
    if known == find_system_field(module):
        return True
    return known.unique and (not known.external or call.knobs.bulk_write_external_find_by)


def _read_default(given: Mapping[str, object]) -> str | None:
    """The text of `default_value`, which is an object around the value."""
    default = given.get("default_value")
    value = default.get("value") if isinstance(default, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def invalid_field(name: str) -> ZohoError:
    return ZohoError("INVALID_FIELD", f"invalid mapping. invalid api_name {name}.")


def invalid_key(name: str) -> ZohoError:
    """UNVERIFIED: the message for a key of another type or value."""
    return ZohoError("INVALID_DATA", f"invalid data - {name}")


def missing_key(name: str, path: str = "") -> ZohoError:
    message = f"required key {name} is not found in request body."
    return ZohoError("MISSING_REQUIRED_KEY", message, {"json_path": path or f"$..{name}"})
