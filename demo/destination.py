"""The way back: destination-zoho-crm as a process that takes rows and says what became of them."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo import DemoError
from demo.models import Model
from demo.workplace import Workplace

_NAME = "destination-zoho-crm"
_EXECUTABLE = Path(sys.executable).with_name(_NAME)

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Written:
    #: By table: what the states that came back count, `rejected` among it.
    outcomes: Mapping[str, Counter[str]]
    #: By table: the rejected rows as they went in, each with what is said of it.
    rejected: Mapping[str, Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]]
    files: Sequence[Path]


def write(
    account: Mapping[str, Any], models: Sequence[Model], rows: Rows, place: Workplace
) -> Written:
    """Writes the rows of each model, in one run with one state per table."""
    before = set(place.rejected.glob("*.jsonl"))
    config = {
        **account,
        "mappings": [model.mapping() for model in models],
        "object_storage_config": {"storage_type": "Local", "folder": str(place.rejected)},
    }
    command = [str(_EXECUTABLE), "write"]
    catalog = {"streams": [model.stream() for model in models]}
    for option, content in (("config", config), ("catalog", catalog)):
        path = place.scratch / f"{_NAME}-{option}.json"
        path.write_text(json.dumps(content))
        command += [f"--{option}", str(path)]
    with (place.logs / f"{_NAME}.log").open("w+") as said:
        done = subprocess.run(
            command,
            input="\n".join(_lines(models, rows)),
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        said.seek(0)
        messages = list(_messages(said))
    if done.returncode:
        raise DemoError(_complaint(messages) or f"{_NAME} failed; {said.name} says why.")
    files = sorted(set(place.rejected.glob("*.jsonl")) - before)
    return Written(_outcomes(messages), _rejected(files), files)


def _lines(models: Sequence[Model], rows: Rows) -> Iterator[str]:
    for number, model in enumerate(models, 1):
        for row in rows[model.table]:
            record = {"stream": model.table, "data": row, "emitted_at": number}
            yield json.dumps({"type": "RECORD", "record": record})
        stream = {"stream_descriptor": {"name": model.table}, "stream_state": {"run": number}}
        yield json.dumps({"type": "STATE", "state": {"type": "STREAM", "stream": stream}})


def _messages(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            message = json.loads(line)
        except ValueError:
            continue  # some library's print
        if isinstance(message, dict):
            yield message


def _outcomes(messages: Sequence[Mapping[str, Any]]) -> dict[str, Counter[str]]:
    outcomes: dict[str, Counter[str]] = {}
    for message in messages:
        if message.get("type") == "STATE":
            state = message["state"]
            stats = state["destinationStats"]
            counts = {**stats["additionalStats"], "rejected": stats["rejectedRecordCount"]}
            table = state["stream"]["stream_descriptor"]["name"]
            outcomes[table] = Counter({result: int(number) for result, number in counts.items()})
    return outcomes


def _rejected(
    files: Sequence[Path],
) -> dict[str, list[tuple[Mapping[str, Any], Mapping[str, Any]]]]:
    rejected: dict[str, list[tuple[Mapping[str, Any], Mapping[str, Any]]]] = {}
    for path in files:
        with path.open() as lines:
            for line in lines:
                message = json.loads(line)
                record = message["record"]
                rejected.setdefault(record["stream"], []).append(
                    (record["data"], message["rejected"])
                )
    return rejected


def _complaint(messages: Sequence[Mapping[str, Any]]) -> str | None:
    errors = (m["trace"]["error"] for m in messages if m.get("type") == "TRACE")
    return next((str(error["message"]) for error in errors), None)
