"""Reads and writes every module of an org with one of Zoho's Python SDKs, unpatched.

Runs in the SDK's own environment. A job comes as JSON on stdin: `sdk` (its generation), where the
org is, its credentials, a `folder` for the SDK's files, fields that are `left_out`, and what
`samples` are like. What was seen goes out as JSON, a line each: {"module", "step", "rows"} where it
worked, {"module", "step", "error"} where it did not.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from clients.python_sdk.bulk_write import bulk_write
from clients.python_sdk.other_calls import Attachments, bulk_read, coql
from clients.python_sdk.records import Records
from clients.python_sdk.sdk import JOB, answer, package, start
from clients.python_sdk.settings import (
    METADATA,
    SETTINGS,
    of_module,
    pipelines,
    setting,
    tags,
    the_module,
)
from clients.python_sdk.values import unwrap


def seen(module: str, step: str, do: Callable[[], int | None]) -> None:
    """Does a step and says what came of it. None: there was nothing to do it with."""
    try:
        rows = do()
    except Exception as error:  # whatever an SDK raises is what the table is about
        found = {"error": f"{type(error).__name__}: {error}"[:600]}
        print(json.dumps({"module": module, "step": step, **found}), flush=True)
        return
    print(json.dumps({"module": module, "step": step, "rows": rows}), flush=True)


def main() -> None:
    start()
    modules: list[Any] = []
    attachments = Attachments()

    def list_modules() -> int:
        modules.extend(answer(package("modules").ModulesOperations().get_modules()).get_modules())
        return len(modules)

    seen("", "modules", list_modules)
    for name, operations, getter in SETTINGS:
        seen("", name, partial(setting, name, operations, getter))
    seen("", "tags", partial(tags, "Leads"))
    if JOB["sdk"] != "2.0":  # it has no call for them
        seen("", "pipelines", partial(pipelines, "Deals"))
    for module in modules:
        if module.get_api_supported():
            one_module(module, attachments)
    seen("Attachments", "read_one", attachments.read)
    seen("Leads", "bulk_read", lambda: bulk_read("Leads"))
    seen("Leads", "bulk_write", lambda: bulk_write("Leads"))


def one_module(module: Any, attachments: Attachments) -> None:
    name = module.get_api_name()
    found: dict[str, list[Any]] = {}

    def of(kind: str, operations: str) -> int:
        found[kind] = of_module(kind, operations, f"get_{kind}", name)
        return len(found[kind])

    seen(name, "module", lambda: the_module(name))
    for kind, operations in METADATA:
        seen(name, kind, partial(of, kind, operations))
    records = Records(name, found.get("fields", []))
    records.is_link = unwrap(module.get_generated_type()) == "linking"
    seen(name, "read", records.read)
    seen(name, "coql", lambda: coql(name, list(records.fields)))
    if name == "Attachments":
        return
    if "Attachments" in [one.get_api_name() for one in found.get("related_lists", [])]:
        attachments.parents += [(name, record_id) for record_id in records.ids]
    steps = ["read_one"]
    if module.get_creatable():
        steps += ["insert", "update", "upsert", "delete"]
        steps += [] if records.is_link else ["deleted"]
    for step in steps:
        seen(name, step, getattr(records, step))


main()
