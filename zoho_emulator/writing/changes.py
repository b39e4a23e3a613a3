"""What a checked record is to become: its values, the rows inside it, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from zoho_emulator.errors import ZohoError
from zoho_emulator.store.model import Module
from zoho_emulator.store.store import Store


@dataclass(frozen=True, slots=True)
class Child:
    """The module of the rows, its lookup to the record and, of a link, the lookup to the other."""

    module: Module
    parent_field: str
    partner: str | None = None


@dataclass(slots=True)
class Checked:
    """What is to be written of a record, and what is wrong with it."""

    values: dict[str, object] = field(default_factory=dict)
    #: By field, rows of a subform or of a linking module.
    rows: dict[str, list["Change"]] = field(default_factory=dict)
    #: By field, options that its picklist gains.
    options: dict[str, list[str]] = field(default_factory=dict)
    problems: list[ZohoError] = field(default_factory=list)

    def add_options(self, store: Store, module: Module) -> None:
        """Once the values are written, their picklists have them."""
        for name, options in self.options.items():
            known = module.fields[name]
            new = [option for option in options if option not in known.pick_list]
            if new:
                store.change_field(module, known, {"pick_list": (*known.pick_list, *new)})


@dataclass(slots=True)
class Change:
    """`row_id` without `checked` is a row to go, `checked` without `row_id` a new one."""

    child: Child
    row_id: int | None = None
    checked: Checked | None = None
    problems: list[ZohoError] = field(default_factory=list)


class CheckRow(Protocol):
    """Checks a row of a record as a record of the row's module."""

    def __call__(self, record: Mapping[str, object], path: str, *, old: int | None) -> Checked: ...
