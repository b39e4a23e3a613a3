"""Calls that Zoho refuses, in either form of its answers."""

from typing import Any

from airbyte_cdk.models import FailureType

from unit_tests.destination.conftest import Org, Result, stream

ALONE, LISTED = "alone", "listed"
CONFIG, SYSTEM = FailureType.config_error, FailureType.system_error

STREAMS = {
    "insert": stream("Contacts", "Last_Name", "Email"),
    "upsert": stream("Contacts", "Last_Name", "Email", mode="append_dedup", key="Email"),
    "update": stream("Contacts", "id", "Last_Name", mode="update", key="id"),
    "delete": stream("Contacts", "id", mode="soft_delete", key="id"),
}


def refuse(
    org: Org, operation: str, form: str, code: str, status: int, *, times: int = 99, **error: Any
) -> None:
    entry = {"code": code, "details": {}, "message": "no", "status": "error"} | error
    body = {"data": [entry]} if form == LISTED else entry
    org.fail(operation, times=times, status=status, body=body)


def write(org: Org, operation: str, rows: int, version: str = "v8") -> Result:
    data = [
        {"Last_Name": f"L{n}", "Email": f"{n}@example.com"}
        if operation in ("insert", "upsert")
        else {"id": record["id"], "Last_Name": f"L{n}"}
        for n, record in enumerate(org.records("Contacts")[:rows])
    ]
    return org.write(STREAMS[operation], data, schema_version=version)
