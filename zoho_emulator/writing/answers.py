"""What a writing call answers: an item per record, in the order of the request."""

from collections.abc import Callable, Mapping, Sequence

import orjson
from starlette.responses import Response

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError

Item = dict[str, object]


def build_success(message: str, details: Mapping[str, object], **more: object) -> Item:
    return {
        "code": "SUCCESS",
        **more,
        "details": dict(details),
        "message": message,
        "status": "success",
    }


def locate(call: Call, error: ZohoError, path: str, **details: object) -> ZohoError:
    """The error with its place in the body, where the version shows it."""
    where = {"json_path": path} if call.version.json_paths else {}
    shown = {**error.details, **where, **details}
    return ZohoError(error.code, error.message, shown, status=error.status)


def build_failure(call: Call, problems: Sequence[ZohoError]) -> Item:
    """One problem, or all of them where the version reports all ("Insert Records" of v8)."""
    if len(problems) == 1 or not (call.version.v7_writes and call.knobs.multiple_errors):
        return problems[0].body()
    return ZohoError(
        "MULTIPLE_OR_MULTI_ERRORS",
        "Multiple errors in the request",
        {"errors": [problem.body() for problem in problems]},
    ).body()


def write_each(
    call: Call, records: Sequence[object], work: Callable[[int, object], Item], *, done: int = 200
) -> Response:
    """Does the work for every record. One that fails leaves nothing behind and stops no other."""
    items, failed = [], []
    for index, record in enumerate(records):
        try:
            with call.store.all_or_nothing():
                items.append(work(index, record))
        except ProblemsError as refused:
            items.append(build_failure(call, refused.problems))
            failed += [refused.problems[0].status]
        except ZohoError as error:
            if error.status == 501:
                raise
            items.append(error.body())
            failed += [error.status]
    return Response(
        orjson.dumps({"data": items}),
        status_code=_choose_status(call, len(items), failed, done),
        media_type="application/json",
    )


class ProblemsError(Exception):
    """What is wrong with one record."""

    def __init__(self, problems: Sequence[ZohoError]) -> None:
        super().__init__(str(problems))
        self.problems = problems


def _choose_status(call: Call, records: int, failed: Sequence[int], done: int) -> int:
    """`failed` are statuses of single records: shown where all failed with the same one.

    UNVERIFIED: v2's 202; no page of v2 says so, clients in use expect it.
    """
    if not failed:
        return done
    if len(failed) < records:
        return call.knobs.some_failed_status or call.version.some_failed
    if failed[0] != 400 and len(set(failed)) == 1:
        return failed[0]
    return call.knobs.all_failed_status or call.version.all_failed
