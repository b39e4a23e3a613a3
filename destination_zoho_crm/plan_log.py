"""The plan of a run as the log shows it, before the first row."""

import logging
from collections.abc import Iterator, Mapping, Sequence

from destination_zoho_crm.bulk_files import MOST_ROWS
from destination_zoho_crm.bulk_plan import CREDITS_OF_A_JOB, FEWEST_ROWS
from destination_zoho_crm.calls import MOST_RECORDS
from destination_zoho_crm.links import LinkField
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.plan_problems import end_sentence
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.report import estimate_cost
from destination_zoho_crm.settings import WriteSettings
from zoho_crm.counts import count
from zoho_crm.manifest import load_skipped_features

LOGGER = logging.getLogger("airbyte")


def log_plan(
    plans: Sequence[StreamPlan],
    link_fields: Mapping[StreamKey, Sequence[LinkField]],
    settings: WriteSettings,
    version: str,
) -> None:
    """The plan and its warnings, before the first row."""
    for plan in plans:
        LOGGER.info(f"Plan: {plan}")
        LOGGER.info(f"Plan: {plan.label}: {estimate_cost(plan, link_fields[plan.stream])}.")
        for column in plan.dropped:
            LOGGER.warning(
                end_sentence(
                    f"{plan.label}: the column {column.source} is left out: {column.reason}"
                )
            )
        for warning in plan.warnings:
            LOGGER.warning(f"{plan.label}: {warning}.")
        for remark in _list_remarks(plan):
            LOGGER.info(f"{plan.label}: {remark}.")
    for warning in _list_conflicts(plans):
        LOGGER.warning(warning)
    kinds = settings.automations
    fires = "all that the org has" if kinds is None else ", ".join(kinds) or "none"
    if kinds is not None and not load_skipped_features(version):
        fires += " (but cadences, which this version of Zoho's API cannot keep from running)"
    terms = [f"automations: {fires}"]
    if any(plan.operation != "delete" for plan in plans):
        nulls = "empty their fields" if settings.clears_nulls else "leave their fields alone"
        terms.append(f"nulls {nulls}")
    if any(plan.operation == "delete" or plan.row_shapes for plan in plans):
        terms.append(f"at most {count(settings.most_deletes, 'deletion')} a stream")
    LOGGER.info(f"Plan: {'; '.join(terms)}.")


def log_methods(
    plans: Sequence[StreamPlan], obstacles: Mapping[StreamKey, str], settings: WriteSettings
) -> None:
    """Which streams may go by Bulk Write, and why others do not."""
    if settings.write_method == "REST":
        return
    for plan in plans:
        if obstacle := obstacles.get(plan.stream):
            # Of Automatic, the end of the run says what jobs would have saved.
            level = logging.INFO if settings.write_method == "Bulk" else logging.DEBUG
            LOGGER.log(level, f"Plan: {plan.label}: by REST, not by Bulk Write: {obstacle}.")
            continue
        fewest = FEWEST_ROWS if settings.write_method == "Automatic" else MOST_RECORDS + 1
        LOGGER.info(
            f"Plan: {plan.label}: by Bulk Write where {fewest:,} rows and more wait; up to "
            f"{MOST_ROWS:,} rows cost about {CREDITS_OF_A_JOB} credits in a job. Fewer go by REST, "
            "at the price above."
        )
        if settings.automations != ():
            LOGGER.warning(
                f"{plan.label}: Zoho does not say whether rows of Bulk Write run automations. "
                "Choose REST in Write method (write_method) where they must."
            )


def _list_conflicts(plans: Sequence[StreamPlan]) -> Iterator[str]:
    """Streams of which each undoes what the other has written."""
    for plan in plans:
        if plan.table is None or plan.table.operation not in ("insert", "upsert"):
            continue
        name = plan.table.shape.field
        for other in plans:
            replaces = other.rows == "replace" and other.operation in ("update", "upsert")
            same = other.table is None and other.module.api_name == plan.module.api_name
            if replaces and same and name in other.row_shapes:
                yield (
                    f"{other.label}: its rows in {name} replace those that {plan.label} writes, so "
                    "each sync may remove them and add them again. Choose append in rows of its "
                    "mapping, or leave one of the two out."
                )


def _list_remarks(plan: StreamPlan) -> Iterator[str]:
    """What a user might not expect of the stream."""
    if plan.unlisted:
        yield f"its mapping's fields leave out the columns {', '.join(plan.unlisted)}"
    if plan.lar_id:
        yield f"the assignment rule {plan.lar_id} decides who owns its records"
    if plan.operation == "insert" or (plan.table and plan.table.operation == "insert"):
        yield "a row that a later sync repeats is added again"
    if plan.operation == "delete" or (plan.table and plan.table.operation == "delete"):
        what = "row" if plan.table else "record"
        yield (
            f"rows with a value in {plan.deletion_mark} delete their {what}, others are rejected"
            if plan.deletion_mark
            else f"every row deletes the {what} that it finds"
        )
    if plan.row_shapes and plan.operation in ("update", "upsert") and plan.table is None:
        names = " and ".join(plan.row_shapes)
        yield (
            f"rows that a record has in {names} and the input does not bring are removed"
            if plan.rows == "replace"
            else f"rows that a record has in {names} stay"
        )
