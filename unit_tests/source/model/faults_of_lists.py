"""Faults of what proves lists: of records that left them, and of deletions. As in `faults`."""

from collections.abc import Callable
from datetime import datetime

import pytest

from source_zoho_crm.readers import converted, module_read, tombstones
from source_zoho_crm.readers.blocks import Rereading
from source_zoho_crm.readers.module_read import ModuleRead
from source_zoho_crm.readers.moved_rows import MoveDetector, MovedRows
from source_zoho_crm.readers.steps import ListDeletions, ListRecords, Task
from zoho_crm.answers import Page, Row

Patch = pytest.MonkeyPatch


def take_a_quiet_reading_as_proof(patch: Patch) -> None:
    """A second reading that brings nothing new is the last one."""

    def is_complete(rereading: Rereading, moved: MovedRows, fresh: int) -> bool:
        is_second, rereading._quiet = rereading._quiet == 0, 0
        return moved.none or (is_second and not fresh)

    patch.setattr(Rereading, "is_complete", is_complete)


def prove_no_list(patch: Patch) -> None:
    """A list of several pages is read once, and nobody asks which rows moved meanwhile."""

    def find_moved(*_: object, **__: object) -> Task[MovedRows]:
        return MovedRows(frozenset(), frozenset(), whole=True)
        yield

    patch.setattr(MoveDetector, "find_moved", find_moved)


def prove_by_deletions_first(patch: Patch) -> None:
    """A row that was edited and is deleted between the two lists of a proof is in neither."""

    def find_moved(
        detector: MoveDetector, since: float, held: Callable[[str], bool], *, edits: bool = True
    ) -> Task[MovedRows]:
        if not detector.can_detect:
            return MovedRows(frozenset(), frozenset(), whole=False, refused=detector._refused)
        rows: list[Row] = []
        more, number = True, 0
        while more:
            number += 1
            page: Page = yield ListDeletions(since, number)
            rows += page.rows
            more = page.more
        if edits:
            page = yield ListRecords({"fields": "id", "converted": "both"}, since)
            rows += page.rows
            more = page.more
        ids = frozenset(row["id"] for row in rows)
        return MovedRows(frozenset(filter(held, ids)), ids, whole=not more)

    patch.setattr(MoveDetector, "find_moved", find_moved)


def read_deletions_last(patch: Patch) -> None:
    """Tombstones come after windows have moved the state past them."""

    real, read_tombstones = ModuleRead.read, ModuleRead._read_tombstones

    def skip(module: ModuleRead) -> Task[None]:
        return
        yield

    def read(module: ModuleRead) -> Task[None]:
        yield from real(module)
        module.emission.of_deletions = True
        yield from read_tombstones(module)

    patch.setattr(ModuleRead, "_read_tombstones", skip)
    patch.setattr(ModuleRead, "read", read)


def read_deletions_once(patch: Patch) -> None:
    """The list of deletions is read once, and a restored record moves others past a border."""
    real = tombstones.read_tombstones

    def read_tombstones(module: str, since: datetime, end: datetime) -> Task[None]:
        task, answer, readings = real(module, since, end), None, 0
        while True:
            try:
                step = task.send(answer)
            except StopIteration:
                return
            if isinstance(step, ListDeletions):
                readings += step.page == 1
            if readings > 1:
                return
            answer = yield step

    patch.setattr(module_read, "read_tombstones", read_tombstones)


def take_two_readings_of_deletions_as_proof(patch: Patch) -> None:
    """The list of deletions is complete when it brings nothing new, though records left it."""
    patch.setattr(
        tombstones._Reading, "proves_the_one_before", lambda reading: reading._before is not None
    )


def take_quiet_readings_as_proof(patch: Patch) -> None:
    """Readings that bring nothing new are the last ones, though more left the list than that."""
    real = Rereading.is_complete

    def is_complete(rereading: Rereading, moved: MovedRows, fresh: int) -> bool:
        return real(rereading, moved, fresh) or rereading._quiet >= rereading._wanted

    patch.setattr(Rereading, "is_complete", is_complete)


def take_a_restored_lead_for_a_hidden_one(patch: Patch) -> None:
    """A converted lead was deleted while COQL was asked for it, and is there again."""

    def is_there(seen: Row) -> Task[bool]:
        page: Page = yield ListRecords({"fields": "id", "ids": seen["id"], "converted": "both"})
        return bool(page.rows)

    patch.setattr(converted, "is_unchanged", is_there)
