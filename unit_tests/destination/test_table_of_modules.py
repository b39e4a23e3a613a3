"""The page's table of modules, operations and versions, walked: every cell is written, or refused
before the first row with the sentence that the page has.

The page's tables are read, so they cannot go stale. Each version is walked once.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from unit_tests.destination.conftest import OFF, SETTINGS, Json, Org, Result, row, state, stream
from unit_tests.destination.module_samples import LINKS, UNCHANGED, mark, read_rows, rows, sample
from zoho_emulator.server import running

PAGE = Path(__file__).parents[2] / "docs" / "integrations" / "destinations" / "zoho-crm.md"
VERSIONS = ("v2", "v2.1", "v4", "v8")
#: The operations of the page by their sync modes.
MODES = {
    "insert": "append",
    "upsert": "append_dedup",
    "update": "update",
    "delete": "soft_delete",
}
#: What the page names by kind: a module of the sample org.
KINDS = {"custom modules": "Vehicles", "linking modules": LINKS}
NAMED = {
    *("Leads", "Accounts", "Contacts", "Deals", "Campaigns", "Cases", "Solutions", "Products"),
    *("Vendors", "Price_Books", "Quotes", "Sales_Orders", "Purchase_Orders", "Invoices"),
    *("Appointments__s", "Appointments_Rescheduled_History__s", "Services__s", "Vehicles"),
}
CELL = re.compile(r"(all|no|v[\d.]+(?:, v[\d.]+)*)(?: \(([A-Z](?:, [A-Z])*)\))?")
#: Added to modules in which Zoho has no field of its own to match records by.
ADDED = "Own_Unique"
#: Upserts change their records and add none, as the page says.
NONE_ADDED = "Services__s"
#: What a cell comes to if the emulator holds what was sent, and nothing else.
WRITTEN = "written"


def read_table(header: str) -> list[list[str]]:
    """The cells of the page's one table that begins so."""
    pattern = rf"^{re.escape(header)}.*\n\|[- |]+\|\n((?:\|.*\n)+)"
    (table,) = re.findall(pattern, PAGE.read_text(), re.M)
    return [[text.strip() for text in line[1:-1].split("|")] for line in table.splitlines()]


@cache
def read_cells() -> dict[tuple[str, str], tuple[tuple[str, ...], str]]:
    """Of each module and operation: the versions that write it, and the letters of what Zoho does
    not allow."""
    cells = {}
    table = read_table("| group | insert | upsert | update, delete |")
    groups = dict(re.findall(r"^- \*\*([\w ]+):\*\* ([\w, ]+)$", PAGE.read_text(), re.M))
    assert [name for name, *_ in table] == [f"**{name}**" for name in groups]
    for (_, *texts, both), names in zip(table, groups.values(), strict=True):
        for operation, text in zip(MODES, (*texts, both, both), strict=True):
            found = CELL.fullmatch(text)
            assert found, f"{names} {operation}: {text}"
            listed = {"all": VERSIONS, "no": ()}.get(found[1], tuple(found[1].split(", ")))
            cell = (listed, (found[2] or "").replace(", ", ""))
            for name in names.split(", "):
                module = KINDS.get(name, name)
                assert cells.setdefault((module, operation), cell) is cell, f"{name} stands twice"
    return cells


@cache
def read_sentences() -> dict[str, str]:
    """Patterns of the sentences by their letters."""
    return {
        letter: ".*".join(re.escape(part.strip()) for part in sentence.split("…"))
        for letter, sentence in re.findall(
            r"^- \*\*([A-Z]):\*\* \*(.+?)\.\* ", PAGE.read_text(), re.M
        )
    }


@cache
def read_keys() -> dict[str, str]:
    """Modules that have a field of their own by which an upsert finds records, and that field."""
    return {
        KINDS.get(module, module): found[1]
        for names, by in read_table("| module | by |")
        for module in names.split(", ")
        if (found := re.match(r"`(\w+)`", by))
    }


MODULES = list(dict.fromkeys(module for module, _ in read_cells()))


class Walk:
    """One version: every operation on a record of every module.

    `outcomes`: WRITTEN, the sentence that refused the cell, or what else came of it. `bare`: the
    same without the rows or the field that the page says are needed.
    """

    def __init__(self, org: Org, version: str) -> None:
        self._org = org
        self._version = version
        self.outcomes: dict[tuple[str, str], str] = {}
        self.bare: dict[tuple[str, str], str] = {}
        #: The record of each module that could be inserted.
        self._ids: dict[str, str] = {}
        self._insert()
        self._upsert()
        for operation in ("update", "delete"):
            self._change(operation)

    def _insert(self) -> None:
        news = {module: [self._make(module, "new", 0)] for module in MODULES}
        needed = {module: rows(self._org, module, self._version, 0) for module in MODULES}
        self._note_bare("insert", {module: news[module] for module in MODULES if needed[module]})
        before = self._list()
        done = self._write(
            "insert", {module: [news[module][0] | needed[module]] for module in MODULES}
        )
        after = self._list()
        for module, counts in done.items():
            added = after[module].keys() - before[module].keys()
            if counts == {"created": 1} and len(added) == 1:
                (self._ids[module],) = added
                self._prove(module, "insert", self._ids[module], 0)
            else:
                self.outcomes[module, "insert"] = f"{counts}, {len(added)} records"

    def _upsert(self) -> None:
        tried = {
            module: [
                self._make(module, text, 1) | rows(self._org, module, self._version, 1)
                for text in ("new", "newer")
            ]
            for module in MODULES
        }
        without = [module for module in MODULES if module not in read_keys()]
        self._note_bare("upsert", {module: tried[module] for module in without})
        for module in without:
            field = {"api_name": ADDED, "data_type": "text", "custom": True, "unique": True}
            self._org.control("POST", f"fields/{module}", field)
            if module in self._ids:
                there = {"id": self._ids[module], ADDED: "new"}
                self._org.control("PATCH", f"records/{module}", there)
            for data, text in zip(tried[module], ("new", "newer"), strict=True):
                data[ADDED] = text
            tried[module][0].pop(UNCHANGED.get(module), None)
        before = self._list()
        done = self._write("upsert", tried)
        after = self._list()
        for module, counts in done.items():
            added = after[module].keys() - before[module].keys()
            second = "rejected" if module == NONE_ADDED else "created"
            if counts == {"updated": 1, second: 1} and len(added) == (second == "created"):
                for record in (self._ids[module], *added):
                    self._prove(module, "upsert", record, 1)
            else:
                self.outcomes[module, "upsert"] = f"{counts}, {len(added)} records"

    def _change(self, operation: str) -> None:
        """By the id; what is not there has any."""
        tried = {
            module: [
                {"id": self._ids.get(module, "1000000000001")}
                | mark(self._org, module, 2)
                | rows(self._org, module, self._version, 2)
            ]
            for module in MODULES
        }
        before = self._list()
        done = self._write(operation, tried)
        after = self._list()
        for module, counts in done.items():
            gone = before[module].keys() - after[module].keys()
            if operation == "update" and counts == {"updated": 1} and not gone:
                self._prove(module, operation, self._ids[module], 2)
            elif operation == "delete" and counts == {"deleted": 1} and gone == {self._ids[module]}:
                self.outcomes[module, operation] = WRITTEN
            else:
                self.outcomes[module, operation] = f"{counts}, {len(gone)} records gone"

    def _make(self, module: str, text: str, number: int) -> Json:
        return sample(self._org, module, text) | mark(self._org, module, number)

    def _list(self) -> dict[str, dict[str, Json]]:
        """The emulator's own account."""
        return {m: {one["id"]: one for one in self._org.records(m)} for m in MODULES}

    def _write(self, operation: str, tried: Mapping[str, list[Json]]) -> dict[str, Json]:
        """Notes what is refused; counts of what is not, from a write of its own."""
        result = self._send(operation, tried)
        refused = self._split(result)
        for module, sentence in refused.items():
            self.outcomes[module, operation] = sentence
        rest = {module: tried[module] for module in tried if module not in refused}
        if refused:
            result = self._send(operation, rest)
        assert result.failure is None, result.sentence
        names = [one["state"]["stream"]["stream_descriptor"]["name"] for one in result.states]
        return {module: result.counts(state=names.index(module)) for module in rest}

    def _note_bare(self, operation: str, tried: Mapping[str, list[Json]]) -> None:
        for module, sentence in self._split(self._send(operation, tried)).items():
            self.bare[module, operation] = sentence

    def _send(self, operation: str, tried: Mapping[str, list[Json]]) -> Result:
        streams, lines = [], []
        for module, data in tried.items():
            key = {"insert": None, "upsert": read_keys().get(module, ADDED)}.get(operation, "id")
            columns = dict.fromkeys(name for one in data for name in one)
            streams.append(stream(module, *columns, mode=MODES[operation], key=key, into=module))
            lines += [*(row(module, one) for one in data), state(module)]
        calls = self._count_writes()
        result = self._org.write_lines(streams, lines, schema_version=self._version)
        assert result.failure is None or self._count_writes() == calls, "refused after a row"
        return result

    def _count_writes(self) -> int:
        return sum(self._org.calls(name) for name in MODES)

    def _split(self, result: Result) -> dict[str, str]:
        """The sentences of an error by the modules that they are of."""
        if result.failure is None:
            return {}
        found = {}
        for sentence in re.split(r" ?\(\d+\) ", result.sentence):
            module, _, said = sentence.partition(": ")
            if module in MODULES:
                assert module not in found, f"{module}: {found[module]} and {said}"
                found[module] = said
        assert found, result.sentence
        return found

    def _prove(self, module: str, operation: str, record_id: str, number: int) -> None:
        """What the emulator holds is what was sent."""
        (record,) = (one for one in self._org.records(module) if one["id"] == record_id)
        ((name, sent),) = mark(self._org, module, number).items()
        value = record[name]["id"] if isinstance(record[name], dict) else record[name]
        has_rows = rows(self._org, module, self._version, number)
        found = (value, read_rows(self._org, module, record_id))
        if found != (sent, [number + 1] if has_rows else []):
            self.outcomes[module, operation] = f"the record has {found}"
        self.outcomes.setdefault((module, operation), WRITTEN)


@pytest.fixture(scope="module")
def walks() -> Iterator[Callable[[str], Walk]]:
    with running(SETTINGS, OFF) as server:

        @cache
        def walk(version: str) -> Walk:
            server.control("POST", "reset", {"org": True})
            return Walk(Org(server), version)

        yield walk


def find_letter(sentence: str, letters: str) -> str | None:
    """That of the page's sentence that was said."""
    patterns = read_sentences()
    return next((one for one in letters if re.match(patterns[one], sentence)), None)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("module", "operation"), read_cells())
def test_a_cell_is_written_or_refused_as_the_page_says(
    walks: Callable[[str], Walk], module: str, operation: str, version: str
) -> None:
    versions, letters = read_cells()[module, operation]

    outcome = walks(version).outcomes[module, operation]

    if version in versions:
        assert outcome == WRITTEN
    else:
        assert find_letter(outcome, letters), outcome


@pytest.mark.parametrize(("module", "operation"), read_cells())
def test_the_letters_of_a_cell_are_the_sentences_that_are_said(
    walks: Callable[[str], Walk], module: str, operation: str
) -> None:
    cell, all_walks = (module, operation), [walks(version) for version in VERSIONS]
    letters = read_cells()[cell][1]

    said = [walk.bare[cell] for walk in all_walks if cell in walk.bare]
    said += [walk.outcomes[cell] for walk in all_walks if walk.outcomes[cell] != WRITTEN]

    assert {find_letter(sentence, letters) for sentence in said} == set(letters)


def test_the_tables_name_every_module_that_was_asked_for() -> None:
    others = re.findall(
        r"^- \*\*([\w, ]+):\*\* (?:by unique .*|no upsert)\.$", PAGE.read_text(), re.M
    )
    keyed = {
        KINDS.get(name, name)
        for names in (*(names for names, _ in read_table("| module | by |")), *others)
        for name in names.split(", ")
    }

    assert set(MODULES) >= NAMED
    assert keyed == set(MODULES)
    assert {letter for _, letters in read_cells().values() for letter in letters} == set(
        read_sentences()
    )
