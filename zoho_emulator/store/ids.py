"""Ids: 19 digits, of which the first seven are the org's.

Schema ids (fields, users, layouts ...) stand low; every module has a block of its own for its
records, so an id shows its module. Zoho promises no such thing: nothing outside may use it.
"""

from dataclasses import dataclass

_BLOCK = 1_000_000_000
#: Ids that follow from another schema id by what they are of.
_KINDS = ("tag", "tax", "section", "related_list", "custom_view", "pipeline", "unknown")
_KIND = 100_000_000
_FIRST_SCHEMA_ID = 2_001


def derive_id(schema_id: int, kind: str, number: int = 0) -> int:
    """An id that goes with another one: of a module's views, of a field's tags ..."""
    serial = schema_id % _BLOCK
    return schema_id - serial + _KIND * (1 + _KINDS.index(kind)) + 1_000 * serial + number


@dataclass(slots=True)
class Ids:
    prefix: int
    next_schema_id: int = _FIRST_SCHEMA_ID
    blocks: int = 0

    def take(self, count: int = 1) -> int:
        """The first of `count` unused schema ids in a row."""
        first = self.prefix + self.next_schema_id
        self.next_schema_id += count
        return first

    def new_block(self) -> int:
        self.blocks += 1
        return self.blocks

    def find_first(self, block: int) -> int:
        return self.prefix + block * _BLOCK

    def find_block(self, record_id: int) -> int:
        return (record_id - self.prefix) // _BLOCK
