"""What became of rows: a destination's word against the emulator's account."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chaos.destination.platform import ReturnedState, Round
from chaos.destination.traffic import Row, Traffic
from chaos.process import Json, Run

UNKNOWN = "OUTCOME_UNKNOWN"
_DUPLICATE = "DUPLICATE_DATA"
#: Counts of a state, and the calls that they can be of.
_PARTS = {"created": ("insert", "upsert"), "updated": ("upsert", "update"), "deleted": ("delete",)}


@dataclass
class Amiss:
    """Rows that are not as they must be, each as "stream key: how"."""

    lost: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    sums: list[str] = field(default_factory=list)

    @property
    def kinds(self) -> Mapping[str, list[str]]:
        return {
            "lost": self.lost,
            "stale": self.stale,
            "doubled": self.doubled,
            "unknown": self.unknown,
            "wrong sums": self.sums,
        }


class Judge:
    """Of one stream, over all processes of a scenario."""

    def __init__(self, traffic: Traffic, rows: Sequence[Row], amiss: Amiss) -> None:
        self._traffic = traffic
        self._rows = rows
        self._operation = traffic.operation
        self._amiss = amiss
        self._accepted: list[Row] = []
        #: Rows that ended as unknown, and those that were rejected by another code.
        self._unknown: list[Row] = []
        self._rejected: list[Row] = []
        #: How often a process was killed, or failed over another call, that may have written the
        #: row, and no state said so.
        self._in_flight: Counter[int] = Counter()
        self._created = 0
        self._seen: set[str] = set()
        #: Unknown outcomes are no failure: Zoho never answered again.
        self.may_be_unknown = False
        #: A sync that fails may have written rows behind those over which it fails.
        self.may_repeat = False
        self.wrong: list[str] = []
        #: Records more than rows, of rows that were in flight when a process ended.
        self.repeated = 0
        self._others = set(self._ids()) - self._targets()

    def receive(self, round_: Round, run: Run) -> None:
        """Takes in what a process said; what was said must be true already."""
        refusals: Counter[str] = Counter()
        for returned in round_.states:
            rows = [row for row in returned.rows if row.stream == self._traffic.name]
            # A global one counts the rows of all streams together.
            if returned.state.stream == self._traffic.name:
                self._count(returned.stats.get("additionalStats") or {})
            for row in rows:
                code = round_.rejected.get(row.place)
                if code == _DUPLICATE and self._in_flight[row.place]:
                    # Zoho has it of the process that was killed, and its field is unique.
                    code = None
                if code is None:
                    self._accepted.append(row)
                elif code == UNKNOWN:
                    self._unknown.append(row)
                else:
                    self._rejected.append(row)
                if code is None and not row.good:
                    self.wrong.append("a row that Zoho cannot take counts as written")
                elif row.good and code is not None and code != UNKNOWN:
                    refusals[code] += 1
        self.wrong += [f"{n} good rows are rejected: {code}" for code, n in refusals.items()]
        if not self.may_be_unknown:
            names = dict.fromkeys(map(self._name, self._unknown))
            self._amiss.unknown += [one for one in names if one not in self._amiss.unknown]
        if run.killed or (self.may_repeat and run.exit_code):
            mine = (r for r in round_.unacknowledged if r.stream == self._traffic.name)
            self._in_flight.update(row.place for row in mine)
        self._compare(self._accepted, at_the_end=False)

    def _count(self, parts: Mapping[str, float]) -> None:
        self._created += int(parts.get("created", 0))
        for part, calls in _PARTS.items():
            if parts.get(part) and self._operation.call not in calls:
                self._amiss.sums.append(f"{self._traffic.name}: {part} by {self._operation.call}")

    def close(self, *, sure: bool) -> None:
        """At the end, each row must have an outcome; `sure`: no answer was lost, no process killed
        and no state global, so that the counts of new records are exact."""
        known = {row.place for row in (*self._accepted, *self._unknown, *self._rejected)}
        if left := [row for row in self._rows if row.place not in known]:
            self.wrong.append(f"{len(left)} rows are in no state that came back")
        self._compare(self._accepted, at_the_end=True)
        self._count_records(sure=sure)

    # --- Against the emulator's account

    def _compare(self, accepted: Sequence[Row], *, at_the_end: bool) -> None:
        records = self._records()
        if self._operation.call == "insert":
            self._compare_inserts(accepted, records, at_the_end=at_the_end)
        elif self._operation.call == "delete":
            for row in accepted:
                if self._identity(row) in records:
                    self._report_lost(row, "is still there")
        else:
            self._compare_values(accepted, records, at_the_end=at_the_end)

    def _compare_inserts(
        self, accepted: Iterable[Row], records: Mapping[str, list[Json]], *, at_the_end: bool
    ) -> None:
        wanted = Counter(self._identity(row) for row in accepted)
        by_identity = {self._identity(row): row for row in self._rows}
        for key, number in wanted.items():
            found = records.get(key, [])
            if len(found) < number:
                self._report_lost(by_identity[key], f"{len(found)} of {number} records")
            elif bad := _find_difference(by_identity[key].data, found[0]):
                self._report_lost(by_identity[key], bad)
        if not at_the_end:
            return
        all_sent = Counter(map(self._identity, self._rows))
        sent = Counter(self._identity(row) for row in self._rows if row.good)
        spare: Counter[str] = Counter()
        for row in self._rows:
            spare[self._identity(row)] += self._in_flight[row.place]
        for key, found in records.items():
            more = len(found) - sent[key]
            self.repeated += max(0, min(more, spare[key]))
            if more > spare[key]:
                found_ = f"{len(found)} records of {sent[key]} rows"
                self._amiss.doubled.append(f"{self._traffic.name} {key}: {found_}")
        self._report_untrue(
            key
            for key, number in Counter(map(self._identity, self._rejected)).items()
            if len(records.get(key, [])) > all_sent[key] - number
        )

    def _compare_values(
        self, accepted: Iterable[Row], records: Mapping[str, list[Json]], *, at_the_end: bool
    ) -> None:
        rows: dict[str, list[Row]] = {}
        for row in sorted(accepted, key=lambda row: row.place):
            rows.setdefault(self._identity(row), []).append(row)
        number = self._operation.number
        for key, of_key in rows.items():
            last, found = of_key[-1], records.get(key, [])
            if len(found) > 1 and at_the_end:
                self._amiss.doubled.append(f"{self._traffic.name} {key}: {len(found)} records")
            if not found:
                self._report_lost(last, "no record")
                continue
            wanted, there = int(last.data[number]), found[0].get(number)
            folded = {name: value for row in of_key for name, value in row.data.items()}
            if there is None or int(there) < wanted:
                earlier = {int(row.data[number]) for row in of_key[:-1]}
                self._report_lost(last, f"{number} {there}, not {wanted}", stale=there in earlier)
            elif at_the_end and (bad := _find_difference(folded, found[0])):
                self._report_lost(last, bad, stale=True)
        if at_the_end:
            self._report_untrue(
                self._identity(row)
                for row in self._rejected
                for record in records.get(self._identity(row), [])
                if record.get(number) == row.data[number]
            )

    def _report_untrue(self, rejected: Iterable[str]) -> None:
        if number := len(list(rejected)):
            self.wrong.append(f"{number} rows count as rejected and are there")

    def _count_records(self, *, sure: bool) -> None:
        """New records are those of the rows, and no other record is touched."""
        ids, mine = set(self._ids()), self._targets()
        if gone := self._others - ids:
            self.wrong.append(f"{len(gone)} records are gone that no row named")
        if strangers := ids - self._others - mine:
            self.wrong.append(f"{len(strangers)} records are there that no row named")
        if self._operation.call == "upsert":
            adds = {self._identity(row) for row in self._rows if row.good} - set(
                self._traffic.known
            )
            if self._created > len(adds) or (sure and self._created != len(adds)):
                found_ = f"{self._created} created, and {len(adds)} are new"
                self._amiss.sums.append(f"{self._traffic.name}: {found_}")

    def _records(self) -> dict[str, list[Json]]:
        """By identity; only those that are about the stream's rows."""
        found: dict[str, list[Json]] = {}
        known = set(self._traffic.known)
        for record in self._traffic.org.truth(self._operation.module):
            key = record.get(self._operation.identity)
            if key is not None and (key in known or self._traffic.token in key):
                found.setdefault(key, []).append(record)
        return found

    def _ids(self) -> list[str]:
        return [record["id"] for record in self._traffic.org.truth(self._operation.module)]

    def _targets(self) -> set[str]:
        return {record["id"] for some in self._records().values() for record in some}

    def _identity(self, row: Row) -> str:
        return str(row.data[self._operation.identity])

    def _name(self, row: Row) -> str:
        return f"{self._traffic.name} {self._identity(row)}"

    def _report_lost(self, row: Row, how: str, *, stale: bool = False) -> None:
        """A record counts once, however often it is looked at."""
        name = self._name(row)
        if name not in self._seen:
            self._seen.add(name)
            (self._amiss.stale if stale else self._amiss.lost).append(f"{name}: {how}")


def check_sums(returned: ReturnedState, round_: Round) -> str | None:
    """What is wrong with the counts of a state, if anything is."""
    stats, rows = returned.stats, len(returned.rows)
    taken, refused = stats.get("recordCount"), stats.get("rejectedRecordCount")
    if taken is None or refused is None:
        return f"state {returned.state.place}: it has no counts"
    kept = sum(row.place in round_.rejected for row in returned.rows)
    parts = sum(stats.get("additionalStats", {}).values())
    if taken + refused != rows:
        return f"state {returned.state.place}: {taken:.0f} + {refused:.0f} of {rows} rows"
    if refused != kept:
        return f"state {returned.state.place}: {refused:.0f} rejected, {kept} kept"
    if parts != taken:
        return f"state {returned.state.place}: its parts are {parts:.0f}, of {taken:.0f}"
    return None


def _find_difference(wanted: Mapping[str, object], record: Json) -> str | None:
    for name, value in wanted.items():
        if name != "id" and record.get(name) != value:
            return f"{name} is {record.get(name)!r}, not {value!r}"
    return None
