"""From a column's name to what is written. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from destination_zoho_crm.matching import find_lookup_keys
from destination_zoho_crm.modules import TargetModule
from destination_zoho_crm.naming import Names, ask_if_meant
from destination_zoho_crm.row_shapes import RowShape, find_shape
from destination_zoho_crm.settings import Operation
from destination_zoho_crm.target_fields import LINE_ITEMS, V2_ITEMS, TargetField

#: "Insert Records": names the module that the ids in What_Id and Parent_Id are of.
SE_MODULE = "$se_module"
#: Keys of a record that are not fields to be set.
_NO_FIELDS = ("id", SE_MODULE)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the stream and the field it is written to."""

    source: str
    #: None: of `id` and `$se_module`, which are not fields to be set.
    field: TargetField | None
    #: The key in Zoho's record.
    name: str
    #: What the value is: the field's own, a user's address, or a value of `external` or `key`.
    via: Literal["value", "email", "external", "key"] = "value"
    #: The External ID field of the module that a lookup points at.
    external: TargetField | None = None
    #: The unique or duplicate check field of that module by which a query finds the record.
    key: TargetField | None = None
    #: The column's name differs from the field's in spelling.
    is_respelled: bool = False
    #: Of a subform.
    rows: RowShape | None = None
    #: It is one of rows inside records, whose lookups find records by ids and External IDs alone.
    of_rows: bool = False

    @property
    def target(self) -> str:
        """The path by which a mapping would name what is written."""
        if self.via == "email":
            return f"{self.name}.email"
        found_by = self.external or self.key
        return f"{self.name}.{found_by.api_name}" if found_by else self.name

    @property
    def is_guess(self) -> bool:
        """Whether its name alone does not prove that its values are ids of records."""
        kind = self.field.form if self.field else None
        return self.is_respelled and self.via == "value" and kind in ("reference", "links")

    def __str__(self) -> str:
        if self.source in (self.target, f"{self.target}.id"):
            return self.source
        ids_only = " (ids only)" if self.is_guess else ""
        return f"{self.source} -> {self.target}{ids_only}"


@dataclass(frozen=True, slots=True)
class DroppedColumn:
    """The column is not written: an error where a mapping names it, else a warning."""

    source: str
    reason: str
    #: The field that it would go to, or may be meant for, if one is known.
    field: str | None = None
    #: All columns that would go to the field, where it is not known which is meant.
    rivals: tuple[str, ...] = ()


class Fields:
    """The fields of a module, by the names that columns and mappings give them."""

    def __init__(
        self,
        module: TargetModule,
        operation: Operation,
        lookups: Mapping[str, TargetModule],
        *,
        of_rows: bool = False,
    ) -> None:
        """`lookups`: the known modules that the module's lookups point at, and those of the rows
        of its subforms. `of_rows`: it is that of rows inside records, whose lookups find records by
        ids and External IDs alone."""
        self._module = module
        self._operation = operation
        self._lookups = lookups
        self._of_rows = of_rows
        self._names = Names([*module.fields, *_NO_FIELDS])
        self._labelled = _group_by_label(module.fields.values())
        self._labels = Names(self._labelled)
        self._rows = _group_by_rows_module(module)
        self._row_modules = Names(self._rows)

    def find_name(self, name: str) -> str:
        """The API name of the field that is meant; the name itself if that is not clear."""
        return self._names.find_only(name) or name

    def resolve(
        self, source: str, path: str, *, mapped: bool, chosen: bool
    ) -> Column | DroppedColumn:
        """What becomes of a column.

        `path`: its own name, or what it is mapped to (`mapped`), which may be a field's label.
        `chosen`: the user has matched columns and fields by hand, somewhere.
        """
        fitting = self._find(path, mapped=mapped)
        if len(fitting) == 1:
            return self._resolve_field(source, path, fitting[0], mapped=mapped, chosen=chosen)
        name, _, part = path.partition(".")
        if part and not fitting:
            fitting = self._find(name, mapped=mapped)
        if len(fitting) != 1 or fitting[0] in _NO_FIELDS:
            return self._explain_no_field(source, path, fitting)
        own = self._resolve_field(source, name, fitting[0], mapped=mapped, chosen=chosen)
        return self._resolve_part(own, part, mapped=mapped) if isinstance(own, Column) else own

    def _find(self, name: str, *, mapped: bool) -> list[str]:
        fitting = self._names.find(name)
        if not fitting and (rows := self._row_modules.find_only(name)):
            return [self._rows[rows]]
        if fitting or not mapped:
            return fitting
        return [one for label in self._labels.find(name) for one in self._labelled[label]]

    def _resolve_field(
        self, source: str, path: str, name: str, *, mapped: bool, chosen: bool
    ) -> Column | DroppedColumn:
        is_respelled = name != path and not mapped
        if name in _NO_FIELDS:
            return Column(source, None, name, is_respelled=is_respelled)
        field = self._module.fields[name]
        if unsupported := field.explain_unsupported(self._operation):
            return DroppedColumn(source, unsupported, name)
        if not field.is_settable(self._operation):
            return DroppedColumn(source, f"{name} is read-only", name)
        if field.data_type == "layout" and not chosen:
            # "Insert Records": with a layout, Zoho ignores fields that are not in it, and says
            # nothing.
            reason = (
                "a layout would keep other fields from being written; map it to have it written"
            )
            return DroppedColumn(source, reason, name)
        column = Column(source, field, name, is_respelled=is_respelled, of_rows=self._of_rows)
        if not field.has_rows:
            return column
        rows = find_shape(field, self._module.api_name, self._lookups)
        reason = f"Zoho does not list the module {field.rows_module}, of which its rows are"
        return replace(column, rows=rows) if rows else DroppedColumn(source, reason, name)

    def _resolve_part(self, own: Column, part: str, *, mapped: bool) -> Column | DroppedColumn:
        """A column like `Account_Name.ERP_ID`, whose part names what finds the record."""
        field = own.field
        assert field is not None
        target = self._lookups.get(field.points_at or "")
        refers = field.form in ("reference", "links")
        external, keys = find_parts(field, target) if target else ({}, {})
        keys = {} if self._of_rows else keys
        parts = [*(["id"] if refers else ()), *external, *keys]
        parts += ["email"] if field.is_user else []
        names, labelled = Names(parts), _group_by_label([*external.values(), *keys.values()])
        found = names.find_only(part)
        if found is None and mapped and (label := Names(labelled).find_only(part)):
            found = labelled[label][0] if len(labelled[label]) == 1 else None
        if found is None:
            reason = f"{own.name} of {self._module.api_name} is not found by {part}"
            reason += _list_ways(own.name, parts) + ask_if_meant(names.find_similar(part))
            return DroppedColumn(own.source, reason, own.name)
        is_respelled = own.is_respelled or (found != part and not mapped)
        if found in external:
            return replace(own, via="external", external=external[found], is_respelled=is_respelled)
        if found in keys:
            return replace(own, via="key", key=keys[found], is_respelled=is_respelled)
        return replace(own, via="email" if found == "email" else "value", is_respelled=is_respelled)

    def _explain_no_field(self, source: str, path: str, fitting: Sequence[str]) -> DroppedColumn:
        module = self._module.api_name
        if len(fitting) > 1:
            return DroppedColumn(source, f"{path} fits {' and '.join(fitting)} of {module} alike")
        name, dot, part = path.partition(".")
        label = self._labels.find_only(name) or self._labels.find_similar(name)
        near = self._names.find_similar(name) or (self._labelled[label][0] if label else None)
        reason = f"{module} has no field {path}{ask_if_meant(near and near + dot + part)}"
        return DroppedColumn(source, reason, near)


def _list_ways(name: str, parts: Iterable[str]) -> str:
    """What may be written instead; empty where the field points at nothing."""
    ways = [f"{name}.{part}" for part in parts if part != "id"]
    some = f"{'one of ' if len(ways) > 1 else ''}{', '.join(ways)}"
    return f"; write ids{f', or {some}' if ways else ''}" if parts else ""


def find_parts(
    field: TargetField, target: TargetModule
) -> tuple[dict[str, TargetField], dict[str, TargetField]]:
    """The fields of what the field points at that may follow its name in a column: those by which
    Zoho finds the record, and those by which a query does.

    "Records Using External ID" has no path into the links of a record, so there a query finds by
    External IDs, too.
    """
    external = {other.api_name: other for other in target.fields.values() if other.external}
    if field.form == "links":
        return {}, {**external, **find_lookup_keys(target)}
    return external, find_lookup_keys(target) if field.form == "reference" else {}


def _group_by_rows_module(module: TargetModule) -> dict[str, str]:
    """Subforms by what their rows are called: metadata of purchase orders name the two differently,
    and a column of v2 may be named as later versions name line items."""
    named = {
        field.rows_module: field.api_name
        for field in module.fields.values()
        if field.rows_module is not None
    }
    if V2_ITEMS in module.fields:
        named |= dict.fromkeys(LINE_ITEMS.get(module.api_name, ()), V2_ITEMS)
    return {name: field for name, field in named.items() if name not in module.fields}


def drop_rivals(columns: Iterable[Column | DroppedColumn]) -> list[Column | DroppedColumn]:
    """Of columns for one field, the one that is called exactly so. Where none is, one that is
    spelled like a path to it (`Owner.email`) goes before others; of those it is not known which is
    meant, and none is written."""
    resolved = list(columns)
    of_field: dict[str, list[Column]] = defaultdict(list)
    for column in resolved:
        if isinstance(column, Column):
            of_field[column.name].append(column)
    return [
        column
        if isinstance(column, DroppedColumn)
        else _drop_if_rivalled(column, of_field[column.name])
        for column in resolved
    ]


def _drop_if_rivalled(column: Column, all_of_field: Sequence[Column]) -> Column | DroppedColumn:
    others = [other for other in all_of_field if other is not column]
    if not others or column.source == column.name:
        return column
    exact = [other for other in others if other.source == column.name]
    exact += [other for other in others if column.is_respelled and not other.is_respelled]
    if exact:
        return DroppedColumn(column.source, f"{exact[0].source} goes to {column.name}", column.name)
    if not column.is_respelled:
        return column
    rivals = " and ".join(other.source for other in others)
    return DroppedColumn(
        column.source,
        f"{rivals} would go to {column.name}, too; map the one that is meant",
        column.name,
        tuple(one.source for one in all_of_field),
    )


def _group_by_label(fields: Iterable[TargetField]) -> dict[str, list[str]]:
    """API names by label; several fields may have the same."""
    labelled: dict[str, list[str]] = defaultdict(list)
    for field in fields:
        if field.label:
            labelled[field.label].append(field.api_name)
    return dict(labelled)
