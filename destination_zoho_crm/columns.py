"""From a column's name to what is written. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from destination_zoho_crm.modules import TargetField, TargetModule
from destination_zoho_crm.settings import Operation

#: "Insert Records": tells which module the ids in What_Id and Parent_Id are of.
SE_MODULE = "$se_module"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the stream and the field it is written to."""

    source: str
    #: None: of `id` and `$se_module`, which are no fields to be set.
    field: TargetField | None
    #: The key in Zoho's record.
    name: str
    #: What the value is: the field's own, a user's address, or a value of `external`.
    via: Literal["value", "email", "external"] = "value"
    #: The External ID field of the module that a lookup points at.
    external: TargetField | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """The column is left out, with a warning."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unwritable:
    """The column keeps the whole run from beginning."""

    source: str
    reason: str


def resolve(
    source: str,
    path: str,
    module: TargetModule,
    operation: Operation,
    lookups: Mapping[str, TargetModule],
    *,
    chosen: bool,
) -> Column | Dropped | Unwritable:
    """What becomes of a column; `chosen`: the user has mapped it, it is not there by its name."""
    if path in ("id", SE_MODULE):
        return Column(source, None, path)
    field = module.fields.get(path)
    if field is not None:
        return _own(source, field, operation, chosen=chosen)
    name, _, part = path.partition(".")
    field = module.fields.get(name)
    if field is None or not part:
        return Dropped(source, f"{module.api_name} has no field {path}")
    own = _own(source, field, operation, chosen=chosen)
    if not isinstance(own, Column) or (part == "id" and field.form == "reference"):
        return own
    if part == "email" and field.is_user:
        return Column(source, field, name, "email")
    target = lookups.get(field.lookup_module or "")
    external = target.fields.get(part) if target else None
    if external is not None and external.external:
        return Column(source, field, name, "external", external)
    return Dropped(source, f"{name} of {module.api_name} is not found by {part}")


def _own(
    source: str, field: TargetField, operation: Operation, *, chosen: bool
) -> Column | Dropped | Unwritable:
    if unsupported := field.unsupported(operation):
        return Unwritable(source, unsupported)
    if not field.settable(operation):
        return Dropped(source, f"{field.api_name} is read-only")
    if field.data_type == "layout" and not chosen:
        # "Insert Records": with a layout, Zoho passes over fields that are not in it, and says
        # nothing.
        return Dropped(source, "a layout would keep other fields from being written; map it to")
    return Column(source, field, field.api_name)
