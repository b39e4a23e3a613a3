"""POST /crm/{v}/upload, POST /crm/bulk/{v}/write, GET below it, and the result of a job."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from starlette.responses import Response, StreamingResponse

from zoho_emulator.answers import answer_json
from zoho_emulator.bulk_write.columns import Column
from zoho_emulator.bulk_write.jobs import ADDED, COMPLETED, FAILED, IN_PROGRESS, Job, not_found
from zoho_emulator.bulk_write.request import find_module as find_requested
from zoho_emulator.bulk_write.request import read_request
from zoho_emulator.bulk_write.uploads import read_upload
from zoho_emulator.bulk_write.work import Part, keep, write_rows
from zoho_emulator.call import Call
from zoho_emulator.emulator import Emulator
from zoho_emulator.localtime import build_local_time
from zoho_emulator.store.model import Module
from zoho_emulator.versions import Version

_BLOCK = 256 * 1024
#: Keys of a mapping that the answers of early versions have, null or not.
_NULLABLE = ("format", "find_by", "module", "default_value")


def find_module(emulator: Emulator, job_id: str | None, body: bytes) -> str | None:
    """The module of a call, where that is known before its work: for counting and for faults."""
    return find_requested(body) if job_id is None else emulator.bulk_writes.find_module(job_id)


def upload(call: Call) -> Response:
    call.emulator.accounts.require("ZohoFiles.files.ALL")
    content = read_upload(call)
    file_id = str(call.store.ids.take())
    path = call.store.path.with_name(f"upload-{file_id}.zip")
    call.emulator.bulk_writes.uploads.keep(file_id, path, content)
    when = build_local_time(call.store.org.time_zone)(call.emulator.clock.now())
    details = {"file_id": file_id, "created_time": when}
    return answer_json(_succeed("FILE_UPLOAD_SUCCESS", "file uploaded.", details))


def create_job(call: Call) -> Response:
    _require_bulk(call)
    request = read_request(call)
    # UNVERIFIED: a refused job costs no more than the one credit of each call.
    call.spend_more(max(0, call.knobs.bulk_write_job_credits - 1))
    # The rows come without the headers and the body of the call.
    bare = replace(call, headers={}, query={}, body=b"")
    parts = [Part(resource) for resource in request.resources]

    def begin(path: Path, *, fails: bool) -> Iterator[None]:
        return write_rows(bare, request.operation, parts, path, fails=fails)

    job = call.emulator.bulk_writes.create(request, parts, call.version, call.emulator.user, begin)
    details = {"id": job.id, "created_by": _describe_user(job)}
    return answer_json(_succeed("SUCCESS", "success", details), status=201)


def show_job(call: Call) -> Response:
    _require_bulk(call)
    job = call.emulator.bulk_writes.find(call.path_params["job"])
    if job is None:
        raise not_found()
    shown: dict[str, object] = {
        "status": _name_state(call, job.state),
        "resource": [_describe_part(call, job, part) for part in job.parts],
        "id": job.id,
        "created_by": _describe_user(job),
        "operation": job.request.operation,
        "created_time": build_local_time(call.store.org.time_zone)(int(job.created)),
    }
    if not call.version.v7_bulk_write:
        shown["ignore_empty"] = job.parts[0].resource.ignore_empty
    if job.state == COMPLETED:
        shown["character_encoding"] = job.parts[0].resource.table.encoding
        job.looks += 1
        if job.looks > call.knobs.bulk_write_bare_looks:
            shown["result"] = {"download_url": _build_address(call, job)}
    return answer_json(shown)


def download_result(call: Call) -> Response:
    """The ZIP from the disk, in blocks. UNVERIFIED: the scope, and that a result that is gone is
    answered like a link that never was one."""
    bulk = "ZohoCRM.bulk."
    call.emulator.accounts.require(f"{bulk}READ", f"{bulk}CREATE", f"{bulk}ALL")
    jobs = call.emulator.bulk_writes
    job = jobs.find(call.path_params["job"])
    paths = _list_paths(call, job).values() if job else ()
    if job is None or not jobs.has_result(job) or call.path not in paths:
        refused = {"x-info": "Link not valid", "info": "Forbidden", "http_status": "403"}
        return answer_json(refused, status=403)
    return StreamingResponse(
        _read_blocks(job.path),
        media_type="application/zip",
        headers={
            "content-disposition": f'attachment; filename="{job.id}.zip"',
            "content-length": str(job.path.stat().st_size),
        },
    )


def _require_bulk(call: Call) -> None:
    """ "Create Job" and "Job Details" name the one scope: to read is not enough."""
    call.emulator.accounts.require("ZohoCRM.bulk.CREATE", "ZohoCRM.bulk.ALL")


def _succeed(code: str, message: str, details: object) -> dict[str, object]:
    return {"status": "success", "code": code, "message": message, "details": details}


def _describe_user(job: Job) -> dict[str, object]:
    return {"id": str(job.user.id), "name": job.user.full_name}


def _name_state(call: Call, state: str) -> str:
    return call.knobs.bulk_write_in_progress if state == IN_PROGRESS else state


def _describe_part(call: Call, job: Job, part: Part) -> dict[str, object]:
    """Before the end the levels disagree, as they do in samples: only the job's state counts."""
    resource, version = part.resource, call.version
    inner = _name_state(call, IN_PROGRESS if job.state == ADDED else job.state)
    shown: dict[str, object] = {
        "status": inner,
        "type": "data",
        "module": _name_module(resource.module, version),
        "field_mappings": _describe_mappings(resource.columns, version),
    }
    if not version.v7_bulk_write:
        shown["code"] = job.state
    else:
        shown["ignore_empty"] = resource.ignore_empty
    if resource.key is not None:
        shown["find_by"] = resource.key.api_name
    if job.state in (COMPLETED, FAILED):
        counts = {f"{name}_count": part.counts[name] for name in ("added", "skipped", "updated")}
        counts["total_count"] = part.total
        shown["file"] = {"status": inner, "name": resource.table.name, **counts}
    elif version.v7_bulk_write:
        shown["file"] = {"status": inner, **_describe_nothing(job, part)}
    return shown


def _describe_nothing(job: Job, part: Part) -> dict[str, object]:
    """A sample of a job in progress has counted all of its rows as skipped."""
    if job.state == ADDED:
        return {}
    rows = part.resource.table.count
    counts = {"added_count": 0, "skipped_count": rows, "updated_count": 0, "total_count": rows}
    return {"name": part.resource.table.name, **counts}


def _name_module(module: Module, version: Version) -> object:
    if version.bulk_plain_names:
        return module.api_name
    return {"api_name": module.api_name, "id": str(module.id)}


def _describe_mappings(columns: Sequence[Column], version: Version) -> list[dict[str, object]]:
    keys = ["api_name", "index", *_NULLABLE]
    if version.v7_bulk_write:
        keys.append("parent_column_index")
        return [{k: c.given[k] for k in keys if c.given.get(k) is not None} for c in keep(columns)]
    return [{key: column.given.get(key) for key in keys} for column in keep(columns)]


def _build_address(call: Call, job: Job) -> str:
    """Where the result is: UNVERIFIED, samples show these three forms."""
    form = call.knobs.bulk_write_download_url
    path = _list_paths(call, job)[form]
    return path if form == "relative" else f"http://{call.headers.get('host', '')}{path}"


def _list_paths(call: Call, job: Job) -> dict[str, str]:
    """The paths of a result, by the knob's word. `v2` in two of them is not the API's version."""
    zgid = call.store.org.zgid
    return {
        "absolute": f"/v2/crm/{zgid}/bulk-write/{job.id}/{job.id}.zip",
        "relative": f"/{job.version.name}/crm/org{zgid}/bulk-write/{job.id}/{job.id}.zip",
        "result": f"/v2/bulk/write/{job.id}/result",
    }


async def _read_blocks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
