"""A connector as a process, what it said, and the emulator that it talks to."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import requests

Json = dict[str, Any]


@dataclass(frozen=True)
class Emulator:
    base_url: str
    client_id: str
    client_secret: str
    refresh_token: str

    #: What a user has to grant, as far as these tests need it.
    ALL_SCOPES: ClassVar = ",".join(
        f"ZohoCRM.{scope}"
        for scope in ("modules.ALL", "settings.ALL", "users.ALL", "org.ALL", "coql.READ")
    )

    def control(self, method: str, path: str, body: object = None) -> requests.Response:
        url = f"{self.base_url}/_emulator/{path}"
        response = requests.request(method, url, json=body, timeout=30)
        assert response.ok, f"{method} {path}: {response.text}"
        return response

    def knobs(self, **values: object) -> None:
        self.control("POST", "knobs", values)

    def usage(self) -> Json:
        return self.control("GET", "usage").json()

    def calls(self, name: str) -> int:
        return self.usage()["calls"].get(name, 0)

    def rows(self, module: str) -> list[Json]:
        """The module's live rows."""
        lines = self.control("GET", f"records/{module}").text.split("\n")
        return [json.loads(line) for line in lines if line]

    def ids(self, module: str) -> set[str]:
        return {row["id"] for row in self.rows(module)}

    def new_token(self) -> Json:
        """The answer of the token endpoint to some other program with the same refresh token."""
        form = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
        }
        return requests.post(f"{self.base_url}/oauth/v2/token", data=form, timeout=30).json()

    def fail(self, match: str, status: int, *, code: str = "", after: int = 0) -> None:
        """The next call that matches, once `after` of them went well, gets this status."""
        body = {"code": code, "details": {}, "message": "a planned fault", "status": "error"}
        fault = {
            "match": match,
            "after": after,
            "times": 1,
            "do": "status",
            "args": {"status": status, "body": body if code else "<html>no JSON</html>"},
        }
        self.control("POST", "faults", [fault])


@dataclass(frozen=True)
class Output:
    """What a connector printed."""

    lines: Sequence[str]
    exit_code: int = 0
    #: Of the process's whole life.
    seconds: float = 0.0
    stderr: str = ""
    messages: list[Json] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "messages", [json.loads(line) for line in self.lines])

    @property
    def text(self) -> str:
        return "\n".join([*self.lines, self.stderr])

    def of_type(self, kind: str) -> list[Json]:
        """The bodies of the messages of this type."""
        key = {"CONNECTION_STATUS": "connectionStatus"}.get(kind, kind.lower())
        return [message[key] for message in self.messages if message["type"] == kind]

    @property
    def records(self) -> list[Json]:
        return self.of_type("RECORD")

    def ids(self, stream: str) -> list[str]:
        """Of the stream's records that are no tombstones."""
        return [
            record["data"]["id"]
            for record in self.records
            if record["stream"] == stream and not record["data"].get("_ab_cdc_deleted_at")
        ]

    @property
    def errors(self) -> list[Json]:
        """The error traces."""
        return [trace["error"] for trace in self.of_type("TRACE") if trace["type"] == "ERROR"]

    @property
    def status(self) -> Json:
        """The connection status: the only one."""
        (status,) = self.of_type("CONNECTION_STATUS")
        return status

    @property
    def catalog(self) -> Json:
        (catalog,) = self.of_type("CATALOG")
        return catalog

    @property
    def state(self) -> list[Json]:
        """Each stream's last state, as `--state` takes it."""
        last = {
            state["stream"]["stream_descriptor"]["name"]: state for state in self.of_type("STATE")
        }
        return list(last.values())

    def stream_statuses(self) -> dict[str, str]:
        """Each stream's last status."""
        changes = [t["stream_status"] for t in self.of_type("TRACE") if t["type"] != "ERROR"]
        return {change["stream_descriptor"]["name"]: change["status"] for change in changes}


@dataclass(frozen=True)
class Connector:
    command: Sequence[str]
    cwd: Path

    def run(self, *arguments: object, patience_s: float = 60, stdin: str = "") -> Output:
        begin = time.monotonic()
        process = subprocess.run(
            [*self.command, *map(str, arguments)],
            cwd=self.cwd,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=patience_s,
            check=False,
        )
        return Output(
            lines=process.stdout.rstrip("\n").split("\n") if process.stdout else [],
            exit_code=process.returncode,
            seconds=time.monotonic() - begin,
            stderr=process.stderr,
        )

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self.command, *map(str, arguments)],
            cwd=self.cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )


def source_in(folder: Path) -> Connector:
    """`source-zoho-crm` of the checkout, run in this folder."""
    return Connector([str(Path(sys.executable).with_name("source-zoho-crm"))], cwd=folder)


def only(catalog: Json, streams: Iterable[str]) -> Json:
    """The configured catalog with these streams alone."""
    names = list(streams)
    return {"streams": [s for s in catalog["streams"] if s["stream"]["name"] in names]}


def assert_no_secrets(output: Output, config: Json) -> None:
    """Neither what the user gave, nor an access token, is anywhere in the output."""
    for key in ("client_secret", "refresh_token"):
        assert str(config[key]) not in output.text
    assert not re.search(r"1000\.[0-9a-f]{32}\.[0-9a-f]{32}", output.text)
