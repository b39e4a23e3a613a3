"""The destination, run inside the test process against a small org of the emulator's."""

import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm import lost_inserts
from destination_zoho_crm.client import Client
from destination_zoho_crm.protocol import read_messages
from destination_zoho_crm.writing import write
from unit_tests.destination.s3_server import Bucket, S3Server, running_s3
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Running, Settings, running

Json = dict[str, Any]

SETTINGS = Settings(rows=6, rows_by_module={"Contacts": 12, "Accounts": 8})
#: Values of a lead, of several types, which Zoho keeps as they are.
LEAD: Json = {
    "Last_Name": "L",
    "Email": "l@x.test",
    "Phone": "+1 555 0100",
    "Lead_Source": "Chat",
    "No_of_Employees": 12,
    "Annual_Revenue": 12.34,
    "Email_Opt_Out": True,
    "Legacy_Number": "123456789012345678",
    "Birth_Date": "1990-02-28",
    "Next_Call": "2026-03-04T05:06:07Z",
}
OFF = {"tokens_per_10_min": 0, "bulk_job_seconds": 0}


@dataclass
class Result:
    """What a write gave back."""

    #: The states as they are printed.
    printed: list[str]
    failure: AirbyteTracedException | None
    log: list[str]

    @property
    def states(self) -> list[Json]:
        return [json.loads(line) for line in self.printed]

    @property
    def sentence(self) -> str:
        assert self.failure is not None, "the write succeeded"
        return str(self.failure.message)

    @property
    def stats(self) -> list[Json]:
        return [state["state"]["destinationStats"] for state in self.states]

    def counts(self, *, state: int = 0) -> Json:
        """The counts of a state, without those that are zero."""
        stats = self.stats[state]
        counts = stats["additionalStats"] | {"rejected": stats["rejectedRecordCount"]}
        assert sum(counts.values()) == stats["recordCount"] + stats["rejectedRecordCount"]
        return {name: int(number) for name, number in counts.items() if number}

    def said(self, text: str) -> list[str]:
        """The lines of the log that hold the text."""
        return [line for line in self.log if text in line]


@dataclass
class Org:
    """An org of the emulator, and the destination that writes to it."""

    server: Running
    settings: Json = field(default_factory=dict)
    #: A test has changed the data behind Zoho's back.
    touched: bool = False

    @property
    def config(self) -> Json:
        return self.server.account | self.settings

    def control(self, method: str, path: str, body: object = None) -> Any:
        self.touched |= method != "GET" and path not in ("knobs", "faults")
        return self.server.control(method, path, body)

    def knobs(self, **values: object) -> None:
        self.control("POST", "knobs", values)

    def fail(
        self,
        match: str,
        do: str = "status",
        *,
        after: int = 0,
        times: int = 1,
        where: str | None = None,
        **args: Any,
    ) -> None:
        """The next calls that match, and have the text `where` in them, meet a fault."""
        fault = {"match": match, "do": do, "after": after, "times": times, "args": args}
        if where is not None:
            fault["where"] = where
        self.control("POST", "faults", [fault])

    def records(self, module: str) -> list[Json]:
        """The emulator's own account of the module."""
        return self.control("GET", f"records/{module}")

    def read(self, module: str, record_id: str) -> Json:
        """The record as "Get Record" shows it, with what lists leave out."""
        client = Client(dict(self.config) | {"schema_version": "v8"})
        (found,) = client.metadata.ask_for_entries(f"{module}/{record_id}", "data", params={})
        return dict(found)

    def record(self, module: str, **values: object) -> Json:
        """The one record with these values."""
        (found,) = (
            row
            for row in self.records(module)
            if all(row[name] == value for name, value in values.items())
        )
        return found

    def emails(self, *last_names: str) -> Json:
        """The addresses of contacts by their last names."""
        return {name: self.record("Contacts", Last_Name=name)["Email"] for name in last_names}

    def add(self, module: str, **values: object) -> str:
        """A record that is there before the write; its id."""
        (record_id,) = self.control("POST", f"records/{module}", values)["ids"]
        return str(record_id)

    def fired(self) -> list[Json]:
        return self.control("GET", "fired")

    def calls(self, name: str) -> int:
        return int(self.control("GET", "usage")["calls"].get(name, 0))

    def write_lines(
        self,
        streams: Sequence[Json],
        lines: Iterable[bytes],
        stop: threading.Event | None = None,
        **config: Any,
    ) -> Result:
        """Writes lines of the protocol."""
        ZohoAuthenticator._tokens.clear()
        log = _Log()
        logger = logging.getLogger("airbyte")
        logger.addHandler(log)
        settings, printed, failure = self.config | config, [], None
        try:
            results = write(Client(settings), settings, streams, read_messages(lines), stop)
            printed.extend(results)
        except AirbyteTracedException as problem:
            failure = problem
        finally:
            logger.removeHandler(log)
        return Result(printed, failure, log.lines)

    def write(self, stream: Json, rows: Iterable[Json], **config: Any) -> Result:
        """Writes the rows of one stream, and a state after the last."""
        name = stream["stream"]["name"]
        lines = [*(row(name, data) for data in rows), state(name)]
        return self.write_lines([stream], lines, **config)

    def update(self, module: str, row: Json, **config: Any) -> Result:
        """Updates one record by its id."""
        return self.write(stream(module, *row, mode="update", key="id"), [row], **config)

    def delete(self, module: str, row: Json, **config: Any) -> Result:
        """Deletes one record by its id."""
        return self.write(stream(module, "id", mode="soft_delete", key="id"), [row], **config)


class _Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def row(stream: str, data: Mapping[str, Any], namespace: str | None = None) -> bytes:
    record = {"stream": stream, "data": data, "emitted_at": 1}
    if namespace is not None:
        record["namespace"] = namespace
    return json.dumps({"type": "RECORD", "record": record}).encode()


def state(stream: str | None, number: int = 1, **more: Any) -> bytes:
    """A STATE of the stream, or a global one, with an id of the platform's."""
    body: Json = {"id": number, **more}
    if stream is None:
        body |= {"type": "GLOBAL", "global": {"shared_state": {}, "stream_states": []}}
    else:
        body |= {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": stream}, "stream_state": {"n": number}},
        }
    return json.dumps({"type": "STATE", "state": body}).encode()


def stream(
    name: str,
    *columns: str,
    mode: str = "append",
    key: str | Sequence[str] | None = None,
    into: str | None = None,
    namespace: str | None = None,
) -> Json:
    """A stream of a configured catalog; `into` makes it one of data activation."""
    keys = [key] if isinstance(key, str) else key or []
    entry: Json = {
        "stream": {
            "name": name,
            "json_schema": {"type": "object", "properties": {column: {} for column in columns}},
            "supported_sync_modes": ["full_refresh"],
        },
        "sync_mode": "full_refresh",
        "destination_sync_mode": mode,
        "primary_key": [[one] for one in keys],
    }
    if into is not None:
        entry["destination_object_name"] = into
    if namespace is not None:
        entry["stream"]["namespace"] = namespace
    return entry


def mapping(
    stream: str, module: str, operation: str, key: str | None = None, **fields: str
) -> Json:
    """A mapping of the config; `fields`: column to field."""
    how = {"operation": operation} | ({"matching_key": key} if key else {})
    pairs = [{"column": column, "field": name} for column, name in fields.items()]
    return {"stream": stream, "module": module, "operation": how} | (
        {"fields": pairs} if pairs else {}
    )


@pytest.fixture(scope="session")
def _server() -> Iterator[Running]:
    with running(SETTINGS, OFF) as server:
        yield server


@pytest.fixture
def org(_server: Running) -> Iterator[Org]:
    """An org as new. Its data are made anew only if the test may have changed them."""
    org = Org(_server)
    yield org
    writes = ("insert", "upsert", "update", "delete", "bulk_write.create")
    changed = org.touched or any(map(org.calls, writes))
    _server.control("POST", "reset", {"org": changed})


@pytest.fixture
def bulk(org: Org) -> Iterator[Org]:
    """An org whose tokens may use Bulk Write, and whose jobs take no time."""
    was = org.control("GET", "knobs")
    org.knobs(more_scopes=["ZohoFiles.files.ALL"], bulk_write_job_seconds=0)
    yield org
    org.knobs(**was)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the pauses between tries nor those before a look-up take time."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Does something once, while the first look-up waits for its call to settle."""

    def arrange(what: Callable[[], object]) -> None:
        left = [what]

        def sleep(seconds: float) -> None:
            if seconds == lost_inserts.SETTLE_S and left:
                left.pop()()

        monkeypatch.setattr("time.sleep", sleep)

    return arrange


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> Bucket:
    return s3.make_bucket()


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine that runs the test gives no access to AWS, and names no job."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    for name in ("WORKER_JOB_ID", "CONNECTION_ID"):
        monkeypatch.delenv(name, raising=False)
