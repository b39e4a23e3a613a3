"""The truth: records of one module as they are edited, deleted, restored and added."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from random import Random

#: When a schedule begins.
BEGIN = int(datetime(2026, 3, 1, 9, 59, 40, tzinfo=UTC).timestamp())
_ZONE = timezone(timedelta(hours=5, minutes=30))


@cache
def print_utc(second: int) -> str:
    """As the connector writes it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def print_local(second: int) -> str:
    """As Zoho prints it: in the time zone of the token's user, with a numeric offset."""
    return datetime.fromtimestamp(second, _ZONE).isoformat()


class Record:
    """A record that lives."""

    __slots__ = ("converted", "key", "modified", "number", "version")

    def __init__(self, number: int, modified: int) -> None:
        self.key = str(number)
        self.number = number
        self.modified = modified
        self.version = 1
        self.converted = False


class Gone:
    """A record that was deleted, as the list of deletions has it."""

    __slots__ = ("deleted", "permanent", "record")

    def __init__(self, record: Record, deleted: int, *, permanent: bool) -> None:
        self.record = record
        self.deleted = deleted
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Habits:
    """How the records of an org move."""

    #: Weights of deeds: edit, delete, restore, add, convert, purge.
    weights: tuple[float, float, float, float, float, float]
    #: How often an edit is of the same record.
    hot: float = 0.0
    #: How often a deed is shown late, and by how many seconds at most.
    late: float = 0.0
    late_s: int = 55
    #: Records get ids above all others; else any.
    ascending: bool = False
    #: A record may be edited twice in one second.
    twice_a_second: bool = True


class World:
    """Records, and all that they ever were. Times are whole seconds of Zoho's clock."""

    def __init__(self, rng: Random, habits: Habits) -> None:
        self.rng = rng
        self.habits = habits
        self.now = float(BEGIN)
        self.records: dict[str, Record] = {}
        self.gone: dict[str, Gone] = {}
        #: Modified_Time of each version of each record.
        self.versions: dict[tuple[str, int], int] = {}
        #: When each record was deleted, as the connector writes it, and how often.
        self.deletions: set[tuple[str, str]] = set()
        self.buried: dict[str, int] = {}
        #: When each deed was done, and how many there were of each record.
        self.moments: list[float] = []
        self.deeds: dict[str, int] = {}
        #: Records are restored.
        self.restores = True
        #: Answers of the run that failed or were wrong.
        self.troubles = 0
        #: Nothing fails, and nobody does anything.
        self.calm = False
        self.note: Callable[[str], None] | None = None
        self._hot: Record | None = None
        self._used: set[int] = set()
        self._top = 10
        self._kinds = (self._edit, self._delete, self._restore, self._add, self._convert)

    def place(self, modified: int) -> Record:
        """A record that is there from the beginning."""
        record = Record(self._new_number(), modified)
        self.records[record.key] = record
        self.versions[record.key, 1] = modified
        return record

    def bury(self, record: Record, deleted: int, *, permanent: bool) -> None:
        """A record was deleted then."""
        del self.records[record.key]
        self.gone[record.key] = Gone(record, deleted, permanent=permanent)
        self.deletions.add((record.key, print_utc(deleted)))
        self.buried[record.key] = self.buried.get(record.key, 0) + 1

    def move(self) -> None:
        """Somebody does something."""
        chance, weights = self.rng.random(), self.habits.weights
        for kind, weight in zip(self._kinds, weights, strict=False):
            chance -= weight
            if chance < 0:
                kind()
                return
        self._purge()

    def _edit(self) -> None:
        record = self._pick()
        if record is not None and (second := self._second(record.modified)) is not None:
            self._renew(record, second)
            self._tell("edit", record.key, second)

    def _convert(self) -> None:
        record = self._pick()
        if record is None or (second := self._second(record.modified)) is None:
            return
        record.converted = True
        self._renew(record, second)
        self._tell("convert", record.key, second)

    def _delete(self) -> None:
        record = self._pick()
        if record is None or (second := self._second(record.modified)) is None:
            return
        self.bury(record, second, permanent=self.rng.random() > 0.7)
        self._tell("delete", record.key, second)

    def _restore(self) -> None:
        """UNVERIFIED: that a restored record gets a new Modified_Time."""
        bin_ = [gone for gone in self.gone.values() if not gone.permanent]
        if not bin_ or not self.restores:
            return
        gone = bin_[int(self.rng.random() * len(bin_))]
        if (second := self._second(gone.deleted)) is not None:
            del self.gone[gone.record.key]
            self.records[gone.record.key] = gone.record
            self._renew(gone.record, second)
            self._tell("restore", gone.record.key, second)

    def _add(self) -> None:
        second = self._second(0)
        assert second is not None
        self._tell("add", self.place(second).key, second)

    def _purge(self) -> None:
        """The recycle bin is emptied of one."""
        bin_ = [gone for gone in self.gone.values() if not gone.permanent]
        if bin_:
            gone = bin_[int(self.rng.random() * len(bin_))]
            gone.permanent = True
            self._tell("purge", gone.record.key, gone.deleted)

    def _pick(self) -> Record | None:
        """A record that lives."""
        if not self.records:
            return None
        hot = self._hot
        if hot and hot.key in self.records and self.rng.random() < self.habits.hot:
            return hot
        keys = list(self.records)
        self._hot = record = self.records[keys[int(self.rng.random() * len(keys))]]
        return record

    def _second(self, after: int) -> int | None:
        """The second of a deed that shows now; None: it would be one too many of its second."""
        habits, second = self.habits, int(self.now)
        if habits.late and self.rng.random() < habits.late:
            second -= int(self.rng.random() * habits.late_s)
        if second > after:
            return second
        return after if habits.twice_a_second else None

    def _renew(self, record: Record, second: int) -> None:
        record.version += 1
        record.modified = second
        self.versions[record.key, record.version] = second

    def _new_number(self) -> int:
        if self.habits.ascending:
            self._top += 1 + int(self.rng.random() * 40)
            return self._top
        while (number := 1 + int(self.rng.random() * 1500)) in self._used:
            pass
        self._used.add(number)
        return number

    def _tell(self, deed: str, key: str, second: int) -> None:
        self.moments.append(self.now)
        self.deeds[key] = self.deeds.get(key, 0) + 1
        if self.note:
            self.note(f"{deed} {key} ({print_utc(second)[11:19]})")
