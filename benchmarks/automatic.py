"""The table of Automatic: what each module of a mixed org costs by each retrieval method.

`python -m benchmarks.automatic [ROWS] [VERSION]`; 450,000 rows in six large modules and 40 small
ones with v4 by default. Fails where a method gives other rows than another, where Automatic costs
more than 5 % above the sum of the best, or more than one credit above the best of a small module.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

from benchmarks.builds import HERE
from benchmarks.commands import run
from benchmarks.files import catalog_of
from benchmarks.lab import Lab, messages, opened
from benchmarks.runs import METHODS as OTHERS
from benchmarks.zoho import Org

METHODS = {**OTHERS, "Automatic": {"use_coql": "automatic"}}
#: Shares of the rows, and columns; None: as many as the module has.
LARGE: Mapping[str, tuple[float, int | None]] = {
    "Leads": (0.40, 87),
    "Contacts": (0.28, None),
    "Accounts": (0.16, 20),
    "Deals": (0.09, None),
    "Tasks": (0.05, None),
    "Vehicles": (0.02, 12),
}
SMALL = 40
#: Rows of the small modules, in turn.
FEW = (0, 1, 40, 150, 200, 201, 260, 390, 410, 600, 800, 1_100)
#: What Automatic may cost: of the sum of the best, and above the best of a small module.
MOST, MORE = 1.05, 1
#: A small module has no more rows than this.
_SMALL_ROWS = 2_000
_KEPT = ("--knob", "keep_rows=true", "--modules", "62")


def make_org(rows: int) -> Org:
    options = [*_KEPT, "--rows", "40", "--fields", f"Leads={LARGE['Leads'][1]}"]
    for name, (share, _) in LARGE.items():
        options += ["--rows", f"{name}={round(rows * share)}"]
    for name, number in zip(_SIZED, FEW * SMALL, strict=False):
        options += ["--rows", f"{name}={number}"]
    return Org(f"mixed {rows}", tuple(options))


#: Small modules whose number of rows can be chosen; children follow from their parents.
_SIZED = (
    *("Campaigns", "Cases", "Solutions", "Products", "Vendors", "Price_Books", "Quotes"),
    *("Sales_Orders", "Purchase_Orders", "Invoices", "Events", "Calls", "Notes"),
    *(f"Extra_{number}" for number in range(1, 20)),
)


def read(lab: Lab, org: Org, method: str, version: str) -> tuple[Counter[str], dict[str, int]]:
    """Rows and credits by module, of a first read of all."""
    zoho = lab.zoho(org)
    config = HERE.config(zoho.account)
    config |= {"schema_version": version, "retrieval": METHODS[method]}
    environment = lab.environment(HERE, zoho.account)
    command = [HERE.command("source-zoho-crm")]
    out = lab.path("out.jsonl")
    written = lab.write("config.json", config)
    run([*command, "discover", "--config", written], environment, keep=out)
    streams = choose(next(messages(out, "CATALOG"))["catalog"]["streams"])
    catalog = lab.write("catalog.json", catalog_of(streams))
    zoho.forget()
    run([*command, "read", "--config", written, "--catalog", catalog], environment, keep=out)
    spent = zoho.control("GET", "usage")["credits_by"]
    rows = Counter(message["record"]["stream"] for message in messages(out, "RECORD"))
    return rows, {s["name"]: sum_credits(spent, s["name"]) for s in streams}


def sum_credits(spent: Mapping[str, int], module: str) -> int:
    return sum(
        credits_
        for call, credits_ in spent.items()
        if call.endswith(f":{module}") and not call.startswith("settings.")
    )


def choose(streams: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The large modules, narrowed, and forty others."""
    modules = {s["name"]: s for s in streams if not s["name"].islower()}
    others = [name for name in modules if name not in LARGE][:SMALL]
    for name, (_, columns) in LARGE.items():
        schema = modules[name]["json_schema"]
        names = dict.fromkeys(["id", "Modified_Time", *schema["properties"]])
        kept = {key: schema["properties"][key] for key in list(names)[:columns]}
        modules[name] = {**modules[name], "json_schema": {**schema, "properties": kept}}
    return [modules[name] for name in (*LARGE, *others)]


def main(rows: str = "450000", version: str = "v4") -> None:
    org = make_org(int(rows))
    with opened() as lab:
        found = {method: read(lab, org, method, version) for method in METHODS}
    credits_ = {method: spent for method, (_, spent) in found.items()}
    print_table(credits_, found["COQL"][0])
    for method, (counted, _) in found.items():
        if counted != found["COQL"][0]:
            sys.exit(f"{method} gave other rows than COQL.")
    if problems := judge(credits_, found["COQL"][0]):
        sys.exit("\n".join(problems))


def find_best(credits_: Mapping[str, Mapping[str, int]], module: str) -> int:
    return min(credits_[method][module] for method in OTHERS)


def judge(credits_: Mapping[str, Mapping[str, int]], rows: Mapping[str, int]) -> list[str]:
    """What Automatic costs too much."""
    automatic = credits_["Automatic"]
    best = {module: find_best(credits_, module) for module in automatic}
    problems = [
        f"{module}: {spent} credits, and {best[module]} by the best method."
        for module, spent in automatic.items()
        if rows.get(module, 0) <= _SMALL_ROWS and spent > best[module] + MORE
    ]
    if sum(automatic.values()) > MOST * sum(best.values()):
        problems.append(f"{sum(automatic.values())} credits, and {sum(best.values())} by the best.")
    return problems


def print_table(credits_: Mapping[str, Mapping[str, int]], rows: Mapping[str, int]) -> None:
    print(f"| module | rows | {' | '.join(METHODS)} | best |")
    print("| --- " * (len(METHODS) + 3) + "|")
    modules = list(credits_["COQL"])
    for module in modules:
        cells = [credits_[method][module] for method in METHODS]
        print_row(module, rows.get(module, 0), *cells, find_best(credits_, module))
    sums = [sum(credits_[method].values()) for method in METHODS]
    best = sum(find_best(credits_, module) for module in modules)
    print_row("sum", sum(rows.values()), *sums, best)
    print(f"Automatic: {sum(credits_['Automatic'].values()) / best - 1:+.1%} of the best.")


def print_row(name: str, *numbers: int) -> None:
    print(f"| {name} | {' | '.join(f'{number:,}' for number in numbers)} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
