"""Two ways to reach an emulator: over HTTP, and its parts by themselves."""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pytest
import requests

from zoho_emulator.clock import Clock
from zoho_emulator.knobs import Knobs
from zoho_emulator.server import Running, Settings, running

ROWS = {"Leads": 700, "Accounts": 60, "Deals": 40}
OFF = {"tokens_per_10_min": 0}


@dataclass
class Zoho:
    """A client that has a token."""

    server: Running
    session: requests.Session

    @property
    def grant(self) -> dict[str, str]:
        """Parameters that refresh a token."""
        return {
            "grant_type": "refresh_token",
            "client_id": self.server.client_id,
            "client_secret": self.server.client_secret,
            "refresh_token": self.server.refresh_token,
        }

    @property
    def token_url(self) -> str:
        return f"{self.server.base_url}/oauth/v2/token"

    def refresh(self, **changed: str) -> requests.Response:
        return self.session.post(self.token_url, data=self.grant | changed)

    def log_in(self) -> None:
        token = self.refresh().json()["access_token"]
        self.session.headers["Authorization"] = f"Zoho-oauthtoken {token}"

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str | None] | None = None,
        json: object = None,
        **params: object,
    ) -> requests.Response:
        url = f"{self.server.base_url}/crm/{path}"
        return self.session.request(method, url, params=params, headers=headers, json=json)

    def get(
        self, path: str, *, headers: dict[str, str | None] | None = None, **params: object
    ) -> requests.Response:
        return self.call("GET", path, headers=headers, **params)

    def coql(self, query: str, version: str = "v8") -> requests.Response:
        return self.call("POST", f"{version}/coql", json={"select_query": query})

    def control(self, method: str, path: str, body: object = None) -> object:
        return self.server.control(method, path, body)

    def knobs(self, **values: object) -> None:
        self.control("POST", "knobs", values)

    def usage(self) -> dict[str, object]:
        usage = self.control("GET", "usage")
        assert isinstance(usage, dict)
        return usage

    def truth(self, module: str) -> list[dict[str, object]]:
        rows = self.control("GET", f"records/{module}")
        assert isinstance(rows, list)
        return rows


@pytest.fixture(scope="session")
def _server() -> Iterator[Running]:
    with running(Settings(rows=20, rows_by_module=ROWS), OFF) as server:
        yield server


@pytest.fixture
def zoho(_server: Running) -> Iterator[Zoho]:
    """A small org on a shared server: all is as new but the clock and the data of other tests."""
    with requests.Session() as session:
        client = Zoho(_server, session)
        client.control("POST", "reset", {})
        client.knobs(**asdict(Knobs()) | OFF)
        client.log_in()
        client.control("POST", "reset", {})
        yield client


@dataclass
class Bulk:
    """Bulk read jobs of one version, as a client makes them."""

    zoho: Zoho
    version: str = "v8"

    def query(self, module: str, *fields: str, **query: object) -> dict[str, object]:
        named = module if self.version == "v2" else {"api_name": module}
        return {"module": named, "fields": list(fields), **query}

    def post(self, query: object, **body: object) -> requests.Response:
        json = {"query": query, **body}
        return self.zoho.call("POST", f"bulk/{self.version}/read", json=json)

    def create(self, module: str, *fields: str, **query: object) -> str:
        return self.create_from(self.query(module, *fields, **query))

    def create_from(self, query: object) -> str:
        answer = self.post(query)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"][0]["details"]["id"]

    def job(self, job: str) -> dict[str, object]:
        return self.zoho.get(f"bulk/{self.version}/read/{job}").json()["data"][0]

    def finish(self, job: str) -> dict[str, object]:
        """The job once its time is over; its file is written at its own pace."""
        for _ in range(3_000):
            details = self.job(job)
            if details["state"] in ("COMPLETED", "FAILURE"):
                return details
        raise AssertionError(details)

    def download(self, job: str) -> requests.Response:
        return self.zoho.get(f"bulk/{self.version}/read/{job}/result")

    def rows(self, job: str) -> list[dict[str, str]]:
        details = self.finish(job)
        answer = self.download(job)
        assert answer.status_code == 200, answer.text
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.namelist() == [f"{job}.csv"]
            text = archive.read(f"{job}.csv").decode()
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        assert len(rows) == details["result"]["count"]
        return rows

    def export(self, module: str, *fields: str, **query: object) -> list[dict[str, str]]:
        return self.rows(self.create(module, *fields, **query))


@pytest.fixture
def bulk(zoho: Zoho) -> Bulk:
    """Jobs take no time but that of writing their file."""
    zoho.knobs(bulk_job_seconds=0)
    return Bulk(zoho)


class StoppedClock(Clock):
    """A clock that only the test moves."""

    def precise(self) -> float:
        return 1_700_000_000 + self.offset_s


@pytest.fixture
def clock() -> Clock:
    return StoppedClock()
