"""What a warehouse holds of what a source emits, and whether that can be."""

from collections.abc import Mapping
from typing import Any

from source_zoho_crm.readers.tombstones import DELETED_AT, UPDATED_AT
from source_zoho_crm.readers.windows import CURSOR_FIELD, Window, format_timestamp
from unit_tests.source.model.columns import Columns
from unit_tests.source.model.world import Record, World, print_utc

#: How often a row is read until it does not change meanwhile.
_REREADS = 5


class ViolationError(AssertionError):
    """The readers have broken what they promise."""


class Warehouse:
    """The latest row of each record: that with the latest cursor, of these the last one.

    A tombstone is a row without a version. Each row is judged as it comes in.
    """

    def __init__(self, world: World, columns: Columns, start: int) -> None:
        self._world = world
        #: A row that is edited each time is emitted as it was read last, with a warning.
        self.emits_torn = False
        self._deeds: dict[str, int] = {}
        #: Each run replaces the table.
        self._anew = False
        self._columns = columns
        #: The config's start date.
        self._start = start
        #: Modified_Time and version by id.
        self.rows: dict[str, tuple[str, int | None]] = {}
        self._begun_with: dict[str, int] = {}
        #: Versions that the run has emitted.
        self._emitted: set[tuple[str, int]] = set()
        self._buried: dict[str, int] = {}
        #: The state: the end of the last window; None: no run has closed one.
        self.state: str | None = None
        self._reached: int | None = None

    def begin_run(self, *, anew: bool) -> None:
        """Another run begins. `anew`: it replaces the table."""
        self._anew = anew
        if anew:
            self.rows.clear()
        self._reached = None
        self._emitted.clear()
        self._begun_with = {key: record.version for key, record in self._world.records.items()}
        self._buried = dict(self._world.buried)
        self._deeds = dict(self._world.deeds)

    def take(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            key = row["id"]
            if DELETED_AT in row:
                modified, version = self._judge_tombstone(row), None
            else:
                modified, version = self._judge_row(row)
            held = self.rows.get(key)
            if held is None or held[0] <= modified:
                self.rows[key] = (modified, version)

    def close(self, window: Window) -> None:
        """A window closes: its rows must be there, and none may be left out before it."""
        first, last = int(window.start.timestamp()), int(window.end.timestamp())
        if first == last == self._start and self._reached is None:
            # The state at the beginning, which says only that a run has begun.
            self.state = format_timestamp(window.end)
            return
        if self._reached is not None and not first <= self._reached + 1 <= last + 1:
            raise ViolationError(f"the window {window} does not follow the one before it")
        self._reached = last
        for key, record in self._world.records.items():
            if self._start <= record.modified and first <= record.modified <= last:
                held = self.rows.get(key)
                if held is None or held[1] is None or held[1] < record.version:
                    raise ViolationError(f"{describe(record)} is not in its window, which closes")
        end = format_timestamp(window.end)
        self.state = end if self.state is None else max(self.state, end)

    def judge_table(self, until: int | None) -> None:
        """Each record is there that was all the time, and was not edited past `until`; None: each
        that was edited, too."""
        versions = self._world.versions
        for key, version in self._begun_with.items():
            record = self._world.records.get(key)
            if record is None or self._world.buried.get(key) != self._buried.get(key):
                continue
            if versions[key, version] < self._start:
                continue
            if until is not None and record.version != version and record.modified > until:
                continue
            if key not in self.rows:
                raise ViolationError(f"{describe(record)} is not in the table")

    def judge_end(self) -> None:
        """All is there as it is, and what is not is not."""
        for key, record in self._world.records.items():
            if record.modified < self._start:
                continue
            held = self.rows.get(key)
            if held is None:
                raise ViolationError(f"{describe(record)} is missing")
            if held[1] != record.version:
                what = "a tombstone" if held[1] is None else f"version {held[1]}"
                raise ViolationError(f"{describe(record)} is there as {what}")
        self.judge_deletions()

    def judge_deletions(self) -> None:
        for key, (_, version) in self.rows.items():
            if version is not None and key not in self._world.records:
                raise ViolationError(f"{key} is deleted, and still there as version {version}")

    def _judge_row(self, row: Mapping[str, Any]) -> tuple[str, int]:
        key, version = row["id"], self._columns.find_version(row)
        if version is None and self._world.buried.get(key) != self._buried.get(key):
            # Of a record that is deleted before its texts are fetched, their beginning comes.
            version = self._columns.find_version(row, cut=True)
        if version is None and self.emits_torn and self._is_hot(key):
            version = int(row["Name"][1:])
            return row[CURSOR_FIELD], version
        if version is None or len(row) != len(self._columns.names) + 1:
            raise ViolationError(f"a row that is of no version: {row}")
        modified = self._world.versions.get((key, version))
        if modified is None:
            raise ViolationError(f"a row that never was: {row}")
        printed = print_utc(modified)
        if self._columns.stamped and row[CURSOR_FIELD] != printed:
            raise ViolationError(f"a row with another's Modified_Time than {printed}: {row}")
        if version < self._begun_with.get(key, 0):
            raise ViolationError(f"a row that is older than the run: {row}")
        if (key, version) in self._emitted:
            raise ViolationError(f"a row that comes twice: {row}")
        self._emitted.add((key, version))
        return printed, version

    def _is_hot(self, key: str) -> bool:
        """Whether the record was edited each time that it can have been read in the run."""
        return self._world.deeds.get(key, 0) - self._deeds.get(key, 0) >= _REREADS

    def _judge_tombstone(self, row: Mapping[str, Any]) -> str:
        key, deleted = row["id"], row[DELETED_AT]
        if not row[CURSOR_FIELD] == row[UPDATED_AT] == deleted or len(row) != 4:
            raise ViolationError(f"a tombstone that is none: {row}")
        if (key, deleted) not in self._world.deletions:
            raise ViolationError(f"a tombstone of what was not deleted then: {row}")
        return str(deleted)


def describe(record: Record) -> str:
    return f"{record.key} (version {record.version}, {print_utc(record.modified)[11:19]})"
