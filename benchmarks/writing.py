"""Runs of the destination: leads of seven columns, upserted by their address."""

from dataclasses import dataclass

import orjson

from benchmarks.builds import Build
from benchmarks.commands import RunError
from benchmarks.lab import Lab, Sample
from benchmarks.zoho import Org

COLUMNS = ("Last_Name", "First_Name", "Email", "Company", "Phone", "City", "Annual_Revenue")
_CATALOG = {
    "streams": [
        {
            "stream": {
                "name": "Leads",
                "json_schema": {"properties": {name: {} for name in COLUMNS}},
                "supported_sync_modes": ["full_refresh"],
            },
            "sync_mode": "full_refresh",
            "destination_sync_mode": "append_dedup",
            "primary_key": [["Email"]],
        }
    ]
}
_STATE = {
    "type": "STATE",
    "state": {
        "type": "STREAM",
        "stream": {"stream_descriptor": {"name": "Leads"}, "stream_state": {"done": True}},
    },
}


@dataclass(frozen=True)
class Write:
    """The destination upserts rows that the org does not have; start-up is a run without rows."""

    build: Build
    org: Org
    rows: int
    latency_ms: int = 0

    def sample(self, lab: Lab) -> Sample:
        zoho = lab.zoho(self.org)
        # The rows of the last run go, else this one would update and that one has inserted.
        zoho.control("POST", "reset", {"org": True})
        zoho.set_knobs(latency_ms=self.latency_ms)
        config = lab.write("config.json", self.build.config(zoho.account))
        command = [self.build.command("destination-zoho-crm"), "write", "--config", config]
        command += ["--catalog", lab.write("catalog.json", _CATALOG)]
        environment = lab.environment(self.build, zoho.account)
        before = zoho.live("Leads")
        for rows in (0, self.rows):
            _write_rows(lab, rows)
        start = lab.measure(zoho, command, environment, fed=lab.path("rows.0.jsonl"))
        full = lab.measure(zoho, command, environment, fed=lab.path(f"rows.{self.rows}.jsonl"))
        written = zoho.live("Leads") - before
        if written != self.rows:
            raise RunError(f"{written:,} of {self.rows:,} rows were written.")
        return full.less(start, self.rows, full.usage.record_credits)


def _write_rows(lab: Lab, rows: int) -> None:
    path = lab.path(f"rows.{rows}.jsonl")
    if path.exists():
        return
    with path.open("wb") as file:
        for number in range(rows):
            record = {"stream": "Leads", "data": build_lead(number), "emitted_at": 0}
            file.write(orjson.dumps({"type": "RECORD", "record": record}) + b"\n")
        file.write(orjson.dumps(_STATE) + b"\n")


def build_lead(number: int) -> dict[str, object]:
    values = (
        f"Kowalski {number}",
        "Élodie",
        f"lead{number}@bench.example.com",
        f"Acme {number % 977} GmbH",
        f"+49 30 {number:07}",
        "Zürich",
        1_000 + number % 9_999,
    )
    return dict(zip(COLUMNS, values, strict=True))
