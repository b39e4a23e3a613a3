"""`python -m benchmarks.bulk_write [ROWS] [VERSION]`: leads upserted by REST, by Bulk and by
Automatic; the records must be equal. 100,000 leads with v4 by default.

`python -m benchmarks.bulk_write streams [ROWS] [VERSION]`: rows of three streams, mixed, with
states and without, by Bulk and by REST; a million by default. It needs 1 GB of disk.

Fails where rows are lost, sums are wrong, credits go more than 10 % beyond the least, or memory
reaches 250 MB.
"""

import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import orjson

from benchmarks.builds import HERE
from benchmarks.lab import Lab, Measured, messages, opened
from benchmarks.writing import COLUMNS as LEAD_COLUMNS
from benchmarks.writing import build_lead
from benchmarks.zoho import Org, Zoho

MOST_MB = 250
MOST_MORE = 1.1
#: Credits of a job, and of a call of a hundred rows.
_JOB, _JOB_ROWS = 500, 25_000
_CALL, _CALL_ROWS = 10, 100
#: Rows between two states of a stream.
_BETWEEN = 1_000
#: What each record has of its own, whatever was written.
_OWN = ("id", "Lead_Number", "Created_Time", "Modified_Time", "Last_Activity_Time")

#: Streams with their keys and columns.
_STREAMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Leads": ("Email", LEAD_COLUMNS),
    "Contacts": ("Email", ("Last_Name", "First_Name", "Email", "Phone", "Mailing_City")),
    "Accounts": ("Account_Name", ("Account_Name", "Phone", "Billing_City", "Annual_Revenue")),
}


def main(*arguments: str) -> None:
    mixed = arguments[:1] == ("streams",)
    asked = arguments[1:] if mixed else arguments
    rows = int(asked[0]) if asked else 1_000_000 if mixed else 100_000
    version = asked[1] if len(asked) > 1 else "v4"
    with opened() as lab:
        problems = list((_write_mixed if mixed else _write_leads)(lab, rows, version))
    if problems:
        sys.exit(" ".join(problems))


def _write_leads(lab: Lab, rows: int, version: str) -> Iterator[str]:
    written = {}
    _write_lines(lab.path("leads.jsonl"), ["Leads"], rows, states=True)
    for method in ("REST", "Bulk", "Automatic"):
        zoho = lab.zoho(Org(method, ("--rows", "5")))
        yield from _measure(lab, zoho, ["Leads"], "leads.jsonl", rows, method, version)
        written[method] = _digest(zoho, "Leads")
    for method, records in written.items():
        if records != written["REST"]:
            yield f"{method} and REST make other records."


def _write_mixed(lab: Lab, rows: int, version: str) -> Iterator[str]:
    for states in (True, False):
        name = f"mixed.{states}.jsonl"
        _write_lines(lab.path(name), list(_STREAMS), rows, states=states)
        for method in ("Bulk", "REST"):
            print(f"{'with' if states else 'without'} states:", end=" ", flush=True)
            zoho = lab.zoho(Org("mixed", ("--rows", "5")))
            zoho.control("POST", "reset", {"org": True})
            yield from _measure(lab, zoho, list(_STREAMS), name, rows, method, version)
        lab.path(name).unlink()


def _measure(
    lab: Lab, zoho: Zoho, streams: list[str], fed: str, rows: int, method: str, version: str
) -> Iterator[str]:
    """What is wrong with a run, in sentences."""
    zoho.set_knobs(credits_per_day=100_000_000, more_scopes=["ZohoFiles.files.ALL"])
    config: dict[str, Any] = {
        **zoho.account,
        "schema_version": version,
        "write_method": method,
        "automations": {"run": "none"},
    }
    command = [HERE.command("destination-zoho-crm"), "write"]
    command += ["--config", lab.write("config.json", config)]
    command += ["--catalog", lab.write("catalog.json", _build_catalog(streams))]
    before = {name: zoho.live(name) for name in streams}
    measured = lab.measure(
        zoho,
        command,
        lab.environment(HERE, zoho.account),
        fed=lab.path(fed),
        keep=lab.path("printed.jsonl"),
    )
    least = _count_least(rows, len(streams), method)
    _print(method, measured, rows, least)
    made = sum(zoho.live(name) - before[name] for name in streams)
    if made != rows:
        yield f"{method}: {made:,} records of {rows:,} rows."
    counted = _sum_states(lab.path("printed.jsonl"))
    if counted != {"created": rows}:
        yield f"{method}: the states count {dict(counted)}."
    if measured.usage.record_credits > least * MOST_MORE:
        yield f"{method} costs {measured.usage.record_credits:,} credits, and {least:,} do."
    if not measured.used.peak_mb < MOST_MB:
        yield f"{method} takes {measured.used.peak_mb:.0f} MB."


def _print(method: str, measured: Measured, rows: int, least: int) -> None:
    used, usage = measured.used, measured.usage
    print(
        f"{method}: {rows:,} rows, {usage.record_credits:,} credits where {least:,} are the least, "
        f"{used.wall_s:.0f} s, {used.cpu_s / rows * 1e6:.0f} µs of CPU a row, "
        f"{used.peak_mb:.0f} MB",
        flush=True,
    )


def _count_least(rows: int, streams: int, method: str) -> int:
    """Credits that the method has to cost: each stream has as many rows, or one more."""
    sizes = [rows // streams + (number < rows % streams) for number in range(streams)]
    by_rest = sum(math.ceil(size / _CALL_ROWS) * _CALL for size in sizes)
    if method == "REST":
        return by_rest
    full = sum(size // _JOB_ROWS for size in sizes)
    tails = [size % _JOB_ROWS for size in sizes]
    if method == "Bulk":
        return _JOB * (full + sum(1 for tail in tails if tail > _CALL_ROWS)) + sum(
            _CALL for tail in tails if 0 < tail <= _CALL_ROWS
        )
    return _JOB * full + sum(min(_JOB, math.ceil(tail / _CALL_ROWS) * _CALL) for tail in tails)


def _sum_states(path: Path) -> Counter[str]:
    """The rows that the states count, by what became of them."""
    found: Counter[str] = Counter()
    for message in messages(path, "STATE"):
        stats = message["state"]["destinationStats"]
        found += Counter({name: int(n) for name, n in stats["additionalStats"].items()})
        found["rejected"] += int(stats["rejectedRecordCount"])
    return +found


def _digest(zoho: Zoho, module: str) -> int:
    """A number that records share whatever their order, but for what each has of its own. They are
    read from a stream: see `commands.run` on memory."""
    with urlopen(f"{zoho.account['base_url']}/_emulator/records/{module}") as lines:
        return sum(map(_digest_record, lines)) % 2**64


def _digest_record(line: bytes) -> int:
    record = orjson.loads(line)
    bare = orjson.dumps({name: value for name, value in record.items() if name not in _OWN})
    return int.from_bytes(blake2b(bare, digest_size=8).digest())


def _write_lines(path: Path, streams: list[str], rows: int, *, states: bool) -> None:
    """Rows of the streams in turn; a state of each stream after every few of its rows, or at the
    end."""
    with path.open("wb") as file:
        for number in range(rows):
            name = streams[number % len(streams)]
            data = _build_row(name, number)
            record = {"stream": name, "data": data, "emitted_at": 0}
            file.write(orjson.dumps({"type": "RECORD", "record": record}) + b"\n")
            if states and (number // len(streams)) % _BETWEEN == _BETWEEN - 1:
                file.write(_build_state(name, number))
        for name in streams:
            file.write(_build_state(name, rows))


def _build_row(name: str, number: int) -> Mapping[str, Any]:
    if name == "Leads":
        return build_lead(number)
    if name == "Contacts":
        values: tuple[object, ...] = (
            f"Nowak {number}",
            "Zoë",
            f"contact{number}@bench.example.com",
            f"+48 22 {number:07}",
            "Łódź",
        )
    else:
        values = (f"Account {number}", f"+33 1 {number:08}", "Orléans", 1_000 + number % 9_999)
    return dict(zip(_STREAMS[name][1], values, strict=True))


def _build_state(name: str, number: int) -> bytes:
    stream = {"stream_descriptor": {"name": name}, "stream_state": {"n": number}}
    return orjson.dumps({"type": "STATE", "state": {"type": "STREAM", "stream": stream}}) + b"\n"


def _build_catalog(streams: list[str]) -> Mapping[str, Any]:
    return {
        "streams": [
            {
                "stream": {
                    "name": name,
                    "json_schema": {"properties": {column: {} for column in _STREAMS[name][1]}},
                    "supported_sync_modes": ["full_refresh"],
                },
                "sync_mode": "full_refresh",
                "destination_sync_mode": "append_dedup",
                "primary_key": [[_STREAMS[name][0]]],
            }
            for name in streams
        ]
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
