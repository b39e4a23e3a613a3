"""Every module by every key in every version, through a write. The emulator's records prove it.

One write per version and operation carries a stream for each module and key.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from unit_tests.destination.conftest import Json, Org, row, state, stream
from unit_tests.destination.test_line_items import DOCUMENTS
from unit_tests.destination.test_matching import MODULES, NEW_WITH_ROWS, VERSIONS, expected
from unit_tests.destination.test_matching import cases as every_case

#: Modules whose records texts describe. Of appointments and services, see test_service.py.
OF_TEXTS = [module for module in MODULES if not module.endswith("__s")]
#: What a record of the module must have besides texts.
SAMPLES: dict[str, Json] = {
    "Deals": {"Stage": "Qualification"},
    "Cases": {"Case_Origin": "Email", "Status": "New"},
    "Events": {
        "Start_DateTime": "2026-01-01T08:00:00+00:00",
        "End_DateTime": "2026-01-01T09:00:00+00:00",
    },
    "Calls": {
        "Call_Type": "Outbound",
        "Call_Start_Time": "2026-01-01T08:00:00+00:00",
        "Call_Duration": "10:00",
    },
}
#: Values of these are not any text.
ADDRESSES = ("Email",)
#: A text that can be changed; Description elsewhere.
MARKERS = {
    "Vehicles": "Remarks",
    "Solutions": "Question",
    "Notes": "Note_Content",
    "Appointments__s": "Additional_Information",
}


@dataclass(frozen=True)
class Case:
    """A module and a key, with the record that it is to find and one that it is not."""

    module: str
    key: str
    #: What a row says of the record that the key finds.
    row: Json
    found: str
    other: str

    @property
    def stream(self) -> str:
        return f"{self.module} by {self.key}"

    @property
    def marker(self) -> str:
        return MARKERS.get(self.module, "Description")


def values(org: Org, module: str, text: str) -> Json:
    """A record of the module, whose keys all hold the text."""
    system, unique, external, mandatory = MODULES[module]
    record: Json = dict.fromkeys(
        (*mandatory, *unique, *external, *((system,) if system else ())), text
    )
    record |= {name: f"{text}@x.test" for name in ADDRESSES if name in record}
    record |= SAMPLES.get(module, {})
    if module == "Purchase_Orders":
        record["Vendor_Name"] = org.records("Vendors")[0]["id"]
    if module == "Notes":
        record = {"Parent_Id": org.records("Leads")[0]["id"], "Note_Title": text}
    return record


def cases(org: Org, mode: str, version: str) -> list[Case]:
    """Those that Zoho allows."""
    found = []
    for module in OF_TEXTS:
        system, unique, external, _ = MODULES[module]
        for key in dict.fromkeys((system, *unique, *external, "id")):
            if key is None or not expected(module, mode, key, version):
                continue
            text = f"{module[:9]}{key[:9]}"
            mine, others = values(org, module, text), values(org, module, f"{text}2")
            ids = [org.add(module, **record) for record in (mine, others)]
            if mode == "append_dedup" and key != system and system:
                # Two records, one that matches each way: by the system's field, the other one.
                mine = mine | {system: others[system]}
            row_ = mine if mode == "append_dedup" else {key: mine.get(key)}
            if key == "id":
                row_ = {"id": ids[0]}
            found.append(Case(module, key, row_, *ids))
    return found


#: Fields that a user of Zoho adds to find records by.
ADDED: dict[str, Json] = {
    "Own_Unique": {"unique": True},
    "Own_External": {"unique": True, "external": {"type": "org", "show": True}},
}
#: "Records Using External ID" has no calls.
WITHOUT_EXTERNAL = ("Calls",)


def finds(module: str, mode: str, key: str, version: str) -> bool:
    """Whether the added field finds records: both kinds in an upsert, where the module has one,
    elsewhere External ID fields alone, which v2 does not show."""
    if mode == "append_dedup":
        return MODULES[module][0] is not None
    return key == "Own_External" and version != "v2" and module not in WITHOUT_EXTERNAL


def added_cases(org: Org, mode: str) -> list[Case]:
    """One for each module and added field, whether it finds records or not."""
    found = []
    for module in OF_TEXTS:
        system, unique, external, _ = MODULES[module]
        for key in ADDED:
            text = f"{module[:9]}{key[4:]}{mode[:3]}"
            mine, others = (values(org, module, t) | {key: t} for t in (text, f"{text}2"))
            ids = [org.add(module, **record) for record in (mine, others)]
            row_ = {key: text}
            if mode == "append_dedup":
                # No other field than the added one is to find the record.
                row_ |= {name: mine[name] for name in mine if name not in (*unique, *external)}
                row_ |= {system: others[system]} if system else {}
            found.append(Case(module, key, row_, *ids))
    return found


def written(org: Org, mode: str, version: str, tried: list[Case]) -> Any:
    streams, lines = [], []
    for case in tried:
        data = case.row | ({} if mode == "soft_delete" else {case.marker: "written"})
        streams.append(stream(case.stream, *data, mode=mode, key=case.key, into=case.module))
        lines += [row(case.stream, data), state(case.stream)]
    return org.write_lines(streams, lines, schema_version=version)


def assert_found(org: Org, mode: str, tried: list[Case], result: Any) -> None:
    """Each case's record was written to, and the other one was not."""
    assert result.failure is None, result.sentence
    outcome = "deleted" if mode == "soft_delete" else "updated"
    outcomes = {case.stream: result.counts(state=number) for number, case in enumerate(tried)}
    assert outcomes == {case.stream: {outcome: 1} for case in tried}
    there = {
        module: {record["id"]: record for record in org.records(module)}
        for module in {case.module for case in tried}
    }
    for case in tried:
        records = there[case.module]
        if mode == "soft_delete":
            assert case.found not in records
        else:
            assert records[case.found][case.marker] == "written", case.stream
        assert records[case.other][case.marker] != "written", case.stream


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", ["append_dedup", "update", "soft_delete"])
def test_the_key_finds_its_record_and_no_other(org: Org, version: str, mode: str) -> None:
    tried = cases(org, mode, version)

    result = written(org, mode, version, tried)

    assert len(tried) >= 15
    assert_found(org, mode, tried, result)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", ["append_dedup", "update", "soft_delete"])
def test_a_field_that_is_added_to_a_module_finds_its_record_or_is_refused(
    org: Org, version: str, mode: str
) -> None:
    for module in OF_TEXTS:
        for name, kind in ADDED.items():
            field = {"api_name": name, "data_type": "text", "custom": True, **kind}
            org.control("POST", f"fields/{module}", field)
    tried = added_cases(org, mode)
    finding = [case for case in tried if finds(case.module, mode, case.key, version)]
    others = [case for case in tried if case not in finding]

    refused = written(org, mode, version, others)

    assert refused.sentence.startswith(f"{len(others)} things must be fixed")
    assert bool(finding) == (mode == "append_dedup" or version != "v2")
    if finding:
        assert_found(org, mode, finding, written(org, mode, version, finding))


def needed_rows(org: Org, module: str, version: str) -> Json:
    """The rows that a new record of the module must bring."""
    if module not in NEW_WITH_ROWS:
        return {}
    if module == "Price_Books":
        return {"Pricing_Details": [{"from_range": 1, "to_range": 9, "discount": 5}]}
    field = "Product_Details" if version == "v2" else DOCUMENTS[module][0]
    return {field: [{"Product_Name": org.records("Products")[0]["id"], "Quantity": 2}]}


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("lost", [False, True], ids=["answered", "answers lost"])
@pytest.mark.parametrize("version", VERSIONS)
def test_an_insert_adds_one_record_to_every_module(org: Org, version: str, lost: bool) -> None:
    modules = OF_TEXTS
    streams, lines = [], []
    for module in modules:
        data = values(org, module, f"{module[:9]}-new") | needed_rows(org, module, version)
        streams.append(stream(module, *data, into=module))
        lines += [row(module, data), state(module)]
    before = {module: len(org.records(module)) for module in modules}
    if lost:
        org.fail("insert", "reset", times=len(modules))

    result = org.write_lines(streams, lines, schema_version=version)

    assert result.failure is None, result.sentence
    outcomes = {module: result.counts(state=number) for number, module in enumerate(modules)}
    assert outcomes == {module: {"created": 1} for module in modules}
    assert {module: len(org.records(module)) - before[module] for module in modules} == (
        dict.fromkeys(modules, 1)
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_what_zoho_does_not_allow_is_refused_before_the_first_row(org: Org, version: str) -> None:
    """Each key of each module in each mode that has no use for it, all in one write."""
    refused = [
        (module, mode, key)
        for module, mode, key in every_case()
        if key and not expected(module, mode, key, version)
    ]
    streams = [
        stream(f"{module} {mode} {key}", *MODULES[module][3], key, mode=mode, key=key, into=module)
        for module, mode, key in refused
    ]
    lines = [row(entry["stream"]["name"], {"Last_Name": "x"}) for entry in streams]

    result = org.write_lines(streams, lines, schema_version=version)

    assert len(refused) > 150
    assert result.sentence.startswith(f"{len(refused)} things must be fixed")
    assert sum(org.calls(name) for name in ("insert", "upsert", "update", "delete")) == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upsert_adds_a_record_with_the_rows_that_it_needs(org: Org, version: str) -> None:
    streams, lines = [], []
    for module in NEW_WITH_ROWS:
        data = values(org, module, "not there") | needed_rows(org, module, version)
        streams.append(stream(module, *data, mode="append_dedup", key=MODULES[module][0]))
        lines += [row(module, data), state(module), row(module, data), state(module)]

    result = org.write_lines(streams, lines, schema_version=version)

    assert result.failure is None, result.sentence
    counts = [result.counts(state=number) for number in range(2 * len(NEW_WITH_ROWS))]
    assert counts.count({"created": 1}) == len(NEW_WITH_ROWS)
    # Purchase orders bring their vendor, too.
    assert (counts.count({"unchanged": 1}), counts.count({"updated": 1})) == (4, 1)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upsert_adds_no_record_that_would_need_rows(org: Org, version: str) -> None:
    """Those that are there are changed: see above."""
    streams, lines = [], []
    for module in NEW_WITH_ROWS:
        data = values(org, module, "not there")
        streams.append(stream(module, *data, mode="append_dedup", key=MODULES[module][0]))
        lines += [row(module, data), state(module)]
    before = {module: org.records(module) for module in NEW_WITH_ROWS}

    result = org.write_lines(streams, lines, schema_version=version)

    assert [result.counts(state=n) for n in range(len(NEW_WITH_ROWS))] == [{"rejected": 1}] * 5
    assert {module: org.records(module) for module in NEW_WITH_ROWS} == before
    for module in NEW_WITH_ROWS:
        assert result.said("without which Zoho adds no record: rows that find none are rejected")
        assert result.said(f"Rejected: {module}: 1 row with MANDATORY_NOT_FOUND")
