"""What a bulk read job exports, and the fields it may name ("Bulk Read: Create Job")."""

from collections.abc import Mapping
from dataclasses import dataclass

from zoho_emulator.errors import ZohoError
from zoho_emulator.store.data_types import is_json, value_type
from zoho_emulator.store.model import Field, Module, Org
from zoho_emulator.store.values import Stored
from zoho_emulator.versions import Version

#: JSON columns that are names to a reader. UNVERIFIED: that an export has them at all.
_NAMED = ("Tag", "Territories")
_JOINED = ("lookup", "ownerlookup", "userlookup")
#: What a user has to join to. UNVERIFIED: which of them Zoho takes; its samples show last_name.
_OF_USERS = ("id", "first_name", "last_name", "full_name", "email", "status")
_CONVERTED = Field(0, "$converted", "Is Converted", "boolean", "converted")


@dataclass(frozen=True, slots=True)
class Column:
    #: As the job named it.
    name: str
    field: Field
    #: Its value, in SQL over the module's table as `m`.
    sql: str


@dataclass(frozen=True, slots=True)
class Query:
    """The rows and columns of one page of an export."""

    module: Module
    columns: tuple[Column, ...]
    #: SQL over the module's table as `m`; empty without criteria.
    where: str
    parameters: tuple[Stored, ...]
    #: `query` as the details of the job show it.
    shown: Mapping[str, object]
    page: int = 1
    #: The last id of the page before, when a page token led here; pages count rows otherwise.
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields of a module in one version."""

    org: Org
    module: Module
    version: Version

    def find_exported(self, name: str) -> Column:
        return self._find_column(name, "FIELD")

    def find_compared(self, name: str, criterion: Mapping[str, object]) -> Column:
        """`criterion` is shown by the error that refuses it."""
        column = self._find_column(name, "FIELD_IN_CRITERIA", criterion)
        # UNVERIFIED: long text in criteria. The page lists the types that it allows, and text of
        # more than 255 characters is not among its values.
        is_long = column.field.data_type == "textarea" and column.field.textarea != "small"
        if is_long or is_json(column.field) or not column.field.filterable:
            raise self._refusal("FIELD_IN_CRITERIA_NOT_SUPPORTED", name, criterion)
        return column

    def _find_column(
        self, name: str, what: str, criterion: Mapping[str, object] | None = None
    ) -> Column:
        head, dot, tail = name.partition(".")
        if "." in tail:
            raise ZohoError("JOIN_LIMIT_EXCEEDED", "join limit exceeded", {"api_name": name})
        if name == "$converted" and self.module.api_name == "Leads":
            return Column(name, _CONVERTED, "m.converted")
        field = self.module.fields.get(head)
        if field is None or not field.exists_in(self.version.number):
            raise self._refusal(f"{what}_NOT_AVAILABLE", name)
        if not dot:
            if not _is_exported(field):
                raise self._refusal(f"{what}_NOT_SUPPORTED", name, criterion)
            return Column(name, field, f"m.{field.column}")
        # UNVERIFIED: a dot after a lookup to several modules; the page has no word on it.
        if field.data_type not in _JOINED or len(field.targets) != 1:
            raise self._refusal(f"{what}_NOT_SUPPORTED", name, criterion)
        table, joined = self._find_joined(field, tail)
        if joined is None:
            raise self._refusal(f"{what}_NOT_AVAILABLE", name)
        if not _is_exported(joined):
            raise self._refusal(f"{what}_NOT_SUPPORTED", name, criterion)
        return Column(
            name,
            joined,
            f"(SELECT t.{joined.column} FROM {table} AS t WHERE t.id = m.{field.column})",
        )

    def _find_joined(self, lookup: Field, name: str) -> tuple[str, Field | None]:
        if lookup.targets == ("users",):
            kind = "bigint" if name == "id" else "text"
            return "users", Field(0, name, name, kind, name) if name in _OF_USERS else None
        target = self.org.modules.get(lookup.targets[0])
        field = target.fields.get(name) if target else None
        if target is None or field is None or not field.exists_in(self.version.number):
            return "", None
        return target.table, field

    def _refusal(
        self, code: str, name: str, criterion: Mapping[str, object] | None = None
    ) -> ZohoError:
        return ZohoError(
            code,
            "the field is not available" if code.endswith("AVAILABLE") else "unsupported field",
            criterion or {"api_name": name, "module": self.module.api_name},
        )


def _is_exported(field: Field) -> bool:
    """What a CSV of the module has; sub-forms and the like are exported as modules of their own.

    UNVERIFIED: the record image, which counts as an image here.
    """
    if field.virtual or value_type(field) == "profileimage":
        return False
    return not is_json(field) or field.api_name in _NAMED
