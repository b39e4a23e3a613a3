"""What fails a run although Zoho takes its calls: rejected rows that would go unnoticed."""

from collections import Counter
from collections.abc import Iterator, Mapping

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.outcomes import ALIVE_AT_SOURCE, DELETED_AT_SOURCE, OUTCOME_UNKNOWN
from destination_zoho_crm.plan import format_stream
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.row_counts import RowCounts, StreamCounts
from destination_zoho_crm.settings import MANY_ROWS, WriteSettings
from zoho_crm.counts import count
from zoho_crm.problems import config_error

#: A table holds rows that are deleted and rows that are not; these are for another stream, and
#: say nothing of this one.
_FOR_OTHER_STREAMS = (ALIVE_AT_SOURCE, DELETED_AT_SOURCE)

Counts = Mapping[StreamKey, StreamCounts]


def raise_if_too_many_rejected(
    settings: WriteSettings, row_counts: RowCounts, *, ended: bool
) -> None:
    """While the run goes on and, where it `ended`, once more."""
    limit = settings.most_rejected
    if limit and limit.is_exceeded(row_counts.rejected, row_counts.rows, ended=ended):
        raise config_error(
            f"{row_counts.rejected:,} of {count(row_counts.rows, 'row')} "
            f"{'was' if row_counts.rejected == 1 else 'were'} rejected, and Maximum rejected rows "
            f"(max_rejected) is {limit}. What was written stays written; the log gives the reasons."
        )


def raise_if_stream_failed(settings: WriteSettings, totals: Counts) -> None:
    """When all rows have outcomes and all states are out. Where the user has set a limit of
    rejected rows, that alone decides.

    A config error: neither goes away with time, and after a transient error the platform would try
    again and double the inserts.
    """
    if settings.most_rejected is None:
        problems = [
            *_report_fully_rejected(totals),
            *_report_unknown(totals, kept=settings.kept_in is not None),
        ]
        if problems:
            raise config_error(" ".join(problems))


def prevent_retry(
    failure: BaseException, settings: WriteSettings, totals: Counts, *, rejects_kept: bool
) -> BaseException:
    """The failure of a run; a config error where the platform would else try again and double
    inserts of unknown outcome that nothing keeps."""
    if (
        not isinstance(failure, AirbyteTracedException)
        or failure.failure_type == FailureType.config_error
        or settings.most_rejected is not None
    ):
        return failure
    kept = settings.kept_in is not None and rejects_kept
    unknown = list(_report_unknown(totals, kept=kept))
    if not unknown:
        return failure
    return config_error(
        " ".join([str(failure.message), *unknown]), internal=failure.internal_message
    )


def _report_fully_rejected(totals: Counts) -> Iterator[str]:
    for stream, total in totals.items():
        others = sum(map(total.count_rejected, _FOR_OTHER_STREAMS))
        rows, rejected = total.rows - others, total.counts["rejected"] - others
        if rows < MANY_ROWS or rejected < rows:
            continue
        reasons: Counter[tuple[str, str | None]] = Counter()
        for (code, field, _), number in total.reasons.items():
            if code not in _FOR_OTHER_STREAMS:
                reasons[code, field] += number
        ((code, field), number), *_ = reasons.most_common(1)
        where = f" in {field}" if field else ""
        yield (
            f"{format_stream(stream)}: all {rows:,} rows were rejected, {number:,} of them with "
            f"{code}{where}; the log gives all reasons. Fix the rows or how they are mapped. If a "
            "stream may be rejected whole, set Maximum rejected rows (max_rejected) to 100%."
        )


def _report_unknown(totals: Counts, *, kept: bool) -> Iterator[str]:
    """Rows that may be records by now, and of which nothing is left."""
    if kept:
        return
    for stream, total in totals.items():
        if number := total.count_rejected(OUTCOME_UNKNOWN):
            yield (
                f"{format_stream(stream)}: it is not known whether "
                f"{count(number, 'row is', 'rows are')} in Zoho ({OUTCOME_UNKNOWN}), and none is "
                "kept. Compare the records of the last hours with the stream's rows before it is "
                "written again, and name a folder or a bucket in Rejected rows "
                "(object_storage_config) to have such rows kept."
            )
