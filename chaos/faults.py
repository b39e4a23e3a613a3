"""Every kind of fault that a read may meet."""

from chaos import changes, mishaps
from chaos.mishaps import HOURS_S
from chaos.setting import BADLY, BULK, COQL, EITHER, REST, Fault, Plan, Setting, amid, once, refusal

# --- Answers without content, or with another than they promise


def _no_content(s: Setting) -> Plan:
    return once(s.promised(), "status", status=s.rng.choice([204, 304]))


def _stays_empty(s: Setting) -> Plan:
    return Plan([{**s.records(), "do": "body", "args": {"body": "", "status": 200}}])


def _gzip(s: Setting, do: str, **args: object) -> Plan:
    where = {**s.json(), "times": 1}
    return Plan([{**where, "do": "gzip"}, {**where, "do": do, "args": args}])


def _count(s: Setting) -> Plan:
    """A page that says that it has more rows than it has."""
    return once(s.records(), "replace", old='"count":', new='"count":9')


# --- Jobs of Bulk Read


def _job_fails(s: Setting) -> Plan:
    failed = {
        "id": "1",
        "operation": "read",
        "state": "FAILURE",
        "result": {"error_message": refusal("INTERNAL_SERVER_ERROR")},
    }
    return once({"match": "bulk.status:Leads"}, "body", body={"data": [failed]})


def _not_found(step: str) -> Plan:
    body = refusal("RESOURCE_NOT_FOUND", "The requested resource doesn't exist.")
    return once({"match": f"bulk.{step}:Leads"}, "status", status=404, body=body)


def _job_bare(s: Setting) -> Plan:
    return Plan(knobs={"bulk_bare_looks": 2}, hit=lambda: s.org.calls("bulk.status:Leads") >= 3)


def _job_says(old: str, new: str) -> Plan:
    """Whatever is done, Zoho says of the job what its file does not hold."""
    return Plan([{"match": "bulk.status:Leads", "do": "replace", "args": {"old": old, "new": new}}])


def _result_changed(s: Setting, do: str, **args: object) -> Plan:
    module = s.rng.choice(["Leads", "Vehicles", "Service_History"])
    return once({"match": f"bulk.result:{module}"}, do, **args)


FAULTS: list[Fault] = [
    Fault("empty_200", lambda s: once(s.any(), "body", body="", status=200)),
    Fault("empty_200_stays", _stays_empty, ends=BADLY),
    Fault("empty_object", lambda s: once(s.any(), "body", body={}, status=200)),
    Fault("null_data", lambda s: once(s.json(), "body", body={"data": None}, status=200)),
    Fault("no_content", _no_content, methods=(COQL, REST)),
    Fault("html_200", mishaps.html),
    Fault("gzip_cut", lambda s: _gzip(s, "shorten", bytes=s.rng.randint(1, 200))),
    Fault("gzip_flipped", lambda s: _gzip(s, "flip", at=s.rng.uniform(0.1, 0.95))),
    Fault("status_5xx", mishaps.status),
    Fault("status_503_stays", mishaps.status_stays, ends=BADLY),
    Fault("too_many_at_once", mishaps.too_many),
    Fault("credits_used_up", mishaps.credits_used_up, ends=BADLY),
    Fault("count_wrong", _count, methods=(COQL, REST)),
    Fault("connections_refused", mishaps.connections_refused),
    Fault("reset_before", lambda s: once(s.any(), "reset", s.rng.randint(1, 2), done=False)),
    Fault("reset_after", lambda s: once(s.any(), "reset", done=True)),
    Fault("cut_within", mishaps.cut),
    Fault("slow", lambda s: once(s.any(), "slow", seconds=2)),
    Fault("silent", lambda s: once(s.any(), "delay", seconds=4)),
    Fault("date_ahead", lambda s: mishaps.date(s, HOURS_S)),
    Fault("date_behind", lambda s: mishaps.date(s, -HOURS_S)),
    Fault("redirect_302", lambda s: mishaps.redirect(s, 302), ends=BADLY),
    Fault("redirect_307", lambda s: mishaps.redirect(s, 307), ends=BADLY),
    Fault("token_refused", mishaps.token_refused),
    Fault("token_expires", mishaps.token_expires),
    Fault("token_revoked", mishaps.token_revoked, ends=BADLY),
    Fault("token_odd", mishaps.token_odd),
    Fault("token_bare", mishaps.token_bare),
    Fault("job_fails", _job_fails, ends=EITHER, methods=(BULK,)),
    Fault("job_vanishes", lambda s: _not_found("status"), ends=EITHER, methods=(BULK,)),
    Fault("result_expires", lambda s: _not_found("result"), ends=EITHER, methods=(BULK,)),
    Fault("job_without_result", _job_bare, methods=(BULK,)),
    Fault(
        "job_count_wrong",
        lambda s: _job_says('"count":', '"count":9'),
        ends=BADLY,
        methods=(BULK,),
    ),
    Fault(
        "job_promises_more",
        lambda s: _job_says('"more_records":false', '"more_records":true'),
        ends=EITHER,
        methods=(BULK,),
    ),
    Fault(
        "result_cut",
        lambda s: _result_changed(s, "shorten", bytes=s.rng.randint(1, 200)),
        methods=(BULK,),
    ),
    Fault(
        "result_flipped",
        lambda s: _result_changed(s, "flip", at=s.rng.uniform(0.1, 0.9)),
        methods=(BULK,),
    ),
    Fault("field_appears", changes.field_appears),
    Fault("field_vanishes", changes.field_vanishes, ends=EITHER),
    Fault("field_changes_type", changes.field_changes, ends=EITHER),
    Fault("module_appears", changes.module_appears),
    Fault("module_vanishes", changes.module_vanishes, ends=EITHER),
    Fault("edits_at_a_rate", changes.edits_at_a_rate),
    Fault("mass_update", changes.mass_update),
    Fault("deletions", changes.deletions),
    Fault("work", lambda s: amid(s, lambda: s.org.work(0.3))),
    Fault("odd_text", changes.odd_text),
    Fault(
        "lone_surrogate",
        lambda s: changes.odd_value(s, changes.MARK, "odd \\ud83d text"),
        methods=(COQL, REST),
    ),
    Fault(
        "control_character",
        lambda s: changes.odd_value(s, changes.MARK, "odd \x01"),
        methods=(COQL, REST),
    ),
    Fault(
        "odd_type",
        lambda s: changes.odd_value(s, f'"{changes.MARK}"', s.rng.choice(changes.TYPES)),
        methods=(COQL, REST),
    ),
]

BY_NAME = {fault.name: fault for fault in FAULTS}
