"""A bulk write job: its file, the job, and what became of each row."""

import csv
import io
import time
import zipfile
from collections.abc import Sequence
from typing import Any

from clients.python_sdk.other_calls import name_module
from clients.python_sdk.sdk import NEW, UnusableError, answer, package
from clients.python_sdk.values import unwrap

_ENDS = ("COMPLETED", "FAILED")
#: Mapped by index, not by name.
_MAPPED = ("Last_Name", "Company", "Email")


def bulk_write(module: str) -> int:
    """Adds rows by one job, and changes one of them by another."""
    there = package("bulk_write")
    people = [(f"Bulk {number}", "Bulk Ltd.", f"bulk{number}@example.com") for number in range(3)]
    added = _write(there, module, "insert", people)
    if [row["STATUS"] for row in added] != ["added"] * 3:
        raise UnusableError(f"the result of an insert is {added}")
    (changed,) = _write(there, module, "upsert", [("Changed", *people[0][1:])], find_by="Email")
    if (changed["STATUS"], changed["RECORD_ID"]) != ("updated", added[0]["RECORD_ID"]):
        raise UnusableError(f"the result of an upsert is {changed}")
    return len(added)


def _write(
    there: Any,
    module: str,
    operation: str,
    rows: Sequence[Sequence[str]],
    find_by: str | None = None,
) -> list[dict[str, str]]:
    file_id = _upload(there, rows)
    made = answer(
        there.BulkWriteOperations().create_bulk_write_job(
            _ask(there, module, operation, file_id, find_by)
        )
    )
    job_id = str(made.get_details()["id"])
    job = _finish(there, job_id if NEW else int(job_id))
    (resource,) = job.get_resource()
    if resource.get_file().get_total_count() != len(rows):
        raise UnusableError(f"{resource.get_file().get_total_count()} of {len(rows)} rows counted")
    return _download(there, job.get_result().get_download_url())


def _upload(there: Any, rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_MAPPED, *rows])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("rows.csv", text.getvalue())
    packed.seek(0)
    body = there.FileBodyWrapper()
    stream = package("util").StreamWrapper("rows.zip", packed)
    body.set_file(stream)
    headers = package("header_map").HeaderMap()
    org = answer(package("org").OrgOperations().get_organization()).get_org()[0]
    headers.add(there.UploadFileHeader.feature, "bulk-write")
    headers.add(there.UploadFileHeader.x_crm_org, str(org.get_zgid()))
    return str(
        answer(there.BulkWriteOperations().upload_file(body, headers)).get_details()["file_id"]
    )


def _ask(there: Any, module: str, operation: str, file_id: str, find_by: str | None) -> Any:
    choice = package("util").Choice
    resource = there.Resource()
    resource.set_type(choice("data"))
    resource.set_module(name_module(module))
    resource.set_file_id(file_id)
    if NEW:
        resource.set_file_names(["rows.csv"])
    if find_by is not None:
        resource.set_find_by(find_by)
    mappings = []
    for index, name in enumerate(_MAPPED):
        mapping = there.FieldMapping()
        mapping.set_api_name(name)
        mapping.set_index(index)
        mappings.append(mapping)
    resource.set_field_mappings(mappings)
    body = there.RequestWrapper()
    body.set_character_encoding("UTF-8")
    body.set_operation(choice(operation))
    body.set_resource([resource])
    return body


def _finish(there: Any, job: str | int) -> Any:
    for _ in range(100):
        found = answer(there.BulkWriteOperations().get_bulk_write_job_details(job))
        if unwrap(found.get_status()) in _ENDS:
            return found
        time.sleep(0.1)
    raise UnusableError(f"the job is still {unwrap(found.get_status())}")


def _download(there: Any, address: str) -> list[dict[str, str]]:
    wrapped = answer(there.BulkWriteOperations().download_bulk_write_result(address))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(wrapped.get_file().get_stream())))
    return list(csv.DictReader(io.TextIOWrapper(archive.open(archive.namelist()[0]), "utf-8")))
