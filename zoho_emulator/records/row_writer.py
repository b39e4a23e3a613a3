"""Writes and compiles the function that shows a row of sqlite as Zoho's JSON.

A compiled dict display is several times faster than a loop over fields.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from types import CodeType
from typing import Any

import orjson

from zoho_emulator.localtime import build_local_time
from zoho_emulator.records.shapes import find_shape
from zoho_emulator.records.system_keys import (
    CALENDAR_ID,
    CONVERTED,
    CONVERTED_DETAIL,
    FILE_KEYS,
    LAYOUT_ID,
    SE_MODULE,
    find_constant_keys,
    find_related,
)
from zoho_emulator.records.undescribed import (
    compose_address,
    find_undescribed_addresses,
    find_undescribed_constants,
)
from zoho_emulator.store.data_types import is_json, value_type
from zoho_emulator.store.model import Field, Module, Org
from zoho_emulator.store.store import Store
from zoho_emulator.versions import Version

Row = dict[str, object]


REFERENCES = (
    *("lookup", "ownerlookup", "userlookup", "profilelookup", "multi_module_lookup", "layout"),
)
#: What samples and recordings show as empty arrays, never as null.
_NEVER_NULL = ("Tag", "Territories", "Tax", "Available_Days", "Available_Dates")
#: Expressions of a value that is not null, by data type; the rest is passed on.
_PLAIN = {
    "boolean": "{} == 1",
    "datetime": "when({})",
    "long": "str({})",
    "bigint": "str({})",
    "autonumber": "str({})",
    "double": "number({})",
    "percent": "number({})",
    "currency": "number({})",
    "multiselectpicklist": "options({})",
    "module": "modules.get({})",
}


class RowWriter:
    """Collects the columns of a reader: SQL to fetch each and a Python expression to show it."""

    def __init__(self, store: Store, version: Version, lists: str = "list") -> None:
        self.store = store
        self.version = version
        self.select: list[str] = []
        self._entries: list[str] = []
        self._names: dict[str, object] = {
            "when": build_local_time(store.org.time_zone),
            "number": _show_number,
            "options": _split_options if lists == "list" else partial(_join_options, lists),
            "array": _load_array,
            "users": _describe_users(store.org),
            "profiles": _describe_profiles(store.org),
            "modules": _describe_modules(store.org),
        }
        self._count = 0

    def _fetch(self, sql: str) -> str:
        self.select.append(sql)
        self._count += 1
        return f"v{self._count}"

    def skip(self) -> None:
        """A value that is fetched and not shown."""
        self._fetch("")

    def _add_entry(self, key: str, expression: str) -> None:
        self._entries.append(f"{key!r}: {expression}")

    def _add_constant(self, value: object) -> str:
        name = f"k{len(self._names)}"
        self._names[name] = value
        return name

    def add(self, key: str, sql: str, expression: str) -> None:
        """A column; `expression` is applied to values other than null."""
        value = self._fetch(sql)
        shown = expression.format(value)
        never_null = expression == "{}" or key == "id"
        self._add_entry(key, shown if never_null else f"None if {value} is None else {shown}")

    def write_plain(self, field: Field, rich_text_cut: int) -> str:
        if is_json(field):
            show = find_shape(field, self.version, build_local_time(self.store.org.time_zone))
            return f"{self._add_constant(show)}(array({{}}))" if show else "array({})"
        if field.textarea == "rich_text" and rich_text_cut:
            return f"{{}}[:{int(rich_text_cut)}]"
        return _PLAIN.get(value_type(field), "{}")

    def add_field(self, field: Field, module: Module, rich_text_cut: int) -> None:
        key, column = field.api_name, f"m.{field.column}"
        kind = value_type(field)
        if kind in ("ownerlookup", "userlookup"):
            value = self._fetch(column)
            self._add_entry(key, f"users.get({value})")
        elif kind == "profilelookup":
            value = self._fetch(column)
            self._add_entry(key, f"profiles.get({value})")
        elif kind == "layout":
            layout = {"name": "Standard", "id": str(module.layout_id)}
            value = self._fetch(column)
            self._add_entry(key, f"None if {value} is None else {self._add_constant(layout)}")
        elif kind in ("lookup", "multi_module_lookup"):
            self._add_lookup(key, field, column)
        else:
            self.add_plain(key, column, field, rich_text_cut)

    def add_plain(self, key: str, sql: str, field: Field, rich_text_cut: int) -> None:
        if field.json_type != "jsonarray" or field.api_name not in _NEVER_NULL:
            self.add(key, sql, self.write_plain(field, rich_text_cut))
            return
        value = self._fetch(sql)
        self._add_entry(
            key, f"[] if {value} is None else {self.write_plain(field, 0).format(value)}"
        )

    def _add_lookup(self, key: str, field: Field, column: str) -> None:
        """Names come by sub-queries: a join takes no more than 64 tables, a module may."""
        value = self._fetch(column)
        targets = [
            self.store.org.modules[name] for name in field.targets if name in self.store.org.modules
        ]
        names = [
            f"(select t.{module.fields[module.display_field].column} from {module.table} as t"
            f" where t.id = {column})"
            for module in targets
            if module.display_field in module.fields
        ]
        # coalesce takes two arguments at least.
        name = self._fetch(f"coalesce({', '.join([*names, 'null', 'null'])})")
        shown = f"{{'name': {name}, 'id': str({value})}}"
        if self._names_module(field):
            shown = (
                f"{{'module': {self._module_of()}({value}), 'name': {name}, 'id': str({value})}}"
            )
        self._add_entry(key, f"None if {value} is None else {shown}")

    def _names_module(self, field: Field) -> bool:
        several = field.data_type == "multi_module_lookup"
        return several or self.version.number >= field.module_since

    def _module_of(self) -> str:
        store = self.store
        by_block = {
            int(module.table[1:]): {"api_name": module.api_name, "id": str(module.id)}
            for module in store.org.modules.values()
            if module.table
        }

        def find_module(record_id: int | None) -> dict[str, str] | None:
            return None if record_id is None else by_block.get(store.ids.find_block(record_id))

        self._names["find_module"] = find_module
        return "find_module"

    def add_coql_reference(self, key: str, field: Field) -> None:
        value = self._fetch("")
        shown = f"{{'id': str({value})}}"
        if self._names_module(field):
            shown = f"{{'module': {self._module_of()}({value}), 'id': str({value})}}"
        self._add_entry(key, f"None if {value} is None else {shown}")

    def add_system(self, key: str, module: Module) -> None:
        """A `$` key; unknown ones are left out. UNVERIFIED: Zoho's answer to unknown ones."""
        if key == SE_MODULE:
            if field := find_related(module, self.version):
                value = self._fetch(f"m.{field.column}")
                self._add_entry(key, f"({self._module_of()}({value}) or {{}}).get('api_name')")
        elif key in FILE_KEYS:
            if module.files:
                self.add(key, "m.id", FILE_KEYS[key])
        elif key == LAYOUT_ID:
            layout = {"display_label": "Standard", "name": "Standard", "id": str(module.layout_id)}
            value = self._fetch(f"m.{module.fields['Layout'].column}")
            self._add_entry(key, f"None if {value} is None else {self._add_constant(layout)}")
        elif key == CONVERTED:
            self.add(key, "m.converted", "{} == 1")
        elif key == CONVERTED_DETAIL:
            # UNVERIFIED: what it holds for a converted lead; the samples show it empty.
            self._add_entry(key, "{}")
        elif key == CALENDAR_ID and module.api_name == "Events":
            self.add(key, "m.id", "f'{{{}:032x}}'")
        elif key in (constant := find_constant_keys(module, self.version)):
            self._add_entry(key, self._add_constant(constant[key]))

    def add_undescribed(self, module: Module) -> None:
        for key, value in find_undescribed_constants(module, self.version).items():
            self._add_entry(key, self._add_constant(value))
        for key, parts in find_undescribed_addresses(module, self.version).items():
            self._names["address"] = compose_address
            values = [self._fetch(f"m.{module.fields[part].column}") for part in parts]
            self._add_entry(key, f"address({', '.join(values)})")

    def compile(self) -> Callable[[Sequence[Any]], Row]:
        unpacked = "".join(f"v{number}, " for number in range(1, self._count + 1))
        source = (
            f"def row(values):\n    {unpacked}= values\n    return {{{', '.join(self._entries)}}}\n"
        )
        names = dict(self._names)
        exec(_compile(source), names)
        row: Callable[[Sequence[Any]], Row] = names["row"]  # type: ignore[assignment]  # by exec
        return row


@lru_cache(maxsize=256)
def _compile(source: str) -> CodeType:
    return compile(source, "<reader>", "exec")


def _describe_users(org: Org) -> dict[int, dict[str, str]]:
    return {
        user.id: {"name": user.full_name, "id": str(user.id), "email": user.email}
        for user in org.users
    }


def _describe_profiles(org: Org) -> dict[int, dict[str, str]]:
    return {known: {"name": name, "id": str(known)} for name, known in org.profiles.items()}


def _describe_modules(org: Org) -> dict[str, dict[str, str]]:
    return {
        module.api_name: {"api_name": module.api_name, "id": str(module.id)}
        for module in org.modules.values()
    }


def _show_number(value: float) -> float:
    """Whole numbers of up to 64 bits without a fraction, as in Zoho's samples."""
    return value if value % 1 or abs(value) >= 2**63 else int(value)


# Rows share the lists of the two caches: a caller must not change them.


@lru_cache(maxsize=4_096)
def _split_options(text: str) -> list[str]:
    return text.split(";")


def _join_options(separator: str, text: str) -> str:
    return text.replace(";", separator)


@lru_cache(maxsize=4_096)
def _load_array(text: str) -> object:
    """An array, or an object."""
    value: object = orjson.loads(text)
    return value
