"""The two ways to run the demo: with the emulator's sample org, and with an org of your own."""

from __future__ import annotations

import gc
import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo import DemoError
from demo.back import write_back
from demo.changes import moment_of, plan
from demo.emulator import Emulator, emulator
from demo.equality import differences
from demo.journal import Journal
from demo.moves import Move, show
from demo.page import Bars, write_page
from demo.report import sync
from demo.screen import Screen
from demo.workplace import Workplace, quiet

if TYPE_CHECKING:
    from demo.warehouse import Warehouse

_MINUTES = 10
_NEXT = "Next sync"


def emulated_org(place: Workplace, screen: Screen) -> int:
    """Syncs the sample org, changes it, syncs again and writes back; 0 if both ends are equal."""
    with emulator(place.logs / "emulator.log") as zoho:
        screen.say(f"A small Zoho CRM, the emulator, answers at {zoho.base_url}.")
        journal = _journal_that_fits(zoho, place, screen)
        journal.note_time(zoho)
        account = {
            **zoho.credentials,
            "dc_region": "US",
            "environment": "Production",
            "schema_version": "v4",
        }
        retrieval = {"use_coql": "enabled"}
        warehouse = _warehouse({**account, "retrieval": retrieval}, place, screen)
        try:
            goes_on = bool(journal.calls)
            parts = [sync(warehouse, screen, zoho, name=_NEXT if goes_on else "First sync")]
            journal.note_time(zoho)
            moves = _change(zoho, journal, warehouse, screen)
            parts.append(sync(warehouse, screen, zoho, name=_NEXT, explains=True))
            journal.note_time(zoho)
            show(moves, warehouse, screen)
            return (
                _compare(zoho, warehouse, place, screen)
                or write_back(account, zoho, journal, warehouse, place, screen, parts)
                or _point_at(place, screen, parts)
            )
        finally:
            warehouse.close()


def real_org(config_path: Path, place: Workplace, screen: Screen) -> int:
    """Syncs the org that the config opens, from where the last sync of it stopped."""
    config = _config(config_path)
    warehouse = _warehouse(config, place, screen)
    try:
        with screen.working(lambda: "Asking Zoho which org this is"):
            owner = f"org {warehouse.org()}"
        journal = Journal.load(place.state / "journal.json")
        known = journal.rows_of == owner and place.database.exists()
        if not known:
            _start_over(owner, journal, place, screen)
        read = sync(warehouse, screen, None, name=_NEXT if known else "First sync", explains=known)
        if warehouse.cost:
            screen.say(warehouse.cost)
        screen.say(
            "Of modules with Modified_Time, only rows that are new or changed since the last run "
            "were read; others are read whole."
            if known
            else "Of modules with Modified_Time, the next run reads only rows that are new or "
            "changed by then."
        )
        return _point_at(place, screen, [read])
    finally:
        warehouse.close()


def _journal_that_fits(zoho: Emulator, place: Workplace, screen: Screen) -> Journal:
    """The journal of the rows in zoho.duckdb, made again in the emulator; or a new one."""
    owner = f"emulator {zoho.fingerprint()}"
    journal = Journal.load(place.state / "journal.json")
    if journal.rows_of != owner or not place.database.exists():
        _start_over(owner, journal, place, screen)
        return journal
    try:
        journal.replay(zoho)
    except DemoError:
        zoho.control("POST", "reset", {"org": True})
        _start_over(owner, journal, place, screen)
        return journal
    screen.say(
        f"{place.database.name} is there from an earlier run; "
        f"the org is brought to where that run left it ({len(journal.calls)} steps)."
    )
    return journal


def _start_over(owner: str, journal: Journal, place: Workplace, screen: Screen) -> None:
    """Makes room for another org's rows. Rows of a real org are kept, under another name."""
    if place.database.exists():
        if journal.rows_of.startswith("emulator "):
            place.clear_database()
            screen.say(
                f"{place.database.name} held rows of a sample org that is no more; it starts anew."
            )
        else:
            aside = place.put_database_aside()
            screen.say(
                f"{place.database.name} held rows that are not this org's; "
                f"it is now {aside.name}, and a new one starts."
            )
    elif journal.calls:
        screen.say(f"{place.database.name} is gone; it starts anew.")
    journal.begin(owner)


def _warehouse(config: Mapping[str, Any], place: Workplace, screen: Screen) -> Warehouse:
    os.environ.update(
        AIRBYTE_OFFLINE_MODE="1",
        DO_NOT_TRACK="1",
        NO_LIVE_PROGRESS="1",
        AIRBYTE_LOGGING_ROOT=str(place.logs),
        # PyAirbyte hands the config over in a file that all users may read, if they may come here.
        AIRBYTE_TEMP_DIR=str(place.scratch),
        AIRBYTE_CACHE_ROOT=str(place.scratch),
    )
    with screen.working(lambda: "Loading PyAirbyte"), quiet(place.log):
        from demo.warehouse import Warehouse
    # What has been imported stays: each garbage collection would look through it again.
    gc.freeze()
    return Warehouse(config, place)


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text())
    except OSError as error:
        raise DemoError(f"The config {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise DemoError(f"The config {path} is not JSON: {error}.") from error
    if not isinstance(config, dict):
        raise DemoError(f"The config {path} is not a JSON object.")
    return config


def _change(zoho: Emulator, journal: Journal, warehouse: Warehouse, screen: Screen) -> list[Move]:
    journal.runs += 1
    moves = []
    for change in plan(zoho, journal.runs, moment_of(zoho.now())):
        answer = journal.do(zoho, *change.call())
        moves.append(Move.begun(change, answer["ids"][0], warehouse))
    journal.do(zoho, "POST", "clock", {"advance_s": 60 * _MINUTES})
    kinds = Counter(move.kind for move in moves)
    screen.say(
        f"Now somebody works in Zoho: {kinds['changed']} rows change, {kinds['new']} are new and "
        f"{kinds['deleted']} are deleted; {_MINUTES} minutes pass."
    )
    return moves


def _compare(zoho: Emulator, warehouse: Warehouse, place: Workplace, screen: Screen) -> int:
    streams = warehouse.streams()
    total, compared, unequal = 0, 0, []
    for module in zoho.modules():
        truth = zoho.records(module)
        if module not in streams and (reason := warehouse.refusal(module)):
            screen.say(f"{module} ({len(truth):,} rows) is no stream: {reason}")
            continue
        rows = warehouse.stamps(module) if module in streams else []
        unequal += [f"{module}: {difference}" for difference in differences(truth, rows)]
        total, compared = total + len(truth), compared + 1
    if unequal:
        screen.say(f"NOT equal: {place.database.name} and Zoho differ. {'; '.join(unequal)}.")
        screen.say(f"Without {place.database}, the next run starts from nothing.")
        return 1
    screen.say(
        f"Equal: {place.database.name} holds all {total:,} rows of {compared} modules in Zoho, "
        "each once, each with the Modified_Time that Zoho has."
    )
    return 0


def _point_at(place: Workplace, screen: Screen, parts: list[Bars]) -> int:
    write_page(place.page, parts)
    screen.say(f"The rows are in {place.database}. What they took: {place.page}, for a browser.")
    return 0
