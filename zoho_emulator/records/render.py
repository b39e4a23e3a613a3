"""Rows of sqlite as Zoho's JSON, by a function that is written and compiled per column list.

Rendering decides how many rows a second the emulator gives. A reader is bound to the metadata,
users and time zone of the time it is made: keep none across `Store.version` or a change of the
time zone.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from zoho_emulator.records.row_writer import REFERENCES, Row, RowWriter
from zoho_emulator.records.system_keys import list_system_keys
from zoho_emulator.store.data_types import is_stored, value_type
from zoho_emulator.store.model import Field, Module
from zoho_emulator.store.store import Store
from zoho_emulator.versions import Version

#: "Get Records": what a rich-text field of a list is cut to.
RICH_TEXT_CUT = 500


class Column(Protocol):
    """A column of a COQL answer: an aggregate or an unknown field has no `field`."""

    @property
    def key(self) -> str: ...
    @property
    def field(self) -> Field | None: ...
    @property
    def aggregate(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Reader:
    #: "select ... from <table> as m": where, order by and limit are the caller's.
    select: str
    row: Callable[[Sequence[Any]], Row]


def build_rest_reader(
    store: Store,
    module: Module,
    fields: Sequence[Field],
    version: Version,
    *,
    system_keys: Collection[str] | None = None,
    rich_text_cut: int = RICH_TEXT_CUT,
    single: bool = False,
) -> Reader:
    """Reads rows as Get Records prints them: `id` first, virtual fields left out.

    For a `single` record, virtual fields that are a column are there too.

    `system_keys` names the `$` keys wanted; by default those that lists of the version have: all in
    v2 and v2.1, none later. A `rich_text_cut` of 0 leaves rich text whole.
    UNVERIFIED: that a list leaves out a virtual field even when `fields` names it.
    """
    whole = single or system_keys is None
    if system_keys is None:
        system_keys = () if version.page_tokens else list_system_keys(module, version)
    writer = RowWriter(store, version)
    writer.add("id", "m.id", "str({})")
    for field in fields:
        if field.data_type == "layout" and version.number < 2.1:
            continue  # listed by v2, and in none of its recorded records
        if (single or not field.virtual) and is_stored(field) and field.returned != "absent":
            writer.add_field(field, module, rich_text_cut)
    for key in system_keys:
        writer.add_system(key, module)
    if whole:
        writer.add_undescribed(module)
    return Reader(f"select {', '.join(writer.select)} from {module.table} as m", writer.compile())


def build_coql_reader(
    store: Store,
    columns: Sequence[Column],
    version: Version,
    *,
    rich_text_cut: int = 0,
    lists: str = "list",
) -> Callable[[Sequence[Any]], Row]:
    """Reads rows whose values come in the order of `columns`.

    `lists` joins the options of multi-select picklists, unless it is "list".

    Lookups and owners are their id only ("COQL Overview": samples).
    UNVERIFIED: that rich text comes whole; the page on COQL says nothing.
    """
    writer = RowWriter(store, version, lists)
    for column in columns:
        field = column.field
        if field is not None and field.returned == "absent":
            writer.skip()
        elif field is None or column.aggregate in ("COUNT", "SUM", "AVG"):
            writer.add(column.key, "", "number({})" if column.aggregate else "{}")
        elif value_type(field) in REFERENCES:
            writer.add_coql_reference(column.key, field)
        else:
            writer.add_plain(column.key, "", field, rich_text_cut)
    return writer.compile()
