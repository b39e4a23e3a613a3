"""The source, run inside the test process against a small org of the emulator's."""

import json
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    Type,
)
from airbyte_cdk.test import entrypoint_wrapper
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from pytest_mock import MockerFixture

from source_zoho_crm import SourceZohoCrm
from unit_tests.canonical import canonical
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Running, Settings, running

Row = dict[str, Any]

COQL = {"use_coql": "enabled"}
REST = {"use_coql": "disabled", "api_type": "REST"}
BULK = {"use_coql": "disabled", "api_type": "Bulk"}
AUTOMATIC = {"use_coql": "automatic"}
METHODS = [
    pytest.param(COQL, id="COQL"),
    pytest.param(REST, id="REST"),
    pytest.param(BULK, id="Bulk"),
    pytest.param(AUTOMATIC, id="Automatic"),
]

#: A module without Modified_Time.
UNSTAMPED = "Extra_3"

MODULES = ("Leads", "Accounts", "Contacts", "Deals", "Products", "Vehicles")
SETTINGS = Settings(
    rows=60, rows_by_module={"Leads": 2_300, "Contacts": 700}, modules=62, fields_by_module={}
)


#: Catalogs as JSON, by what the org was made of and the source's settings; the retrieval makes no
#: difference to them.
_discovered: dict[str, bytes] = {}
#: What changes rows, the clock and counters of an emulator, and no metadata.
_ROWS_ONLY = re.compile("(records/|clock|reset)")
#: Knobs that say how rows are listed, queried and exported. Not `child_deletes`: whether removed
#: rows are listed decides which streams are incremental.
_OF_ROWS = {
    *("churn", "churn_rows", "churn_kind", "page_tokens", "visible_after_s", "coql_converted"),
    *("not_modified", "bulk_rows", "bulk_job_seconds"),
}


#: Records of orgs that are shared, by address, stream and columns. They are asked for by most
#: tests, and are large.
_truths: dict[str, bytes] = {}
#: What leaves the records as they are.
_HARMLESS = ("faults", "clock", "knobs", "reset")


@pytest.fixture(autouse=True)
def pauses(pauses: list[float], mocker: MockerFixture) -> list[float]:
    """The source has one pause of its own besides."""
    mocker.patch("source_zoho_crm.missing_streams.sleep", pauses.append)
    return pauses


@dataclass
class Org:
    """An org of the emulator, and the source that reads it."""

    server: Running
    settings: Row = field(default_factory=dict)
    shared: bool = False
    #: What the emulator made the org of; None where it may have other metadata by now.
    made_of: Settings | None = None

    @property
    def config(self) -> Row:
        return self.server.account | self.settings

    def control(self, method: str, path: str, body: object = None) -> Any:
        of_rows = path == "knobs" and isinstance(body, dict) and body.keys() <= _OF_ROWS
        if method != "GET" and not of_rows and not _ROWS_ONLY.match(path):
            self.made_of = None
        if method != "GET" and _changes_records(path, body):
            self.shared = False
            _truths.clear()
        return self.server.control(method, path, body)

    def streams(self) -> dict[str, Row]:
        """What the source discovers, by name; asked once where no test changes the org."""
        return self._discover_once() if self.shared or self.made_of else self.discover()

    def stream(self, name: str) -> Row:
        """What the source discovers of one stream; some 40 ms for each other one are saved."""
        only = configured([{"name": name}], "full_refresh")
        found = self._discover_once(only) if self.made_of else self.discover(only)
        return found[name]

    def _discover_once(self, only: ConfiguredAirbyteCatalog | None = None) -> dict[str, Row]:
        settings = {name: value for name, value in self.settings.items() if name != "retrieval"}
        names = [entry.stream.name for entry in only.streams] if only else None
        made_of = "shared" if self.shared else repr(self.made_of)
        key = json.dumps([made_of, settings, names], sort_keys=True)
        if key not in _discovered:
            _discovered[key] = orjson.dumps(self.discover(only))
        return orjson.loads(_discovered[key])

    def discover(self, only: ConfiguredAirbyteCatalog | None = None) -> dict[str, Row]:
        # Not by the CDK's wrapper: it switches on --debug, which prints every answer for good.
        config = self.config
        catalog = SourceZohoCrm(only, config).discover(logging.getLogger("airbyte"), config)
        message = AirbyteMessage(type=Type.CATALOG, catalog=catalog)
        printed = AirbyteEntrypoint.airbyte_message_to_string(message)
        return {s["name"]: s for s in json.loads(printed)["catalog"]["streams"]}

    def read(
        self,
        *streams: Row,
        state: Sequence[Any] = (),
        sync_mode: str | None = None,
        expecting_exception: bool = False,
    ) -> EntrypointOutput:
        catalog = configured(streams, sync_mode)
        states = [AirbyteStateMessageSerializer.load(entry) for entry in state]
        config = self.config
        source = SourceZohoCrm(catalog, config, states)
        return entrypoint_wrapper.read(
            source, config, catalog, states, expecting_exception=expecting_exception
        )

    def truth(self, stream: Row) -> dict[str, Row]:
        """The records of a stream by id, in their canonical form, as far as they are not null.

        Made from the emulator's own account, apart from the connector: it must not share its
        mistakes.
        """
        if not self.shared:
            return self._ask_for_truth(stream)
        key = json.dumps([self.server.base_url, stream["name"], stream["json_schema"]])
        if key not in _truths:
            _truths[key] = orjson.dumps(self._ask_for_truth(stream))
        return orjson.loads(_truths[key])

    def _ask_for_truth(self, stream: Row) -> dict[str, Row]:
        columns = stream["json_schema"]["properties"]
        rows = self.control("GET", f"records/{stream['name']}")
        return {row["id"]: without_nulls(canonical(row, columns)) for row in rows}

    def calls(self, name: str) -> int:
        return int(self.control("GET", "usage")["calls"].get(name, 0))


def _changes_records(path: str, body: object) -> bool:
    settings = body if isinstance(body, dict) else {}
    return path not in _HARMLESS or bool(settings.get("churn") or settings.get("org"))


def without_nulls(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def settle(org: Org, made_of: Settings, **settings: object) -> None:
    """An org that the tests of a file change, an hour after the one before, so that all rows are
    settled."""
    ZohoAuthenticator._tokens.clear()
    org.settings, org.made_of = settings, made_of
    org.control("POST", "clock", {"advance_s": 3_600})
    org.control("POST", "reset", {})


def rows_of(output: EntrypointOutput, stream: str, *, deleted: bool = True) -> list[Row]:
    """The records of a stream without their nulls; with its tombstones, if `deleted`."""
    return [
        without_nulls(message.record.data)
        for message in output.records
        if message.record.stream == stream
        and (deleted or not message.record.data.get("_ab_cdc_deleted_at"))
    ]


def by_id(rows: Iterable[Row]) -> dict[str, Row]:
    return {row["id"]: row for row in rows}


def each_once(rows: Sequence[Row]) -> dict[str, Row]:
    """The rows by id, none of which comes twice."""
    found = by_id(rows)
    assert len(found) == len(rows), "a record came twice"
    return found


def log_of(output: EntrypointOutput) -> str:
    return "\n".join(entry.log.message for entry in output.logs)


def unstamped_stream(org: Org) -> Row:
    stream = org.stream(UNSTAMPED)
    assert "Modified_Time" not in stream["json_schema"]["properties"]
    return stream


def as_seeded(org: Org) -> Org:
    """The org as it was before a test changed it; the source has no token of it yet."""
    ZohoAuthenticator._tokens.clear()
    org.control("POST", "reset", {"org": True})
    return org


def narrow(stream: Row, *columns: str) -> Row:
    """The stream with these columns only, and therefore in one column group."""
    properties = stream["json_schema"]["properties"]
    chosen = {name: properties[name] for name in ("id", "Modified_Time", *columns)}
    return {**stream, "json_schema": {**stream["json_schema"], "properties": chosen}}


def modules_of(streams: Iterable[str]) -> set[str]:
    """The streams that are modules; streams of settings are in small letters."""
    return {name for name in streams if not name.islower()}


def states_of(output: EntrypointOutput, stream: str) -> list[Row]:
    """The stream's states in order, as a platform hands them back."""
    return [
        {
            "type": "STREAM",
            "stream": {
                "stream_descriptor": {"name": stream},
                "stream_state": dict(message.state.stream.stream_state.__dict__),
            },
        }
        for message in output.state_messages
        if message.state.stream.stream_descriptor.name == stream
    ]


def configured(streams: Sequence[Row], sync_mode: str | None) -> ConfiguredAirbyteCatalog:
    return ConfiguredAirbyteCatalogSerializer.load(
        {
            "streams": [
                {
                    "stream": {
                        "json_schema": {},
                        "supported_sync_modes": ["full_refresh"],
                        **stream,
                    },
                    "sync_mode": sync_mode or stream["supported_sync_modes"][-1],
                    "destination_sync_mode": "append",
                }
                for stream in streams
            ]
        }
    )


@pytest.fixture(scope="session")
def _server() -> Iterator[Running]:
    with running(SETTINGS, {"tokens_per_10_min": 0}) as server:
        yield server


@pytest.fixture
def org(_server: Running) -> Iterator[Org]:
    """An org that no other test changes; the source has no token of it yet."""
    ZohoAuthenticator._tokens.clear()
    _server.control("POST", "reset", {})
    yield Org(_server, shared=True, made_of=SETTINGS)
    _server.control("POST", "knobs", {"churn": 0, "features_refused": []})


@pytest.fixture
def own_org() -> Iterator[Org]:
    """An org that the test may change."""
    ZohoAuthenticator._tokens.clear()
    with running(SETTINGS, {"tokens_per_10_min": 0}) as server:
        yield Org(server, made_of=SETTINGS)
