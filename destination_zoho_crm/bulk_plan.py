"""Which streams of a run may be written by Bulk Write, and why others may not."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from destination_zoho_crm.bulk_columns import list_timed
from destination_zoho_crm.bulk_files import MOST_COLUMNS
from destination_zoho_crm.client import Client
from destination_zoho_crm.named_records import list_named_modules
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.plan_problems import raise_problems
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.settings import WriteSettings
from destination_zoho_crm.target_fields import SEVERAL_MODULES, TargetField
from zoho_crm.json_text import as_object
from zoho_crm.limits import CREDITS_OF_A_BULK_WRITE, RECORDS_PER_CREDIT
from zoho_crm.manifest import load_scopes
from zoho_crm.problems import Refused, Unreadable
from zoho_crm.scopes import is_granted

#: What a job costs with its upload, the looks at it and the download of its result.
CREDITS_OF_A_JOB = CREDITS_OF_A_BULK_WRITE + 20
#: Rows from which a job costs fewer credits than calls of REST.
FEWEST_ROWS = CREDITS_OF_A_JOB * RECORDS_PER_CREDIT

#: "Create Bulk Write Job" lists these, and custom modules. UNVERIFIED: the latest page has quotes,
#: orders and invoices, too, and those of v6 and v7 exclude them.
_MODULES = frozenset(
    """
    Leads Accounts Contacts Deals Campaigns Cases Solutions Products Vendors Price_Books Tasks
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
#: Forms of values that a cell can hold.
_FORMS = ("text", "options", "integer", "long", "number", "boolean", "date", "datetime")
#: What users call the values of other forms.
_WORDS = {"tags": "tags", "links": "links", "rows": "line items or rows of a subform"}
#: Lookups whose module the field itself names.
_LOOKUPS = ("lookup", "ownerlookup", "userlookup")

#: What the manifest calls the scopes of Bulk Write.
_SCOPES = ("bulk", "files")
_INACTIVE = ("inactive", -1)


def find_lacking_scopes(client: Client) -> list[str]:
    """The scopes of Bulk Write that the token lacks, as far as Zoho says."""
    granted, scopes = client.metadata.granted, load_scopes("destination")
    wanted = [scopes[what] for what in _SCOPES]
    return [scope for scope in wanted if granted and not is_granted(granted, scope)]


def explain_lacking_scopes(client: Client, lacking: Sequence[str]) -> str:
    """For a connection that asks for Bulk."""
    return (
        f"Write method (write_method) is Bulk, and the refresh token lacks {', '.join(lacking)}. "
        f"Make a new one in Zoho's API console with {client.scopes}, or choose REST."
    )


def find_obstacles(
    client: Client, plans: Sequence[StreamPlan], settings: WriteSettings
) -> dict[StreamKey, str]:
    """The streams that go by REST, and why; all others may go by Bulk Write.

    Asks Zoho for layouts only where a stream may. Raises one config error for all that a connection
    lacks which asks for Bulk.
    """
    if settings.write_method == "REST":
        return {plan.stream: "Write method (write_method) is REST" for plan in plans}
    strict = settings.write_method == "Bulk"
    found: dict[StreamKey, str] = {}
    problems = []
    scopes = find_lacking_scopes(client)
    for plan in plans:
        of_plan = find_obstacle(plan, plans, settings) or _find_unknown_zone(client, plan)
        layout = None if of_plan else explain_missing_fields(client, plan)
        if strict and not of_plan and scopes:
            problems.append(explain_lacking_scopes(client, scopes))
        if strict and layout:
            problems.append(
                f"{plan.label}: Write method (write_method) is Bulk, and {layout}. Map a column to "
                "it, or choose REST."
            )
        lacking = f"the refresh token lacks {' and '.join(scopes)}" if scopes else None
        if strict or any(_iterate_limits(plan)):
            lacking = None
        if obstacles := [one for one in (of_plan, lacking, layout) if one]:
            found[plan.stream] = "; ".join(obstacles)
    raise_problems(dict.fromkeys(problems))
    return found


def find_obstacle(
    plan: StreamPlan, plans: Sequence[StreamPlan], settings: WriteSettings
) -> str | None:
    """All reasons why a stream cannot go by Bulk Write, as far as the plan says; None: nothing
    forbids it. What no setting changes is said alone."""
    if limits := list(_iterate_limits(plan)):
        return "; ".join(limits)
    obstacles = list(_iterate_obstacles(plan, plans, settings))
    if settings.write_method == "Automatic":
        obstacles += _iterate_differences(plan, settings)
    return "; ".join(dict.fromkeys(obstacles)) or None


def _iterate_limits(plan: StreamPlan) -> Iterator[str]:
    """What a job can never do."""
    module = plan.module
    if plan.operation == "delete":
        yield "it deletes nothing"
    if plan.table:
        yield "it does not change rows inside records"
    if not (module.custom or module.api_name in _MODULES):
        yield f"Zoho does not offer it for {module.api_name}"


def _iterate_obstacles(
    plan: StreamPlan, plans: Sequence[StreamPlan], settings: WriteSettings
) -> Iterator[str]:
    """What a job cannot do with these columns and settings."""
    module = plan.module
    if plan.key and plan.key.field and plan.key.field.external:
        yield f"whether it finds records by an External ID field ({plan.key.name}) is not known"
    for column in plan.columns:
        field = column.field
        if field is None:
            yield f"it has no place for {column.name}"
        elif column.external or field.external:
            yield f"it does not take External IDs ({column.target})"
        elif field.form == "reference" and not _names_module(field):
            yield f"it cannot say of which module the ids in {column.name} are"
        elif field.form not in (*_FORMS, "reference"):
            what = _WORDS.get(field.form or "", f"values of the type {field.data_type}")
            yield f"its file holds no {what} ({column.name})"
    if len(plan.columns) + (plan.key is not None) > MOST_COLUMNS:
        yield f"it takes {MOST_COLUMNS} columns at the most"
    if settings.clears_nulls and plan.operation != "insert":
        yield "Null values (null_values) is clear, and it empties no single field"
    if plan.lar_id:
        yield "it runs no assignment rule"
    for other in plans:
        if other is not plan and other.module.api_name == module.api_name:
            yield f"{other.label} writes to {module.api_name}, too, and the order would be lost"
        if module.api_name in list_named_modules(other):
            yield (
                f"{other.label} looks up records of {module.api_name}, which a job would write too "
                "late"
            )


def _names_module(field: TargetField) -> bool:
    return field.data_type in _LOOKUPS and field.lookup_module != SEVERAL_MODULES


def _iterate_differences(plan: StreamPlan, settings: WriteSettings) -> Iterator[str]:
    """Where a job may do something else than a call of REST."""
    # UNVERIFIED: whether rows of a job set off automations; no page says.
    if settings.automations != ():
        yield "it may not run the automations that Automations (automations) asks for"
    if plan.operation == "upsert" and plan.key:
        for column in plan.columns:
            if column.field and column.field.unique and column.name != plan.key.name:
                yield (f"it finds records by {plan.key.name} alone, and REST by {column.name}, too")


def _find_unknown_zone(client: Client, plan: StreamPlan) -> str | None:
    timed = list_timed(plan)
    if timed and client.time_zone is None:
        return f"the time zone of the token's user is not known, and {timed[0]} holds times"
    return None


def explain_missing_fields(client: Client, plan: StreamPlan) -> str | None:
    """Why Zoho takes no job for what layouts of the module require; None: they require nothing
    else, or a job can never write the stream. Asks Zoho for the layouts."""
    missing = [] if any(_iterate_limits(plan)) else find_missing_fields(client, plan)
    return f"a layout requires {', '.join(missing)}, which no column goes to" if missing else None


def find_missing_fields(client: Client, plan: StreamPlan) -> list[str]:
    """The fields without which Zoho takes no job: those that every layout of the module requires.

    "Create Bulk Write Job" says that layouts do not count; a live org refused such a job.
    UNVERIFIED: which layout counts of several, and that an update needs none of these fields.
    """
    if plan.operation not in ("insert", "upsert"):
        return []
    try:
        layouts = client.metadata.metadata(
            "settings/layouts", "layouts", module=plan.module.api_name
        )
    except (Refused, Unreadable):
        # Zoho itself will say what the job lacks.
        return []
    required = [set(_list_required(one)) for one in layouts if one.get("status") not in _INACTIVE]
    written = {column.name for column in (*plan.columns, *([plan.key] if plan.key else ()))}
    fields = plan.module.fields
    return sorted(
        name
        for name in (set.intersection(*required) if required else ())
        if name not in written and name in fields and fields[name].is_settable("insert")
    )


def _list_required(layout: Mapping[str, Any]) -> Iterator[str]:
    """ "Layouts Metadata"."""
    for section in layout.get("sections") or ():
        for field in as_object(section).get("fields") or ():
            entry = as_object(field)
            if entry.get("required") or entry.get("system_mandatory"):
                yield str(entry.get("api_name"))
