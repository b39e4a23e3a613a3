"""Every kind of fault that a read may meet."""

from collections.abc import Mapping

from chaos import changes
from chaos.setting import BADLY, BULK, COQL, EITHER, REST, Fault, Plan, Setting, amid, once, refusal

#: Longer than a token lives.
_TOKEN_S = 3_700
_HOURS_S = 5 * 3_600
_HTML = "<html><body>The service is busy.</body></html>"
_HTML_HEADERS = {"content-type": "text/html"}


# --- Answers without content


def _no_content(s: Setting) -> Plan:
    return once(s.promised(), "status", status=s.rng.choice([204, 304]))


def _stays_empty(s: Setting) -> Plan:
    return Plan([{**s.records(), "do": "body", "args": {"body": "", "status": 200}}])


def _html(s: Setting) -> Plan:
    return once(s.any(), "body", body=_HTML, status=200, headers=_HTML_HEADERS)


def _gzip(s: Setting, do: str, **args: object) -> Plan:
    where = {**s.json(), "times": 1}
    return Plan([{**where, "do": "gzip"}, {**where, "do": do, "args": args}])


# --- Statuses and connections


def _status(s: Setting) -> Plan:
    status = s.rng.choice([500, 502, 503, 504])
    body = s.rng.choice([_HTML, refusal("INTERNAL_ERROR"), ""])
    return once(s.any(), "status", s.rng.randint(1, 3), status=status, body=body)


def _status_stays(s: Setting) -> Plan:
    return Plan([{**s.records(), "do": "status", "args": {"status": 503}}])


def _too_many(s: Setting) -> Plan:
    body = refusal("TOO_MANY_REQUESTS", "Many requests fired in concurrent than the allowed limit.")
    return once(s.any(), "status", s.rng.randint(1, 2), status=429, body=body)


def _credits(s: Setting) -> Plan:
    def spend() -> None:
        s.org.knobs(credits_used=10**9)

    return amid(s, spend, knobs={"credits_used": 0}, says="credits")


def _refused(s: Setting) -> Plan:
    return amid(s, lambda: s.door.shut(3), hit=lambda: s.door.broken > 0)


def _cut(s: Setting) -> Plan:
    return once(s.any(), "cut", after_bytes=s.rng.randint(0, 2_000))


def _count(s: Setting) -> Plan:
    """A page that says that it has more rows than it has."""
    return once(s.records(), "replace", old='"count":', new='"count":9')


# --- Zoho's clock, hosts and tokens


def _date(s: Setting, off_s: int) -> Plan:
    # The first calls are those whose time a read may go by.
    where = s.rng.choice([{"match": "settings.*"}, {"match": "org"}, s.any(), s.early()])
    return once(where, "date", s.rng.randint(1, 5), off_s=off_s)


def _redirect(s: Setting, status: int) -> Plan:
    where = s.rng.choice([s.records(), {"match": "token"}, {"match": "settings.modules"}])
    headers = {"Location": f"{s.foreign}/crm/v8/Leads"}
    return once(where, "status", 20, status=status, headers=headers)


def _token_expires(s: Setting) -> Plan:
    before = s.org.tokens()
    return amid(s, lambda: s.org.advance(_TOKEN_S), hit=lambda: s.org.tokens() >= before + 2)


def _token_revoked(s: Setting) -> Plan:
    gone = {"match": "token", "after": 1, "do": "body", "args": {"body": {"error": "invalid_code"}}}
    return amid(s, lambda: s.org.advance(_TOKEN_S), gone, says="(?i)refresh token")


def _token_odd(s: Setting) -> Plan:
    body = s.rng.choice([{}, {"error": "general_error"}, {"access_token": None}, "", _HTML])
    return once({"match": "token"}, "body", body=body)


def _token_bare(s: Setting) -> Plan:
    knobs: Mapping[str, object] = s.rng.choice(
        [
            {"token_without": ["expires_in"]},
            {"token_without": ["expires_in", "api_domain", "token_type"]},
            {"token_expires_in": 3_600_000},
        ]
    )
    before = s.org.tokens()
    return Plan(knobs=knobs, hit=lambda: s.org.tokens() > before)


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
    Fault("html_200", _html),
    Fault("gzip_cut", lambda s: _gzip(s, "shorten", bytes=s.rng.randint(1, 200))),
    Fault("gzip_flipped", lambda s: _gzip(s, "flip", at=s.rng.uniform(0.1, 0.95))),
    Fault("status_5xx", _status),
    Fault("status_503_stays", _status_stays, ends=BADLY),
    Fault("too_many_at_once", _too_many),
    Fault("credits_used_up", _credits, ends=BADLY),
    Fault("count_wrong", _count, methods=(COQL, REST)),
    Fault("connections_refused", _refused),
    Fault("reset_before", lambda s: once(s.any(), "reset", s.rng.randint(1, 2), done=False)),
    Fault("reset_after", lambda s: once(s.any(), "reset", done=True)),
    Fault("cut_within", _cut),
    Fault("slow", lambda s: once(s.any(), "slow", seconds=2)),
    Fault("silent", lambda s: once(s.any(), "delay", seconds=4)),
    Fault("date_ahead", lambda s: _date(s, _HOURS_S)),
    Fault("date_behind", lambda s: _date(s, -_HOURS_S)),
    Fault("redirect_302", lambda s: _redirect(s, 302), ends=BADLY),
    Fault("redirect_307", lambda s: _redirect(s, 307), ends=BADLY),
    Fault(
        "token_refused",
        lambda s: once(s.any(), "status", status=401, body=refusal("INVALID_TOKEN")),
    ),
    Fault("token_expires", _token_expires),
    Fault("token_revoked", _token_revoked, ends=BADLY),
    Fault("token_odd", _token_odd),
    Fault("token_bare", _token_bare),
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
