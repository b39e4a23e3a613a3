"""What a COQL query says, before it is held against an org."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Column:
    """A field, named by the lookups that lead to it: (lookup, target module or None) each."""

    text: str
    hops: tuple[tuple[str, str | None], ...]
    name: str


@dataclass(frozen=True, slots=True)
class Value:
    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Criterion:
    column: Column
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    operator: Literal["AND", "OR"]
    left: "Condition"
    right: "Condition"


Condition = Criterion | Pair


@dataclass(frozen=True, slots=True)
class Item:
    column: Column
    function: str | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Sort:
    column: Column
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    items: tuple[Item, ...]
    module: str
    custom_view: bool
    where: Condition
    group: tuple[Column, ...]
    order: tuple[Sort, ...]
    limit: Value | None
    offset: Value | None
