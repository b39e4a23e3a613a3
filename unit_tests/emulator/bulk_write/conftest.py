"""Bulk write as a client does it: upload, job, status, result."""

import csv
import io
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from unit_tests.emulator.conftest import Zoho


def write_csv(rows: list[list[object]], *, delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


def pack(files: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@dataclass
class Writer:
    zoho: Zoho
    version: str = "v8"

    @property
    def zgid(self) -> str:
        return self.zoho.get("v8/org").json()["org"][0]["zgid"]

    def post_file(
        self, content: bytes, *, part: str = "file", **headers: str | None
    ) -> requests.Response:
        given = {"feature": "bulk-write", "X-CRM-ORG": self.zgid}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.zoho.session.post(
            f"{self.zoho.server.base_url}/crm/{self.version}/upload",
            files={part: ("rows.zip", content, "application/zip")},
            headers={name: value for name, value in given.items() if value is not None},
        )

    def upload(self, files: dict[str, str | bytes] | list[list[object]]) -> str:
        named = files if isinstance(files, dict) else {"rows.csv": write_csv(files)}
        answer = self.post_file(pack(named))
        assert answer.status_code == 200, answer.text
        return answer.json()["details"]["file_id"]

    def resource(self, module: str, file_id: str, **keys: object) -> dict[str, object]:
        named = module if self.version == "v2" else {"api_name": module}
        return {"type": "data", "module": named, "file_id": file_id, **keys}

    def post(self, body: object) -> requests.Response:
        return self.zoho.call("POST", f"bulk/{self.version}/write", json=body)

    def ask(
        self, operation: str, module: str, rows: Any, *, body: Any = None, **keys: object
    ) -> requests.Response:
        resource = self.resource(module, self.upload(rows), **keys)
        return self.post({"operation": operation, "resource": [resource], **(body or {})})

    def create(self, *args: Any, **keys: Any) -> str:
        answer = self.ask(*args, **keys)
        assert answer.status_code == 201, answer.text
        return answer.json()["details"]["id"]

    def job(self, job: str) -> dict[str, Any]:
        answer = self.zoho.get(f"bulk/{self.version}/write/{job}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def finish(self, job: str) -> dict[str, Any]:
        """The job once its time is over; its rows are written at their own pace."""
        for _ in range(3_000):
            details = self.job(job)
            if details["status"] in ("COMPLETED", "FAILED"):
                return details
        raise AssertionError(details)

    def download(self, address: str) -> requests.Response:
        url = address if "://" in address else self.zoho.server.base_url + address
        return self.zoho.session.get(url)

    def tell(self, details: dict[str, Any]) -> list[dict[str, str]]:
        """The rows of the first file of a result."""
        answer = self.download(details["result"]["download_url"])
        assert answer.status_code == 200, answer.text
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            text = archive.read(archive.namelist()[0]).decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def write(self, *args: Any, **keys: Any) -> list[dict[str, str]]:
        """What the result of a job says of its rows."""
        return self.tell(self.finish(self.create(*args, **keys)))

    def read(self, module: str, record_id: str) -> dict[str, Any]:
        answer = self.zoho.get(f"v8/{module}/{record_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"][0]


@pytest.fixture
def writer(zoho: Zoho) -> Writer:
    """Jobs take no time but that of writing their rows."""
    zoho.knobs(bulk_write_job_seconds=0, more_scopes=["ZohoFiles.files.ALL"])
    return Writer(zoho)
