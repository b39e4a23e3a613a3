"""POST /crm/bulk/{v}/read and GET below it ("Bulk Read")."""

from collections.abc import AsyncIterator
from pathlib import Path

from starlette.responses import Response, StreamingResponse

from zoho_emulator.answers import answer_json
from zoho_emulator.bulk import query as queries
from zoho_emulator.bulk.jobs import COMPLETED, FAILURE, Job
from zoho_emulator.call import Call
from zoho_emulator.emulator import Emulator
from zoho_emulator.errors import ZohoError
from zoho_emulator.localtime import build_local_time

#: Codes of refused jobs that stand in `data`, as the answers to good ones do; the others are the
#: answer itself. Zoho's specification gives those a form of their own, and these either form.
#: UNVERIFIED: that these take the one of the two.
_IN_DATA = frozenset(
    {
        "REQUEST_BODY_IS_EMPTY",
        "REQUEST_BODY_NOT_READABLE",
        "MODULE_NOT_AVAILABLE",
        "FIELD_NOT_AVAILABLE",
        "FIELD_NOT_SUPPORTED",
        "FIELD_IN_CRITERIA_NOT_AVAILABLE",
        "COMPARATOR_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE",
        "VALUE_IN_CRITERIA_NOT_SUPPORTED",
        "VALUE_LIMIT_EXCEEDED_IN_CRITERIA",
        "CRITERIA_LIMIT_EXCEEDED",
        "JOIN_LIMIT_EXCEEDED",
        "PAGE_NOT_SUPPORTED",
        "QUERY_NOT_SUPPORTED",
    }
)
_BLOCK = 256 * 1024


def find_module(emulator: Emulator, job_id: str | None, body: bytes) -> str | None:
    """The module of a call, where that is known before its work: for counting and for faults."""
    if job_id is None:
        return queries.find_module(body)
    return emulator.bulk_reads.find_module(job_id)


def create_job(call: Call) -> Response:
    _require_bulk(call)
    emulator = call.emulator
    try:
        query = queries.read_query(
            call, lambda token: emulator.bulk_reads.follow_token(token, emulator.user)
        )
    except ZohoError as error:
        if error.code not in _IN_DATA:
            raise
        return answer_json({"data": [error.body()]}, status=error.status)
    # UNVERIFIED: a refused job costs no more than the one credit of each call.
    call.spend_more(max(0, call.knobs.bulk_job_credits - 1))
    emulator.churn(query.module)
    job = emulator.bulk_reads.create(query, call.version, emulator.user)
    added = {
        "status": "success",
        "code": "ADDED_SUCCESSFULLY",
        "message": "Added successfully.",
        "details": {
            "id": job.id,
            "operation": "read",
            "state": "ADDED",
            **_describe_origin(call, job),
        },
    }
    return answer_json({"data": [added], "info": {}}, status=201)


def show_job(call: Call) -> Response:
    job = _find_job(call)
    details: dict[str, object] = {
        "id": job.id,
        "operation": "read",
        "state": job.state,
        "query": job.query.shown,
        **_describe_origin(call, job),
        "file_type": "csv",
    }
    # Zoho's samples show a result in earlier states too, and its text says that there is none.
    if job.state == COMPLETED:
        job.looks += 1
        if job.looks > call.knobs.bulk_bare_looks:
            details["result"] = _describe_result(job)
    elif job.state == FAILURE:
        error = ZohoError("INTERNAL_SERVER_ERROR", "Internal server error occurred.")
        details["result"] = {"error_message": error.body()}
    return answer_json({"data": [details]})


def download_result(call: Call) -> Response:
    """The ZIP from the disk, in blocks."""
    job = _find_job(call)
    path = call.emulator.bulk_reads.download(job).path
    return StreamingResponse(
        _read_blocks(path),
        media_type="application/zip",
        headers={
            "content-disposition": f'attachment; filename="{job.id}.zip"',
            "content-length": str(path.stat().st_size),
        },
    )


def _require_bulk(call: Call) -> None:
    call.emulator.accounts.require("ZohoCRM.bulk.READ", "ZohoCRM.bulk.ALL")


def _find_job(call: Call) -> Job:
    _require_bulk(call)
    job = call.emulator.bulk_reads.find(call.path_params["job"])
    call.check_readable(job.query.module)
    return job


def _describe_origin(call: Call, job: Job) -> dict[str, object]:
    return {
        "created_by": {"id": str(job.user.id), "name": job.user.full_name},
        "created_time": build_local_time(call.store.org.time_zone)(int(job.created)),
    }


def _describe_result(job: Job) -> dict[str, object]:
    result: dict[str, object] = {
        "page": job.query.page,
        "per_page": job.per_page,
        "count": job.count,
        "download_url": f"/crm/bulk/{job.version.name}/read/{job.id}/result",
        "more_records": job.more,
    }
    if job.next_page_token is not None:
        result["next_page_token"] = job.next_page_token
    return result


async def _read_blocks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
