"""Calls that are not about one record: queries, exports, and attachments."""

import csv
import io
import time
import zipfile
from typing import Any

from clients.python_sdk.records import PAGE
from clients.python_sdk.sdk import JOB, NEW, RefusedError, UnusableError, answer, package, params
from clients.python_sdk.values import unwrap


def coql(module: str, fields: list[Any]) -> int:
    there = package("coql" if NEW else "query")
    body = there.BodyWrapper()
    names = [name for name in ("Created_Time", "Owner") if name in fields]
    columns = ", ".join(["id", *names])
    body.set_select_query(f"select {columns} from {module} where id > 0 limit {PAGE}")
    operations = there.CoqlOperations if NEW else there.QueryOperations
    found = answer(operations().get_records(body))
    return len(found.get_data()) if found else 0


def name_module(module: str) -> Any:
    """As bulk jobs name it."""
    if JOB["sdk"] == "2.0":
        return module
    modules = package("modules")
    named = (modules.MinifiedModule if NEW else modules.Module)()
    named.set_api_name(module)
    return named


def bulk_read(module: str) -> int:
    there = package("bulk_read")
    query = there.Query()
    query.set_module(name_module(module))
    query.set_fields(["id", "Owner", "Created_Time"])
    body = there.BodyWrapper() if NEW else there.RequestWrapper()
    body.set_query(query)
    calls = there.BulkReadOperations()
    made = answer(calls.create_bulk_read_job(body)).get_data()[0]
    if type(made).__name__ != "SuccessResponse":
        raise RefusedError(made)
    job = int(made.get_details()["id"])
    for _ in range(50):
        detail = answer(calls.get_bulk_read_job_details(job)).get_data()[0]
        if unwrap(detail.get_state()) in ("COMPLETED", "FAILURE"):
            break
        time.sleep(0.1)
    stream = answer(calls.download_result(job)).get_file().get_stream()
    archive = zipfile.ZipFile(io.BytesIO(b"".join(stream)))
    rows = list(csv.DictReader(io.TextIOWrapper(archive.open(archive.namelist()[0]), "utf-8")))
    if len(rows) != detail.get_result().get_count():
        raise UnusableError(
            f"{len(rows)} rows in the file, {detail.get_result().get_count()} reported"
        )
    return len(rows)


class Attachments:
    """They are read below one record at a time."""

    def __init__(self) -> None:
        self.parents: list[tuple[str, int]] = []

    def read(self) -> int:
        return sum(self._below(module, record_id) for module, record_id in self.parents)

    def _below(self, module: str, record_id: int) -> int:
        there = package("attachments")
        if NEW:
            named = params(there.GetAttachmentsParam, fields="id,File_Name")
            found = there.AttachmentsOperations().get_attachments(record_id, module, named)
        else:
            found = there.AttachmentsOperations(module, record_id).get_attachments()
        wrapped = answer(found)
        return len(wrapped.get_data()) if wrapped else 0
