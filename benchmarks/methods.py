"""`make bench-methods`: a large module by each retrieval method: rows, seconds, credits, memory.

Fails where a retrieval method gives other rows than there are, or takes more memory than it may.

`python -m benchmarks.methods [ROWS] [VERSION]`; 450,000 leads of 48 columns with v4 by default.
"""

import sys
import tempfile
import time
from pathlib import Path

import orjson

from benchmarks import quick
from benchmarks.protocol import catalog_of, cost, emulator, written

METHODS = {
    "COQL": {"use_coql": "enabled"},
    "REST": {"use_coql": "disabled", "api_type": "REST"},
    "Bulk": {"use_coql": "disabled", "api_type": "Bulk"},
}
COLUMNS = 48
MOST_MB = 250


def main(rows: str = "450000", version: str = "v4") -> None:
    knobs = ("--knob", "tokens_per_10_min=0")
    with (
        emulator("--rows", "10", "--rows", f"Leads={rows}", *knobs) as config,
        tempfile.TemporaryDirectory() as folder,
    ):
        out = Path(folder) / "out.jsonl"
        with written(config) as config_path:
            leads = quick.leads(config_path, out, COLUMNS)
        for method, retrieval in METHODS.items():
            chosen = {**config, "schema_version": version, "retrieval": retrieval}
            with written(chosen) as config_path, written(catalog_of([leads])) as catalog_path:
                command = [quick.command("source-zoho-crm"), "read"]
                command += ["--config", config_path, "--catalog", catalog_path]
                begun = time.monotonic()
                used = cost(command, out)
                wall = time.monotonic() - begun
            found, ids, said = 0, set(), ""
            with out.open("rb") as lines:
                for line in lines:
                    message = orjson.loads(line)
                    if message["type"] == "RECORD":
                        found += 1
                        ids.add(message["record"]["data"]["id"])
                    elif b"Cost: Leads" in line:
                        said = message["log"]["message"].partition("records")[2].strip()
            print(
                f"{method}: {found:,} records, {len(ids):,} ids, {wall:.1f} s, {used.cpu_s:.1f} s "
                f"CPU, {used.peak_mb:.0f} MB; {said}"
            )
            if not found == len(ids) == int(rows):
                sys.exit(f"{method} gave other rows than the {int(rows):,} that there are.")
            if used.peak_mb >= MOST_MB:
                sys.exit(f"{method} took {used.peak_mb:.0f} MB, and {MOST_MB} are the limit.")


if __name__ == "__main__":
    main(*sys.argv[1:])
