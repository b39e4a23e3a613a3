"""Answers of "Bulk Read": jobs, their states and their results."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from source_zoho_crm.readers.exports import BrokenExportError, JobState, Result
from source_zoho_crm.readers.windows import CURSOR_FIELD
from unit_tests.source.model.columns import Columns
from unit_tests.source.model.refusals import AskedAmissError, refuse
from unit_tests.source.model.traits import Traits
from unit_tests.source.model.world import Record, World, print_utc
from zoho_crm.answers import Row
from zoho_crm.fields import Field
from zoho_crm.multi_select import MultiSelectTexts

#: Rows of a file that come at a time.
_AT_ONCE = 2
Place = tuple[int, int]


class ModelFile:
    """An `ExportFile`; what a CSV becomes is not the model's to show."""

    def __init__(self, columns: Columns, rows: Sequence[tuple[str, int, int]]) -> None:
        self._columns = columns
        self._rows = rows

    def read_rows(
        self, module: str, fields: Sequence[Field], *, most_rows: int, texts: MultiSelectTexts
    ) -> Iterator[list[Row]]:
        for start in range(0, len(self._rows), _AT_ONCE):
            page = []
            for key, version, modified in self._rows[start : start + _AT_ONCE]:
                row = {"id": key, **self._columns.get_whole(version)}
                if self._columns.stamped:
                    row[CURSOR_FIELD] = print_utc(modified)
                page.append(row)
            yield page

    def __repr__(self) -> str:
        return f"a file of {len(self._rows)} rows"

    def close(self) -> None:
        """It is in memory."""


class _Job:
    """An export that was asked for."""

    def __init__(self, query: Mapping[str, Any], passed: int, place: Place | None) -> None:
        self.query = query
        #: Rows of the exports before, and the place of their last.
        self.passed = passed
        self.place = place
        self.snapshot: Sequence[tuple[Place, Record, int, int]] | None = None
        self.rows: list[tuple[str, int, int]] | None = None
        self.more = False
        self.token: str | None = None
        #: Polls until it is completed, polls without its result, fetches that break off.
        self.polls = 0
        self.bare = 0
        self.broken = 0
        #: It fails, is lost when it is polled, or its result is when it is fetched.
        self.fate = ""


class Exports:
    """Each export shows the rows of one moment. Their order is that of the traits."""

    def __init__(self, world: World, traits: Traits) -> None:
        self._world = world
        self._traits = traits
        self._random = world.rng.random
        self._most = traits.version["bulk_rows"]
        self._jobs: dict[str, _Job] = {}
        self._by_token: dict[str, _Job] = {}

    def create(self, query: Mapping[str, Any]) -> str:
        if code := self._traits.bulk_refusal:
            raise refuse(code)
        job = self._begin(query)
        self._draw_fate(job)
        if not self._traits.exports_begin_late:
            self._run(job)
        key = f"job {len(self._jobs)}"
        self._jobs[key] = job
        return key

    def poll(self, key: str) -> JobState:
        job = self._jobs[key]
        if job.polls:
            job.polls -= 1
            return JobState()
        if job.fate == "lost":
            raise refuse("RESOURCE_NOT_FOUND")
        if job.fate == "fails":
            return JobState(failure="INTERNAL_ERROR: Zoho could not", code="INTERNAL_ERROR")
        if job.rows is None:
            self._run(job)
        assert job.rows is not None
        if job.bare:
            job.bare -= 1
            return JobState(completed=True)
        counted = len(job.rows) if self._traits.exports_count else None
        return JobState(completed=True, result=Result(counted, job.more, job.token))

    def fetch(self, key: str) -> ModelFile:
        job = self._jobs[key]
        assert job.rows is not None
        if job.broken:
            job.broken -= 1
            raise BrokenExportError("its result broke off")
        if job.fate == "gone" or (not job.rows and self._traits.empty_exports_are_gone):
            raise refuse("RESOURCE_NOT_FOUND")
        rows = job.rows
        if job.fate == "short" and self._traits.exports_count:
            rows = rows[:-1]
        return ModelFile(self._traits.columns, rows)

    def _begin(self, query: Mapping[str, Any]) -> _Job:
        version = self._traits.version
        if "page_token" in query:
            if query.keys() != {"page_token"}:
                raise AskedAmissError("an export by page token with other parameters")
            if self._random() < self._traits.token_expires and not self._world.calm:
                self._world.troubles += 1
                raise refuse("EXPIRED_VALUE")
            before = self._by_token[query["page_token"]]
            job = _Job(before.query, before.passed, before.place)
            job.snapshot = before.snapshot
            return job
        page = query["page"]
        if version["bulk_pages"]:
            if page > version["bulk_pages"]:
                raise AskedAmissError(f"the page {page} of an export")
        elif page > 1:
            raise AskedAmissError("an export by page where only page tokens lead on")
        module = query["module"]
        if isinstance(module, str) != bool(version["bulk_plain_names"]):
            raise AskedAmissError(f"an export of the module {module!r}")
        return _Job(query, (page - 1) * self._most, None)

    def _draw_fate(self, job: _Job) -> None:
        random, rate = self._random, self._traits.job_fails
        job.polls = max(0, int(random() * 4) - 1)
        if rate and not self._world.calm and random() < rate:
            self._world.troubles += 1
            fate = ("fails", "lost", "gone", "short", "bare", "broken")[int(random() * 6)]
            if fate == "bare":
                job.bare = 1 + int(random() * 6)
            elif fate == "broken":
                job.broken = 1 + int(random() * 2)
            else:
                job.fate = fate

    def _run(self, job: _Job) -> None:
        found = job.snapshot if job.snapshot is not None else self._find(job.query)
        skipped = job.passed
        if job.place is not None and self._traits.tokens == "stand":
            last = job.place
            skipped = sum(place <= last for place, *_ in found)
        page = found[skipped : skipped + self._most]
        job.rows = [(record.key, version, modified) for _, record, version, modified in page]
        job.more = bool(page) and len(found) > skipped + self._most
        if job.more and not self._traits.version["bulk_pages"]:
            following = _Job(job.query, job.passed + len(page), page[-1][0])
            if self._traits.tokens == "snapshot":
                following.snapshot = found
            job.token = f"token {len(self._by_token)}"
            self._by_token[job.token] = following

    def _find(self, query: Mapping[str, Any]) -> list[tuple[Place, Record, int, int]]:
        found = []
        first, last = 0.0, float("inf")
        if criteria := query.get("criteria"):
            field = criteria.get("api_name") or criteria["field"]["api_name"]
            if field != CURSOR_FIELD or criteria["comparator"] != "between":
                raise AskedAmissError(f"an export by {criteria}")
            first, last = (datetime.fromisoformat(text).timestamp() for text in criteria["value"])
            if not self._traits.inclusive:
                first, last = first + 1, last - 1
        order = self._traits.export_order
        for record in self._world.records.values():
            if first <= record.modified <= last:
                number = record.number
                if order == "any":
                    place = (number * 7919 % 1_009, number)
                else:
                    place = (record.modified if order == "modified" else 0, number)
                found.append((place, record, record.version, record.modified))
        found.sort(key=lambda entry: entry[0])
        return found
