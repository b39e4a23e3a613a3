"""Ids: 19 digits, of which the first seven are the org's.

Schema ids (fields, users, layouts ...) stand low; every module has a block of its own for its
records, so an id tells its module. Zoho promises no such thing: nothing outside may use it.
"""

from dataclasses import dataclass

_BLOCK = 1_000_000_000
_FIRST_SCHEMA_ID = 2_001


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

    def first_of(self, block: int) -> int:
        return self.prefix + block * _BLOCK

    def block_of(self, record_id: int) -> int:
        return (record_id - self.prefix) // _BLOCK
