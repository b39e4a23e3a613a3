"""The tables that a destination makes of a source's records, and what they lack of the truth."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chaos.process import Json, Run
from unit_tests.canonical import canonical

CURSOR, DELETED = "Modified_Time", "_ab_cdc_deleted_at"
#: What a source adds to Zoho's columns.
_ADDED = {DELETED, "_ab_cdc_updated_at"}


@dataclass
class Losses:
    """Rows that are wrong, each as "stream id: how"."""

    lost: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    not_deleted: list[str] = field(default_factory=list)

    def add(self, other: "Losses") -> None:
        """A row counts once, however often it is looked at."""
        for mine, new in (
            (self.lost, other.lost),
            (self.stale, other.stale),
            (self.not_deleted, other.not_deleted),
        ):
            mine += [row for row in new if row not in mine]

    @property
    def kinds(self) -> Mapping[str, list[str]]:
        return {"lost": self.lost, "stale": self.stale, "not deleted": self.not_deleted}

    def __bool__(self) -> bool:
        return any(self.kinds.values())


class Table:
    """Incremental: by id, the row of the latest cursor, of equal ones the later printed.

    Full refresh: the rows of the last read that said that the stream is complete.
    """

    def __init__(self, stream: Json, *, incremental: bool) -> None:
        self.stream = stream
        self.incremental = incremental
        self.rows: dict[str, Json] = {}
        self._printed: set[tuple[str, str, bool]] = set()
        self.repeated = 0

    def take(self, records: Iterable[Json], *, complete: bool) -> None:
        if not self.incremental:
            if complete:
                self.rows = {row["id"]: row for row in records}
            return
        for row in records:
            key = (row["id"], str(row.get(CURSOR)), bool(row.get(DELETED)))
            self.repeated += key in self._printed
            self._printed.add(key)
            known = self.rows.get(row["id"])
            if known is None or (known.get(CURSOR) or "") <= (row.get(CURSOR) or ""):
                self.rows[row["id"]] = row

    def live(self) -> dict[str, Json]:
        return {key: row for key, row in self.rows.items() if not row.get(DELETED)}

    def losses(
        self, truth: Iterable[Json], *, upto: str | None = None, leave: Iterable[str] = ()
    ) -> Losses:
        """What differs; of rows modified up to a moment only, if one is given.

        `leave` are columns that are not compared.
        """
        name = self.stream["name"]
        schemas = self.stream["json_schema"]["properties"]
        columns = {key: schemas[key] for key in schemas if key not in {*_ADDED, *leave}}
        expected = {row["id"]: canonical(row, columns) for row in truth}
        live, found = self.live(), Losses()
        for key, row in expected.items():
            if upto is not None and (row.get(CURSOR) or "") > upto:
                continue
            mine = live.get(key)
            if mine is None:
                found.lost.append(f"{name} {key}")
            elif wrong := [one for one in columns if mine.get(one) != row.get(one)]:
                one = wrong[0]
                found.stale.append(f"{name} {key}: {one} {mine.get(one)!r}, not {row.get(one)!r}")
        if upto is None:
            found.not_deleted += [f"{name} {key}" for key in live.keys() - expected.keys()]
        return found


class Warehouse:
    def __init__(self, catalog: Mapping[str, Any]) -> None:
        self.tables = {
            one["stream"]["name"]: Table(
                one["stream"], incremental=one["sync_mode"] == "incremental"
            )
            for one in catalog["streams"]
        }
        #: The last state of each stream, as a platform keeps it, failed reads' states too.
        self.states: dict[str, Json] = {}
        #: Rows from before a stream's state are odd.
        self.strict = True

    def take(self, run: Run) -> list[str]:
        """Keeps what a run printed; returns what is odd about it."""
        records: dict[str, list[Json]] = {name: [] for name in self.tables}
        odd = []
        for stream, row in run.records:
            if stream in records:
                records[stream].append(row)
            else:
                odd.append(f"a record of {stream}, which is not in the catalog")
        for name, table in self.tables.items():
            since = self.upto(name)
            if table.incremental and since is not None and self.strict:
                old = [r["id"] for r in records[name] if not r.get(DELETED) and r[CURSOR] <= since]
                if old:
                    odd.append(f"{name}: {len(old)} rows from before the state {since}: {old[:3]}")
            table.take(records[name], complete=name in run.completed)
        self.states |= run.states
        return odd

    def upto(self, stream: str) -> str | None:
        """Up to when the stream's state says that all was read."""
        state = self.states.get(stream)
        if state is None:
            return None
        return (state["stream"].get("stream_state") or {}).get(CURSOR)

    @property
    def repeated(self) -> int:
        return sum(table.repeated for table in self.tables.values())
