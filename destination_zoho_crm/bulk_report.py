"""What the log says of Bulk Write: where rows wait for it, and what it would have saved."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

from destination_zoho_crm.bulk_files import MOST_ROWS
from destination_zoho_crm.bulk_plan import CREDITS_OF_A_JOB
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.row_counts import StreamCounts
from destination_zoho_crm.spool import MOST_BYTES
from destination_zoho_crm.writers import CHUNKS_IN_HAND
from zoho_crm.counts import count
from zoho_crm.limits import RECORDS_PER_CREDIT
from zoho_crm.temporary_files import find_folder

LOGGER = logging.getLogger("airbyte")

#: Of a job: the file that is uploaded, and its result.
_BYTES_OF_A_JOB = 50 * 1024 * 1024


def log_spools(streams: int) -> None:
    """Where rows of so many streams wait, before the first row."""
    if not streams:
        return
    # Each stream gathers a chunk while others are written.
    most = (streams + CHUNKS_IN_HAND) * MOST_BYTES + CHUNKS_IN_HAND * _BYTES_OF_A_JOB
    LOGGER.info(
        f"Plan: rows that wait for Bulk Write are kept in {find_folder()}, "
        f"{most / 1024**2:,.0f} MB at the most. Their states wait with them."
    )


def report_savings(
    plans: Sequence[StreamPlan],
    obstacles: Mapping[StreamKey, str],
    totals: Mapping[StreamKey, StreamCounts],
    explain_missing: Callable[[StreamPlan], str | None],
) -> Iterator[str]:
    """A line per stream that Bulk Write would have made cheaper, and all reasons why it was not
    taken. None of deletions and rows of subforms, which it cannot write at all.

    `explain_missing`: what layouts require besides, which is asked only here of a stream that goes
    by REST anyway."""
    for plan in plans:
        obstacle = obstacles.get(plan.stream)
        if obstacle is None or plan.operation == "delete" or plan.table is not None:
            continue
        counts = totals[plan.stream].counts
        saved = _count_saved(counts["created"] + counts["updated"])
        if saved > 0:
            layout = explain_missing(plan)
            besides = f"; {layout}" if layout and layout not in obstacle else ""
            yield (
                f"Cost: {plan.label}: about {count(saved, 'credit')} less by Bulk Write, which was "
                f"not taken: {obstacle}{besides}."
            )


def _count_saved(rows: int) -> int:
    """Credits of REST less those of jobs for the same rows, of which the last may go by REST."""
    jobs, rest = divmod(rows, MOST_ROWS)
    tail = min(CREDITS_OF_A_JOB, -(-rest // RECORDS_PER_CREDIT))
    return -(-rows // RECORDS_PER_CREDIT) - jobs * CREDITS_OF_A_JOB - tail
