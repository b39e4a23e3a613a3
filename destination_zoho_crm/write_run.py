"""One run of a write: rows into batches, states back out, and the report at the end."""

import logging
import threading
import traceback
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from time import monotonic

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.bulk_plan import FEWEST_ROWS, explain_missing_fields
from destination_zoho_crm.bulk_report import report_savings
from destination_zoho_crm.bulk_sending import BulkSender
from destination_zoho_crm.calls import MOST_RECORDS
from destination_zoho_crm.client import Client
from destination_zoho_crm.deletions import Deletions
from destination_zoho_crm.inserts import InsertBatches
from destination_zoho_crm.links import LinkField, with_links
from destination_zoho_crm.lookups import with_lookups
from destination_zoho_crm.org_values import OrgValues
from destination_zoho_crm.outcomes import OUTCOME_UNKNOWN, Outcome
from destination_zoho_crm.plan import StreamPlan, format_stream
from destination_zoho_crm.protocol import Row, State, StreamKey
from destination_zoho_crm.read_ahead import read_ahead
from destination_zoho_crm.record_finder import RecordFinder
from destination_zoho_crm.rejects import RejectedRows
from destination_zoho_crm.report import (
    Progress,
    report_links,
    report_missed_deletions,
    report_rejects,
    report_streams,
)
from destination_zoho_crm.row_counts import RowCounts
from destination_zoho_crm.row_order import build_orders
from destination_zoho_crm.row_reading import RowReading
from destination_zoho_crm.row_sending import RowSender
from destination_zoho_crm.run_failures import (
    prevent_retry,
    raise_if_stream_failed,
    raise_if_too_many_rejected,
)
from destination_zoho_crm.sending import Sender
from destination_zoho_crm.settings import WriteSettings
from destination_zoho_crm.stream_writer import BulkRoad, Send, StreamWriter
from destination_zoho_crm.table_rows import build_encoder
from destination_zoho_crm.tags import with_tags
from destination_zoho_crm.writers import Writers
from zoho_crm.counts import count
from zoho_crm.problems import system_error, transient_error

LOGGER = logging.getLogger("airbyte")

#: How long the run looks at nothing but its input, or waits for its writers, before it sees which
#: states are due.
_POLL_S = 0.2
#: A source that is silent for so long may be so for hours.
_SILENCE_S = 60
#: A source may also be slow, and never silent. By then, it brings too few rows for a job to save
#: more than is lost where the sync fails.
_LONGEST_WAIT_S = 900


class Run:
    def __init__(
        self,
        client: Client,
        plans: Sequence[StreamPlan],
        settings: WriteSettings,
        org_values: OrgValues,
        finder: RecordFinder,
        link_fields: Mapping[StreamKey, Sequence[LinkField]],
        readings: Mapping[StreamKey, RowReading],
        rejects: RejectedRows,
        obstacles: Mapping[StreamKey, str],
        stop: threading.Event,
    ) -> None:
        self._client = client
        self._plans = plans
        self._settings = settings
        self._org_values = org_values
        self._finder = finder
        self._link_fields = link_fields
        self._readings = readings
        #: Why streams do not go by Bulk Write.
        self._obstacles = obstacles
        self._row_counts = RowCounts(plan.stream for plan in plans)
        self._stop = stop
        self._rejects = rejects
        self._writers = Writers(stop, calls_at_once=client.org.sub_calls_at_once)
        #: By module.
        self._insert_batches: defaultdict[str, InsertBatches] = defaultdict(InsertBatches)
        self._orders = build_orders(plans)
        self._deleted_from = {p.module.api_name for p in plans if p.operation == "delete"}
        self._inserted_into = {p.module.api_name for p in plans if p.operation == "insert"}
        self._progress = Progress(self._row_counts, client.org.usage.by_stream)
        self._streams = {plan.stream: self._build_stream(plan) for plan in plans}
        for stream in self._streams.values():
            stream.follow_named([*self._streams.values()])

    def write(self, messages: Iterable[Row | State]) -> Iterator[str]:
        failure: BaseException | None = None
        complete = False
        try:
            complete = yield from self._read(messages)
        except Exception as problem:
            failure = problem
        while not self._writers.wait_until_idle(_POLL_S):
            yield from self._row_counts.release_states(self._rejects.are_kept)
            self._progress.log()
        self._rejects.are_kept(now=True)
        yield from self._row_counts.release_states(self._rejects.are_kept)
        for stream in self._streams.values():
            stream.close()
        self._close()
        failure = self._writers.failure or failure or self._rejects.failure
        if failure is None and self._stop.is_set():
            failure = (
                None if complete and self._row_counts.is_complete else self._build_stop_error()
            )
        if failure:
            raise prevent_retry(
                _shorten_error(failure),
                self._settings,
                self._row_counts.totals,
                rejects_kept=self._rejects.are_kept(),
            )
        self._raise_if_rows_uncounted()
        raise_if_too_many_rejected(self._settings, self._row_counts, ended=True)
        raise_if_stream_failed(self._settings, self._row_counts.totals)

    def _read(self, messages: Iterable[Row | State]) -> Generator[str, None, bool]:
        """Hands over the rows, and yields the states that are due meanwhile; whether it has come to
        the end of the input."""
        last = finished = monotonic()
        for message in read_ahead(messages, _POLL_S):
            if self._must_end:
                return False
            now = monotonic()
            if message is not None:
                self._take(message)
                last = now
            if now - last >= _SILENCE_S or now - finished >= _LONGEST_WAIT_S:
                self._finish_awaited()
                finished = now
            yield from self._look()
            while not (self._writers.has_room(_POLL_S) or self._must_end):
                yield from self._look()
        for stream in self._streams.values():
            stream.finish()
            yield from self._look()
        return True

    @property
    def _must_end(self) -> bool:
        failure = self._writers.failure or self._rejects.failure
        return self._stop.is_set() or failure is not None

    def _look(self) -> Iterator[str]:
        """The states that are due; raises where too many rows are rejected."""
        if self._row_counts.may_release:
            yield from self._row_counts.release_states(self._rejects.are_kept)
        self._progress.log()
        raise_if_too_many_rejected(self._settings, self._row_counts, ended=False)

    def _finish_awaited(self) -> None:
        """Writes what keeps a STATE waiting, for its source may be silent or slow for long."""
        for key in self._row_counts.list_awaited():
            self._streams[key].finish()

    def _raise_if_rows_uncounted(self) -> None:
        for key, total in self._row_counts.totals.items():
            if total.rows != total.counts.total():
                raise system_error(
                    f"{format_stream(key)}: {count(total.rows, 'row')} came in and "
                    f"{count(total.counts.total(), 'has', 'have')} an outcome."
                )

    def _take(self, message: Row | State) -> None:
        if isinstance(message, Row):
            stream = self._streams.get(message.stream)
            if stream is None:
                raise system_error(
                    f"The input has a record of {format_stream(message.stream)}, a stream that is "
                    "not in the configured catalog."
                )
            stream.take(message)
            return
        # Before its rows are handed over: writers that must stop ask whether a state has come.
        self._row_counts.hold(message)
        for key in self._row_counts.find_streams_of(message):
            self._streams[key].flush()

    def _build_stream(self, plan: StreamPlan) -> StreamWriter:
        module = plan.module.api_name
        deletions = Deletions(plan.label, module, self._settings.most_deletes)
        rest = Sender(
            self._client,
            plan,
            self._settings.automations,
            self._insert_batches[module],
            self._stop,
            run_deletes=module in self._deleted_from,
            run_inserts=module in self._inserted_into,
        )
        send: Send = rest.send
        if reading := self._readings.get(plan.stream):
            send = RowSender(plan, reading, deletions, send).send
        send = with_tags(self._client, plan, send)
        send = with_links(plan, self._link_fields[plan.stream], send)
        return StreamWriter(
            plan,
            build_encoder(
                plan, clears_nulls=self._settings.clears_nulls, org_values=self._org_values
            ),
            with_lookups(plan, self._finder, send),
            self._row_counts,
            self._writers,
            self._orders[module],
            deletions,
            on_reject=self._keep_reject,
            bulk=None if plan.stream in self._obstacles else self._build_bulk_road(plan, rest),
        )

    def _build_bulk_road(self, plan: StreamPlan, rest: Sender) -> BulkRoad:
        strict = self._settings.write_method == "Bulk"
        # A job of inserts is waited for: what it goes on to add, the next sync would add again.
        stop = threading.Event() if plan.operation == "insert" else self._stop
        batches = self._insert_batches[plan.module.api_name]
        sender = BulkSender(self._client, plan, rest, batches, stop, strict=strict)
        return BulkRoad(
            with_lookups(plan, self._finder, sender.send),
            MOST_RECORDS + 1 if strict else FEWEST_ROWS,
            lambda: sender.is_refused,
        )

    def _keep_reject(self, plan: StreamPlan, row: Row, outcome: Outcome) -> None:
        LOGGER.debug(f"{plan.label}: {outcome.code} in {outcome.field}: {outcome.message}")
        self._rejects.keep(plan, row, outcome)

    def _build_stop_error(self) -> BaseException:
        jobs = (
            "Rows that waited for Bulk Write are not sent, and jobs of updates and upserts that "
            "were begun go on at Zoho. "
        )
        return transient_error(
            "The sync was stopped. Calls under way are finished. "
            f"{jobs if len(self._obstacles) < len(self._plans) else ''}"
            "The next sync continues with the rows since the last state."
        )

    def _close(self) -> None:
        self._writers.close()
        self._rejects.close()
        for line in report_streams(self._row_counts.totals, self._client.org.usage.by_stream):
            LOGGER.info(line)
        if self._settings.write_method == "Automatic" and not self._must_end:
            explain = partial(explain_missing_fields, self._client)
            for line in report_savings(
                self._plans, self._obstacles, self._row_counts.totals, explain
            ):
                LOGGER.info(line)
        for line in report_links(self._link_fields):
            LOGGER.info(line)
        for line in (
            *report_missed_deletions(self._row_counts.totals),
            *report_rejects(self._row_counts.totals),
        ):
            LOGGER.warning(line)
        for line in self._org_values.picklists.report_added():
            LOGGER.warning(line)
        for place in self._rejects.places:
            LOGGER.info(f"Rejected rows are kept in {place}, which can be written again.")
        if any(total.count_rejected(OUTCOME_UNKNOWN) for total in self._row_counts.totals.values()):
            LOGGER.warning(
                f"Rows with {OUTCOME_UNKNOWN} may be in Zoho: look there. Inserts, and streams "
                "that append without a rows_key, reject their lines again, unless the key "
                "`rejected` is taken out of them."
            )
        if self._row_counts.rejected and self._settings.kept_in is None:
            LOGGER.warning(
                "Rejected rows are not kept: name a folder or a bucket in Rejected rows "
                "(object_storage_config) to have them kept from the next sync on."
            )


def _shorten_error(failure: BaseException) -> BaseException:
    """A bug of ours by its place alone: its text may hold values of a row."""
    if isinstance(failure, AirbyteTracedException) or not isinstance(failure, Exception):
        return failure
    return system_error(
        f"The destination has a fault of its own ({type(failure).__name__}).",
        internal="".join(traceback.format_tb(failure.__traceback__)),
    )
