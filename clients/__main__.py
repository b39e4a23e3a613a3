"""`make clients`: Zoho's own SDKs, unpatched, read and write every module of the emulator.

`python -m clients [SDK ...]`; README.md says how to read what it prints.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from clients.environments import HERE, SDKS, Sdk, surroundings
from clients.known import FAULTS, LEFT_OUT, SAMPLES, Fault
from clients.org import Module, modules_of
from clients.table import Outcome, Report
from zoho_emulator.server import Running, Settings, running

#: Rows of each module; one has two pages of its list.
ROWS = Settings(rows=12, rows_by_module={"Solutions": 230})
#: What tokens may do in addition: bulk write begins with a file.
KNOBS = {"more_scopes": "ZohoFiles.files.ALL"}
MOST_S = 600


def main(names: list[str]) -> int:
    chosen = [sdk for sdk in SDKS if sdk.name in names or not names]
    unknown = set(names) - {sdk.name for sdk in SDKS}
    if unknown or not chosen:
        raise SystemExit(f"no such SDK: {', '.join(unknown)}; {', '.join(s.name for s in SDKS)}")
    failures = 0
    for sdk in chosen:
        sdk.install()
        report = met(sdk)
        print(report.text(), flush=True)
        failures += len(report.failures)
    print(f"{failures} steps fail." if failures else "All that should work works.")
    return 1 if failures else 0


def met(sdk: Sdk) -> Report:
    """Runs an SDK on a whole org and, while faults hide the rest, on one without their cause."""
    faults = [fault for fault in FAULTS if sdk.name in fault.sdks]
    with running(ROWS, KNOBS) as server:
        report = Report(sdk, modules_of(server, sdk.version), run(sdk, server, []), faults)
    known: set[str] = set()
    while len(cured := report.curable()) > len(known):
        known = {fault.mark for fault in cured}
        with running(ROWS, KNOBS) as server:
            modules = modules_of(server, sdk.version)
            remove(server, modules, {kind for fault in cured for kind in fault.without})
            report.again(run(sdk, server, cured), cured)
    return report


def remove(server: Running, modules: dict[str, Module], kinds: set[str]) -> None:
    for module in modules.values():
        for name, kind in module.fields.items():
            if kind in kinds:
                server.control("DELETE", f"fields/{module.name}/{name}")


def run(sdk: Sdk, server: Running, cured: Sequence[Fault]) -> list[Outcome]:
    """What the SDK did, step by step."""
    left_out = {name: list(columns) for name, columns in LEFT_OUT.items()}
    for fault in cured:
        if fault.left_out:
            left_out.setdefault(fault.left_out[0], []).append(fault.left_out[1])
    with tempfile.TemporaryDirectory(prefix="zoho_sdk_") as folder:
        job: dict[str, Any] = {
            "sdk": sdk.name.rpartition("-")[2],
            "base_url": server.base_url,
            "client_id": server.client_id,
            "client_secret": server.client_secret,
            "refresh_token": server.refresh_token,
            "folder": folder,
            "environment": str(sdk.folder),
            "left_out": left_out,
            "samples": SAMPLES,
        }
        ended = subprocess.run(
            sdk.command(),
            input=json.dumps(job),
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE.parent,
            env=surroundings(),
            timeout=MOST_S,
            check=False,
        )
    if ended.returncode:
        raise SystemExit(f"{sdk.name} ended with {ended.returncode}; what it says is above.")
    # JSON may hold other separators of lines than this one, which is the only one that ends a line.
    return [Outcome(**json.loads(line)) for line in ended.stdout.split("\n") if line]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
