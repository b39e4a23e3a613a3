"""Builds the call that writes a batch, as Zoho's pages show it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.wanted_rows import find_external_paths
from zoho_crm.domains import quote_path_part

#: "Insert Records", "Update Records", "Upsert Records", "Delete Records": records of one call.
MOST_RECORDS = 100
#: "Delete Rescheduled History": one id per call.
_DELETED_SINGLY = ("Appointments_Rescheduled_History__s",)
#: Keys to be deleted are in the address, which servers cut at 8 KB: so many of its characters are
#: for keys. A letter beyond ASCII takes six or more.
MOST_DELETE_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, Any] | None
    #: Making it twice does the same as making it once.
    repeatable: bool


def get_max_records(plan: StreamPlan) -> int:
    """How many records one call takes."""
    if plan.operation == "delete" and plan.module.api_name in _DELETED_SINGLY:
        return 1
    return MOST_RECORDS


def build_call(
    plan: StreamPlan,
    records: Sequence[Mapping[str, Any]],
    automations: Sequence[str] | None,
    skipped: Sequence[str],
) -> Call:
    """`automations`: the kinds that may run; None: all, which is Zoho's default.
    `skipped`: features that are none of these kinds and run unless the call says otherwise."""
    module = quote_path_part(plan.module.api_name)
    headers = _build_external_header(plan, records)
    if plan.operation == "delete":
        assert plan.key is not None
        params = build_deletion([str(record[plan.key.name]) for record in records], automations)
        return Call("DELETE", module, params, headers, None, repeatable=True)
    body = build_body(records, automations, skipped)
    if plan.lar_id is not None:
        body["lar_id"] = plan.lar_id
    if plan.operation == "insert":
        return Call("POST", module, {}, headers, body, repeatable=False)
    if plan.operation == "update":
        return Call("PUT", module, {}, headers, body, repeatable=True)
    assert plan.key is not None
    # UNVERIFIED: that an External ID field may be named here; "Upsert Records Using External ID"
    # counts it among the unique fields, and these may.
    body["duplicate_check_fields"] = [plan.key.name]
    return Call("POST", f"{module}/upsert", {}, headers, body, repeatable=True)


def build_deletion(keys: Sequence[str], automations: Sequence[str] | None) -> dict[str, str]:
    """The parameters of "Delete Records"."""
    params = {"ids": ",".join(keys)}
    if automations is not None:
        params["wf_trigger"] = "true" if "workflow" in automations else "false"
    return params


def build_body(
    records: Sequence[Mapping[str, Any]], automations: Sequence[str] | None, skipped: Sequence[str]
) -> dict[str, Any]:
    """What every call that brings records has in its body."""
    body: dict[str, Any] = {"data": list(records)}
    if automations is not None:
        body["trigger"] = list(automations)
        if skipped:
            # UNVERIFIED: that an upsert skips a feature for new and for changed records unless an
            # `action` is named.
            body["skip_feature_execution"] = [{"name": name} for name in skipped]
    return body


def _build_external_header(
    plan: StreamPlan, records: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """The header by which values of External ID fields stand for ids, in rows of subforms too.

    "Records Using External ID". An upsert needs none for its own key: there an external field
    counts as unique.
    """
    module = plan.module.api_name
    paths = [
        f"{module}.{column.name}.{column.external.api_name}"
        for column in plan.columns
        if column.external is not None
    ]
    if plan.key_kind == "external" and plan.operation in ("update", "delete"):
        assert plan.key is not None
        paths.insert(0, f"{module}.{plan.key.name}")
    in_rows = (find_external_paths(plan.row_shapes, record) for record in records)
    paths += (f"{module}.{'.'.join(path)}" for path in sorted(frozenset().union(*in_rows)))
    return {"X-EXTERNAL": ",".join(paths)} if paths else {}
