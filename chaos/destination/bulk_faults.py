"""Every kind of fault that a job of Bulk Write may meet."""

from collections.abc import Callable
from functools import partial

from chaos import mishaps
from chaos.destination.setting import BULK, JOB, Fault, Setting
from chaos.mishaps import HTML, HTML_HEADERS
from chaos.setting import EITHER, Plan, Rule, once, refusal

_UPSERTS = ("upsert_bulk", "update_bulk")


def _step(s: Setting, step: str) -> Rule:
    """One of the calls of a job."""
    return {"match": f"bulk_write.{step}:{s.operation.module}"}


def _lost(rule: Rule, s: Setting) -> Plan:
    """The work is done, and its answer never comes."""
    ways = [
        once(rule, "status", status=503, body=HTML, headers=HTML_HEADERS, done=True),
        once(rule, "reset", done=True),
        once(rule, "body", body="", status=200),
        once(rule, "body", body={}, status=200),
    ]
    return s.rng.choice(ways)


def _not_done(rule: Rule, s: Setting) -> Plan:
    ways = [
        once(rule, "reset", s.rng.randint(1, 2), done=False),
        once(rule, "status", s.rng.randint(1, 2), status=502, body=HTML, headers=HTML_HEADERS),
    ]
    return s.rng.choice(ways)


def _gone(rule: Rule) -> Plan:
    return once(rule, "status", 99, status=404, body=refusal("RESOURCE_NOT_FOUND", "gone"))


def _file_gone(s: Setting) -> Plan:
    """The file is no more when the job is to be made."""
    code = s.rng.choice(["INVALID_FILE_ID", "FILE_NOT_FOUND"])
    return once(_step(s, "create"), "status", status=400, body=refusal(code, "gone"))


def _knob(**knobs: object) -> Callable[[Setting], Plan]:
    """What Zoho does of itself; a job was made, so it was seen."""
    return lambda s: Plan(knobs=knobs, hit=lambda: s.org.calls(s.operation.match) > 0)


#: Of every operation by Bulk Write, with rows enough for a job.
_fault = partial(Fault, operations=BULK, size=JOB)

BULK_FAULTS: list[Fault] = [
    _fault("bulk_none", _knob(), lost=False),
    _fault("upload_lost", lambda s: _lost({"match": "upload"}, s), lost=False),
    _fault("upload_fails", lambda s: _not_done({"match": "upload"}, s), lost=False),
    # Of inserts, it is looked up for minutes what such a job has written.
    _fault("creation_lost", lambda s: _lost(_step(s, "create"), s), operations=_UPSERTS),
    _fault("file_expired", _file_gone, lost=False),
    _fault("status_lost", lambda s: _lost(_step(s, "status"), s), lost=False),
    _fault("status_gone", lambda s: _gone(_step(s, "status")), ends=EITHER, unknown=True),
    _fault("result_lost", lambda s: _lost(_step(s, "result"), s)),
    _fault("result_gone", lambda s: _gone(_step(s, "result"))),
    _fault(
        "result_halved",
        lambda s: once(_step(s, "result"), "shorten", bytes=s.rng.randint(1, 2_000)),
    ),
    _fault(
        "result_flipped", lambda s: once(_step(s, "result"), "flip", at=s.rng.uniform(0.1, 0.9))
    ),
    _fault("result_lacks_rows", _knob(bulk_write_result_lacks=7)),
    _fault("result_late", _knob(bulk_write_bare_looks=2), lost=False),
    _fault("rows_unprocessed", _knob(bulk_write_unprocessed=9)),
    _fault("write_job_fails", _knob(bulk_write_fail=1, bulk_write_fail_rows=50)),
    _fault("write_job_fails_at_once", _knob(bulk_write_fail=9), lost=False),
    # A word that does not tell new records from others: upserts are made again by REST.
    _fault("other_words", _knob(bulk_write_status_words="success")),
    _fault("bulk_token_expires", mishaps.token_expires, lost=False),
]
