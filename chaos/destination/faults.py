"""Every kind of fault that a write may meet."""

from chaos import mishaps
from chaos.destination.bulk_faults import BULK_FAULTS
from chaos.destination.setting import INSERTS, Fault, Setting
from chaos.destination.traffic import Size
from chaos.mishaps import HOURS_S, HTML, HTML_HEADERS
from chaos.setting import BADLY, EITHER, Plan, Rule, once, refusal

#: An outcome as Zoho gives it, of a record that is not there.
_OUTCOME = {
    "code": "SUCCESS",
    "status": "success",
    "message": "record added",
    "details": {"id": "1"},
}
#: More than any call of a scenario has.
_TOO_MANY = 101
#: Statuses that gateways in between give to calls that were carried out.
_OF_GATEWAYS = (413, 499)

# --- Answers that are lost after the work was done


def _lost(s: Setting, body: object = "", status: int = 200, times: int = 1) -> Plan:
    return once(s.main(), "body", times, body=body, status=status)


def _lost_to_html(s: Setting) -> Plan:
    return once(s.main(), "body", body=HTML, status=200, headers=HTML_HEADERS)


def _lost_to_5xx(s: Setting) -> Plan:
    status = s.rng.choice([500, 502, 503, 504])
    body = s.rng.choice([HTML, refusal("INTERNAL_ERROR"), ""])
    return once(s.main(), "status", s.rng.randint(1, 2), status=status, body=body, done=True)


def _lost_to_4xx(s: Setting) -> Plan:
    status = s.rng.choice(_OF_GATEWAYS)
    return once(s.main(), "status", status=status, body=HTML, headers=HTML_HEADERS, done=True)


def _without_codes(s: Setting) -> Plan:
    """Outcomes that do not say whether they are good."""
    where = {**s.main(), "times": 1, "do": "replace"}
    texts = (('"code":', '"number":'), ('"status":', '"state":'))
    return Plan([{**where, "args": {"old": old, "new": new}} for old, new in texts])


def _always_lost(s: Setting) -> Plan:
    return Plan([{**s.early(), "do": "status", "args": {"status": 503, "done": True}}])


# --- Refusals of whole calls


def _refused(s: Setting) -> Plan:
    code = s.rng.choice(["NO_PERMISSION", "INVALID_MODULE", "OAUTH_SCOPE_MISMATCH"])
    return once(s.main(), "status", 99, status=403, body=refusal(code, "refused"))


def _refused_in_data(s: Setting) -> Plan:
    """A refusal of the call that stands where the outcomes of its records do."""
    code = s.rng.choice(
        ["INVALID_MODULE", "OAUTH_SCOPE_MISMATCH", "LIMIT_EXCEEDED", "AUTHORIZATION_FAILED"]
    )
    body = {"data": [refusal(code, "refused")]}
    return once(s.main(), "status", 99, status=s.rng.choice([400, 403]), body=body)


# --- Look-ups of inserts whose answer was lost


def _looked_up(s: Setting, do: str, times: int = 1, /, **args: object) -> Plan:
    """One insert is carried out or not, its answer is lost, and so is that of the look-up."""
    lost: Rule = {**s.main(), "times": 1, "do": "status"}
    lost["args"] = {"status": 503, "done": s.rng.random() < 0.7}
    look_up = {"match": f"coql:{s.operation.module}", "times": times, "do": do, "args": args}
    return Plan([lost, look_up])


def _seen_late(s: Setting) -> Plan:
    """Queries show a record some seconds after it was added."""
    return Plan(_lost(s).rules, knobs={"visible_after_s": 3})


def _off(s: Setting) -> Plan:
    """The clock of the first calls is wrong, and then an insert has to be looked up."""
    off_s = s.rng.choice([-1, 1]) * HOURS_S
    off = {"match": "*", "times": 3, "do": "date", "args": {"off_s": off_s}}
    return Plan([*_lost_to_html(s).rules, off])


_BARE_ROWS = {"data": [{"id": "1"}], "info": {"count": 1, "more_records": False}}

FAULTS: list[Fault] = [
    # Nothing goes wrong: rows of a key must be in order all the same.
    Fault("none", lambda s: Plan(hit=lambda: s.org.calls(s.operation.call) > 0), lost=False),
    Fault("overtaken", lambda s: once(s.main(), "delay", seconds=1.5), lost=False),
    Fault(
        "whole_batches",
        lambda s: once(s.main(), "delay", s.rng.randint(1, 2), seconds=1.0),
        lost=False,
        size=Size(rows=700, between=(90, 350)),
    ),
    Fault("lost_to_html", _lost_to_html),
    Fault("lost_to_empty_200", _lost),
    Fault("lost_to_empty_object", lambda s: _lost(s, {})),
    Fault("lost_to_list", lambda s: _lost(s, [])),
    Fault("lost_to_null", lambda s: _lost(s, "null")),
    Fault("lost_to_204", lambda s: _lost(s, status=204)),
    Fault("lost_to_5xx", _lost_to_5xx),
    Fault("lost_to_4xx", _lost_to_4xx, ends=EITHER),
    Fault("lost_to_null_data", lambda s: _lost(s, {"data": None})),
    Fault("outcomes_none", lambda s: _lost(s, {"data": []})),
    Fault("outcomes_too_few", lambda s: _lost(s, {"data": [_OUTCOME]}), size=Size(between=(5, 60))),
    Fault("outcomes_too_many", lambda s: _lost(s, {"data": [_OUTCOME] * _TOO_MANY})),
    Fault("outcomes_in_object", lambda s: _lost(s, {"data": {"0": _OUTCOME}})),
    Fault("outcomes_without_code", _without_codes),
    Fault("always_lost", _always_lost, ends=EITHER, operations=INSERTS, unknown=True),
    Fault("status_5xx", mishaps.status),
    Fault("status_503_stays", mishaps.status_stays, ends=BADLY, operations=INSERTS, unknown=True),
    Fault("too_many_at_once", mishaps.too_many, lost=False),
    Fault("reset_before", lambda s: once(s.any(), "reset", s.rng.randint(1, 2), done=False)),
    Fault("reset_after", lambda s: once(s.main(), "reset", done=True)),
    Fault("cut_within", lambda s: once(s.main(), "cut", after_bytes=s.rng.randint(0, 2_000))),
    Fault("connections_refused", mishaps.connections_refused, general=True),
    Fault("slow", lambda s: once(s.any(), "slow", seconds=2), lost=False, general=True),
    Fault(
        "redirect_307", lambda s: mishaps.redirect(s, 307), ends=BADLY, repeats=True, general=True
    ),
    Fault("refused", _refused, ends=BADLY, repeats=True),
    Fault("refused_in_data", _refused_in_data, ends=BADLY, repeats=True),
    Fault("credits_used_up", mishaps.credits_used_up, ends=BADLY, repeats=True, general=True),
    Fault("token_refused", mishaps.token_refused, lost=False, general=True),
    Fault("token_expires", mishaps.token_expires, lost=False, general=True, size=Size(rows=700)),
    Fault(
        "token_revoked",
        mishaps.token_revoked,
        ends=BADLY,
        repeats=True,
        general=True,
        size=Size(rows=700),
    ),
    Fault("token_odd", mishaps.token_odd, lost=False, general=True),
    Fault("token_bare", mishaps.token_bare, lost=False, general=True),
    Fault("date_off", _off, operations=INSERTS),
    Fault("look_up_late", _seen_late, operations=INSERTS),
    Fault("look_up_empty_object", lambda s: _looked_up(s, "body", body={}), operations=INSERTS),
    Fault("look_up_empty_200", lambda s: _looked_up(s, "body", body=""), operations=INSERTS),
    Fault("look_up_null", lambda s: _looked_up(s, "body", body="null"), operations=INSERTS),
    Fault("look_up_no_rows", lambda s: _looked_up(s, "status", status=204), operations=INSERTS),
    Fault(
        "look_up_without_columns",
        lambda s: _looked_up(s, "body", body=_BARE_ROWS),
        operations=INSERTS,
    ),
    Fault("look_up_5xx", lambda s: _looked_up(s, "status", 2, status=502), operations=INSERTS),
    Fault(
        "look_up_stays_odd",
        lambda s: _looked_up(s, "body", 99, body={}),
        ends=EITHER,
        operations=INSERTS,
        unknown=True,
    ),
    *BULK_FAULTS,
]

BY_NAME = {fault.name: fault for fault in FAULTS}
