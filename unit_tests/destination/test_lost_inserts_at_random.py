"""Streams of one module whose calls lose their answers at random: no row is lost or doubled."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from unit_tests.destination.conftest import Json, Org, mapping, row, state, stream

STREAMS = [
    stream("narrow", "Last_Name"),
    stream("wide", "Last_Name", "Company"),
    stream("known", "Last_Name", "Email", mode="append_dedup", key="Email"),
]
MAPPINGS = [
    mapping("narrow", "Leads", "insert"),
    mapping("wide", "Leads", "insert"),
    mapping("known", "Leads", "upsert", "Email"),
]
ROWS = 200


def faults(rng: random.Random) -> Iterator[Json]:
    """Answers that are lost after the work was done, or before."""
    answers: list[tuple[str, dict[str, Any]]] = [
        ("status", {"status": 500, "body": {"code": "INTERNAL_ERROR", "message": "x"}}),
        ("body", {"body": "<html>"}),
        ("status", {"status": 413, "body": "<html>", "done": True}),
        ("status", {"status": 499, "body": "", "done": True}),
    ]
    for do, args in answers:
        prob = rng.choice([0, 0.1, 0.2])
        yield {"match": "insert", "do": do, "prob": prob, "times": 20, "args": args}
    yield {"match": "upsert", "do": "body", "prob": 0.2, "times": 20, "args": {"body": "<html>"}}
    yield {"match": "coql", "do": "delay", "prob": 0.3, "times": 99, "args": {"seconds": 0.02}}


def lines(rng: random.Random, sent: Counter[str]) -> Iterator[bytes]:
    names = [f"V{n}" for n in range(rng.choice([3, 30]))]
    for number in range(ROWS):
        name, values = rng.choice(("narrow", "wide", "known")), {"Last_Name": rng.choice(names)}
        sent[values["Last_Name"]] += 1
        if name == "wide":
            values["Company"] = rng.choice("XY")
        if name == "known":
            values["Email"] = f"{number}@example.com"
        yield row(name, values)
        if rng.random() < 0.05:
            yield state(name, number)
    for entry in STREAMS:
        yield state(entry["stream"]["name"], ROWS)


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("seed", range(4))
def test_each_row_is_there_as_often_as_its_outcome_says(
    org: Org, tmp_path: Path, seed: int
) -> None:
    rng, sent = random.Random(seed), Counter[str]()
    before = Counter(lead["Last_Name"] for lead in org.records("Leads"))
    org.control("POST", "faults", list(faults(rng)))

    result = org.write_lines(
        STREAMS,
        lines(rng, sent),
        mappings=MAPPINGS,
        object_storage_config={"storage_type": "Local", "folder": str(tmp_path)},
    )

    there = Counter(lead["Last_Name"] for lead in org.records("Leads")) - before
    unsure = Counter[str]()
    for file in tmp_path.iterdir():
        for line in map(json.loads, file.read_text().splitlines()):
            name = line["record"]["data"]["Last_Name"]
            if line["rejected"]["code"] == "TOO_LARGE":
                sent[name] -= 1
            else:
                assert line["rejected"]["code"] == "OUTCOME_UNKNOWN"
                unsure[name] += 1
    assert result.failure is None
    for name, number in sent.items():
        assert number - unsure[name] <= there[name] <= number, name
    assert unsure.total() <= ROWS // 4
