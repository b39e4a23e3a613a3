"""`python -m benchmarks.line_items [QUOTES] [VERSION]`: quotes of five line items, written twice.

Fails where a call, a credit or memory goes beyond what it may: at most 10 % more than Zoho's limits
force, and 200 MB. 20,000 quotes with v4 by default.
"""

import math
import sys
from collections.abc import Sequence

import orjson

from benchmarks.builds import HERE
from benchmarks.lab import Lab, opened
from benchmarks.zoho import Org, Zoho

ITEMS = 5
MOST_MB = 200
MOST_MORE = 1.1
_COLUMNS = ("Subject", "Quoted_Items")
_STATE = {
    "type": "STATE",
    "state": {
        "type": "STREAM",
        "stream": {"stream_descriptor": {"name": "Quotes"}, "stream_state": {"done": True}},
    },
}


def main(rows: str = "20000", version: str = "v4") -> None:
    number = int(rows)
    # For a hundred records a call and ten credits; fifty keys and fifty parents a query, which
    # gives 250 rows for two credits. V2.1 gives 200 rows at most.
    writes, looks = math.ceil(number / 100), math.ceil(number / 50)
    pages = 1 if version in ("v4", "v8") else 2
    with opened() as lab:
        zoho = lab.zoho(Org("quotes", ("--rows", "20")))
        products = zoho.ids("Products")
        path = lab.path("quotes.jsonl")
        with path.open("wb") as file:
            for quote in range(number):
                data = {"Subject": f"Quote {quote}", "Quoted_Items": _list_items(products, quote)}
                record = {"stream": "Quotes", "data": data, "emitted_at": 0}
                file.write(orjson.dumps({"type": "RECORD", "record": record}) + b"\n")
            file.write(orjson.dumps(_STATE) + b"\n")
        first = _write(lab, zoho, "append", version, (writes, writes * 10))
        forced = (looks * (1 + pages), looks + looks * 2)
        second = _write(lab, zoho, "append_dedup", version, forced)
        if zoho.live("Quoted_Items") < number * ITEMS:
            sys.exit("Items are missing.")
    if problems := [*first, *second]:
        sys.exit(" ".join(problems))


def _list_items(products: Sequence[str], quote: int) -> list[dict[str, object]]:
    return [
        {
            "Product_Name": products[(quote + place) % len(products)],
            "Quantity": place + 1,
            "List_Price": 10 + quote % 97,
            "Description": f"Item {place} of quote {quote}",
        }
        for place in range(ITEMS)
    ]


def _write(lab: Lab, zoho: Zoho, mode: str, version: str, forced: tuple[int, int]) -> list[str]:
    """What it cost too much; `forced`: the calls and credits that Zoho's limits force."""
    catalog = {
        "streams": [
            {
                "stream": {
                    "name": "Quotes",
                    "json_schema": {"properties": {name: {} for name in _COLUMNS}},
                    "supported_sync_modes": ["full_refresh"],
                },
                "sync_mode": "full_refresh",
                "destination_sync_mode": mode,
                "primary_key": [["Subject"]],
            }
        ]
    }
    account = {**zoho.account, "schema_version": version}
    config = lab.write("config.json", account)
    command = [HERE.command("destination-zoho-crm"), "write", "--config", config]
    command += ["--catalog", lab.write("catalog.json", catalog)]
    environment = lab.environment(HERE, account)
    measured = lab.measure(zoho, command, environment, fed=lab.path("quotes.jsonl"))
    usage, used = measured.usage, measured.used
    made = zoho.control("GET", "usage")["calls"]
    calls = sum(made.get(name, 0) for name in ("insert", "upsert", "coql"))
    print(
        f"{mode}: {calls:,} calls where {forced[0]:,} are forced, {usage.record_credits:,} credits "
        f"where {forced[1]:,} are, {used.wall_s:.0f} s, {used.peak_mb:.0f} MB"
    )
    found = []
    if calls > forced[0] * MOST_MORE or usage.record_credits > forced[1] * MOST_MORE:
        found.append(f"{mode} costs more than 10 % beyond what is forced.")
    if not used.peak_mb < MOST_MB:
        found.append(f"{mode} takes {used.peak_mb:.0f} MB.")
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
