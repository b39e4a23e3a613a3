"""Faults that were found by hand, put back one by one: each a small patch of what it is about.

What the model makes of them is in `test_faults`.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from source_zoho_crm.readers import (
    blocks,
    bulk,
    column_groups,
    coql,
    export_chain,
    list_walk,
    rest,
)
from source_zoho_crm.readers.blocks import Block, BlockSize
from source_zoho_crm.readers.bulk import BulkReader
from source_zoho_crm.readers.chosen_reader import ChosenReader
from source_zoho_crm.readers.coql import CoqlReader
from source_zoho_crm.readers.emission import Emission
from source_zoho_crm.readers.export_chain import Chain
from source_zoho_crm.readers.moved_rows import MovedRows
from source_zoho_crm.readers.steps import Now, Output, Task, Wait
from source_zoho_crm.readers.whole_rows import WholeRows
from source_zoho_crm.readers.windows import Window, format_timestamp
from unit_tests.source.model.faults_of_lists import (
    prove_by_deletions_first,
    prove_no_list,
    read_deletions_last,
    read_deletions_once,
    take_a_quiet_reading_as_proof,
    take_a_restored_lead_for_a_hidden_one,
    take_quiet_readings_as_proof,
    take_two_readings_of_deletions_as_proof,
)
from unit_tests.source.model.play import OUR_CLOCK
from unit_tests.source.model.zoho import ModelZoho
from zoho_crm.answers import Page, Row
from zoho_crm.clock import ZohoClock

Patch = pytest.MonkeyPatch
_MODEL = "unit_tests.source.model"


def believe_answers_without_content(patch: Patch) -> None:
    """An answer without rows is the end, though rows were promised."""
    patch.setattr(ModelZoho, "asks_again", False)


def end_by_our_clock(patch: Patch) -> None:
    """The window's end is by our clock, which may run ahead of Zoho's."""
    patch.setattr(ZohoClock, "now", lambda clock: datetime.fromtimestamp(OUR_CLOCK.time(), UTC))


def leave_no_margin(patch: Patch) -> None:
    """Rows of the last minute are read, and some of them are not visible yet."""
    patch.setattr(f"{_MODEL}.play._MARGIN", timedelta(0))


def round_fractions_of_a_second(patch: Patch) -> None:
    """The end has a fraction of a second, and the state is rounded."""
    patch.setattr(f"{_MODEL}.play._cut", lambda now: now)
    half = timedelta(seconds=0.5)
    patch.setattr(
        f"{_MODEL}.judge.format_timestamp", lambda timestamp: format_timestamp(timestamp + half)
    )


def read_again_without_end(patch: Patch) -> None:
    """A list of several pages in which a row has moved is read again from its beginning."""
    patch.setattr(rest, "_ROWS_OF_A_BLOCK", 10**6)
    patch.setattr(rest, "_READINGS", 10**6)
    patch.setattr(BlockSize, "shrink", lambda size, pages: None)

    def count_proven_pages(block: Block, moved: MovedRows) -> int:
        return block.pages if block.pages <= 1 or moved.none else 0

    patch.setattr(Block, "count_proven_pages", count_proven_pages)


def join_torn_rows(patch: Patch) -> None:
    """Columns of a row are joined without a look at Modified_Time."""

    def join(page: Iterable[Row], others: dict[str, Row]) -> set[str]:
        rows = list(page)
        for row in rows:
            row.update(others.get(row["id"], {}))
        return {row["id"] for row in rows} - others.keys()

    for place in (column_groups, coql, list_walk):
        patch.setattr(place, "join_columns", join)


def _read_window(*, parts_first: bool, in_order: bool) -> Any:
    def read_window(reader: CoqlReader, window: Window, rows: int, before: Any) -> Task[None]:
        yield Now()
        parts = yield from reader._read_pages(window, promised=True)
        if parts_first:
            yield Wait(parts)
        if before and in_order:
            yield Wait((before,))
        yield window

    return read_window


def close_windows_in_any_order(patch: Patch) -> None:
    """A window closes when it is read, though the one before it is not."""
    patch.setattr(CoqlReader, "_read_window", _read_window(parts_first=True, in_order=False))


def close_windows_before_their_parts(patch: Patch) -> None:
    """A window closes when its pages are read, though their other columns are not."""
    patch.setattr(CoqlReader, "_read_window", _read_window(parts_first=False, in_order=True))


def emit_known_rows_again(patch: Patch) -> None:
    """A chain of exports that is read again emits all its rows."""
    init = Chain.__init__

    def forget(chain: Chain, *, begun: float, before: object = ()) -> None:
        init(chain, begun=begun)

    patch.setattr(Chain, "__init__", forget)


def believe_chains_of_exports(patch: Patch) -> None:
    """Nobody asks which rows moved between the exports of a chain."""

    def has_moved(reader: BulkReader, chain: Chain) -> Task[bool]:
        return chain.is_unreliable
        yield

    patch.setattr(BulkReader, "_has_moved", has_moved)


def cut_exports_in_the_middle_of_their_time(patch: Patch) -> None:
    """A window whose rows share an hour is halved, though it is of years."""
    patch.setattr(
        bulk,
        "cut_window",
        lambda window, hours, timestamps, *, most_rows: export_chain.cut_window(
            window, hours, most_rows=most_rows
        ),
    )


def begin_without_a_state(patch: Patch) -> None:
    """A first run emits rows without a state; killed then, the next one emits no deletions."""
    real = Emission.__call__

    def emit(emission: Emission, part: Output) -> Iterator[Output]:
        begins = emission._begins
        for other in real(emission, part):
            if not begins or other != Window(begins.since, begins.since):
                yield other

    patch.setattr(Emission, "__call__", emit)


def forget_rows_that_were_left_out(patch: Patch) -> None:
    """What a part under way leaves out is not read again at the end."""
    real = WholeRows.emit_unchanged

    def emit(rows: WholeRows, new: Any, block: Block, left: set[str], joined: Any) -> Task[None]:
        return real(rows, new, block, set(), joined)

    patch.setattr(WholeRows, "emit_unchanged", emit)


def read_moving_rows_in_windows(patch: Patch) -> None:
    """Windows of a span in which rows move on are read side by side."""

    def read_moving(reader: CoqlReader, since: datetime, end: datetime) -> Task[None]:
        yield from reader._read_windows(Window(since, end))

    patch.setattr(CoqlReader, "read_moving", read_moving)


def read_the_last_minute_beside_the_rest(patch: Patch) -> None:
    """A full refresh reads all its windows side by side, also that into which edited rows move."""

    def read_changes(
        reader: CoqlReader, since: datetime, end: datetime, *, promised: bool = False
    ) -> Task[None]:
        span = Window(since, end)
        if (yield from reader._has_more(span, promised=promised)):
            yield from reader._read_windows(span)
        else:
            yield span

    patch.setattr(CoqlReader, "read_changes", read_changes)


def begin_blocks_after_their_last_second(patch: Patch) -> None:
    """The next block begins a second after the last one of a page, whose rows may go on."""
    add = blocks.add_seconds
    ends = Block.observe

    def observe(block: Block, page: list[Row]) -> None:
        ends(block, page)
        block.ends[-1] = add(block.ends[-1], 1)

    patch.setattr(Block, "observe", observe)


def believe_a_page_of_later_rows(patch: Patch) -> None:
    """A first read that shows no rows is believed where a page of any rows has later ones alone."""

    def sample(reader: ChosenReader, window: Window) -> Task[list[Row]]:
        page: Page = yield reader._ask_for_some()
        return page.rows

    patch.setattr(ChosenReader, "_sample", sample)


#: All of them; a fault's name says what it does. With what the model says of it, and the first seed
#: at which it does.
FAULTS: dict[Callable[[Patch], None], tuple[str, int]] = {
    believe_answers_without_content: ("is not in", 2),
    end_by_our_clock: ("is not in its window", 109),
    leave_no_margin: ("is not in its window", 4),
    round_fractions_of_a_second: ("is missing", 2_272),
    read_again_without_end: ("questions of the kind 'list'", 3_152),
    join_torn_rows: ("of no version", 67),
    take_a_quiet_reading_as_proof: ("is not in", 2_279),
    prove_no_list: ("is not in", 15),
    prove_by_deletions_first: ("is not in its window", 3_180),
    read_deletions_last: ("is deleted, and still there", 974),
    read_deletions_once: ("is deleted, and still there", 5_901),
    take_two_readings_of_deletions_as_proof: ("is deleted, and still there", 826_260),
    take_quiet_readings_as_proof: ("is not in the table", 238_891),
    take_a_restored_lead_for_a_hidden_one: ("comes twice", 230_321),
    close_windows_in_any_order: ("does not follow the one before", 16),
    close_windows_before_their_parts: ("is not in its window", 3),
    emit_known_rows_again: ("comes twice", 15),
    believe_chains_of_exports: ("is not in", 15),
    cut_exports_in_the_middle_of_their_time: ("questions of the kind 'export'", 56),
    begin_without_a_state: ("is deleted, and still there", 51),
    forget_rows_that_were_left_out: ("is not in the table", 390),
    read_moving_rows_in_windows: ("is not in the table", 5_122),
    read_the_last_minute_beside_the_rest: ("is not in the table", 5_139),
    begin_blocks_after_their_last_second: ("is not in its window", 27),
    believe_a_page_of_later_rows: ("is not in its window", 13_511),
}
