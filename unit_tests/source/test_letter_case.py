"""Names that differ by letter case alone: warehouses that ignore case would take them for one."""

import logging
from collections.abc import Iterable, Iterator

import pytest
from airbyte_cdk.models import Status

from source_zoho_crm import SourceZohoCrm
from unit_tests.source.conftest import BULK, COQL, REST, Org, Row, narrow, rows_of
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running

#: Custom modules named like streams of settings, and like each other.
TWINS = ("Tags", "Modules", "Vessels", "VESSELS")
PLAIN = {"data_type": "text", "custom": True}


@pytest.fixture(scope="module")
def _twins() -> Iterator[Org]:
    settings = Settings(rows=5, rows_by_module={}, modules=None, fields_by_module={})
    with running(settings, {"tokens_per_10_min": 0}) as server:
        org = Org(server)
        for name in TWINS:
            org.control("POST", "modules", {"api_name": name, "generated_type": "custom"})
            org.control("POST", f"records/{name}", [{"Name": name}])
        for name in ("Zone_Code", "zone_code"):
            org.control("POST", "fields/Vehicles", {"api_name": name, **PLAIN})
        (first, *_) = org.control("GET", "records/Vehicles")
        values = {"id": first["id"], "Zone_Code": "UP", "zone_code": "low"}
        org.control("PATCH", "records/Vehicles", [values])
        org.control("POST", "clock", {"advance_s": 3_600})
        yield org


@pytest.fixture
def org(_twins: Org) -> Org:
    ZohoAuthenticator._tokens.clear()
    _twins.settings = {}
    return _twins


@pytest.fixture(scope="module")
def discovery(_twins: Org) -> tuple[dict[str, Row], list[str]]:
    """The streams that are offered, and the warnings beside them."""
    said: list[str] = []
    heard = logging.Handler(logging.WARNING)
    heard.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("airbyte")
    logger.addHandler(heard)
    streams = _twins.discover()
    logger.removeHandler(heard)
    return streams, said


@pytest.fixture
def streams(discovery: tuple[dict[str, Row], list[str]]) -> dict[str, Row]:
    return discovery[0]


def lines(said: Iterable[str], *words: str) -> list[str]:
    """The warnings that have all of these words in them."""
    return [line for line in said if all(word in line for word in words)]


def test_a_discovery_names_fields_and_streams_that_differ_by_letter_case_alone(
    discovery: tuple[dict[str, Row], list[str]],
) -> None:
    streams, said = discovery
    (fields,) = lines(said, "the fields")
    assert fields.startswith("Vehicles: the fields Zone_Code and zone_code differ by letter case")
    (modules,) = lines(said, "The streams")
    assert modules.startswith("The streams Vessels and VESSELS differ by letter case alone")
    assert streams["Vehicles"]["json_schema"]["properties"].keys() >= {"Zone_Code", "zone_code"}
    assert streams.keys() >= {"Vessels", "VESSELS"}
    assert len(lines(said, "letter case")) == 4, "nothing is said of the org's other names"


@pytest.mark.parametrize("retrieval", [COQL, REST, BULK], ids=["COQL", "REST", "Bulk"])
def test_a_read_of_both_fields_brings_both_and_names_them(
    org: Org,
    streams: dict[str, Row],
    caplog: pytest.LogCaptureFixture,
    retrieval: Row,
) -> None:
    org.settings = {"retrieval": retrieval}
    caplog.clear()

    output = org.read(narrow(streams["Vehicles"], "Zone_Code", "zone_code"))

    (warning,) = lines(caplog.messages, "the fields Zone_Code and zone_code")
    assert warning.startswith("Vehicles: ")
    (row,) = (row for row in rows_of(output, "Vehicles") if "zone_code" in row)
    assert (row["Zone_Code"], row["zone_code"]) == ("UP", "low")


def test_nothing_is_said_where_all_but_one_are_deselected(
    org: Org, streams: dict[str, Row], caplog: pytest.LogCaptureFixture
) -> None:
    org.read(narrow(streams["Vehicles"], "Zone_Code"))

    assert lines(caplog.messages, "letter case") == []


def test_a_module_keeps_its_name_and_the_stream_of_settings_is_withheld_with_a_reason(
    discovery: tuple[dict[str, Row], list[str]],
) -> None:
    streams, said = discovery
    assert streams.keys() >= {"Tags", "Modules", "roles", "fields"}
    assert streams.keys().isdisjoint({"tags", "modules"})
    for name, module in (("tags", "Tags"), ("modules", "Modules")):
        (warning,) = lines(said, f"The stream {name} is not offered")
        assert f"The module {module} has the name of this stream" in warning


def test_a_catalog_that_names_the_withheld_stream_reads_it_as_before(
    org: Org, streams: dict[str, Row], caplog: pytest.LogCaptureFixture
) -> None:
    tags, modules = org.stream("tags"), org.stream("modules")
    caplog.clear()

    output = org.read(tags, modules, streams["Tags"])

    assert output.errors == []
    assert [row["Name"] for row in rows_of(output, "Tags")] == ["Tags"]
    assert {row["module"] for row in rows_of(output, "tags")} >= {"Leads"}
    (warning,) = lines(caplog.messages, "The streams")
    assert "tags and Tags" in warning
    reported = {row["api_name"]: row for row in rows_of(output, "modules")}
    assert reported["Tags"]["offered"] is reported["Modules"]["offered"] is True
    for name in ("tags", "modules"):
        assert reported[name]["offered"] is False
        assert f"names {name} still reads it" in reported[name]["not_offered_because"]


def test_a_check_does_without_the_withheld_stream(org: Org) -> None:
    answer = SourceZohoCrm(config=org.config).check(logging.getLogger("airbyte"), org.config)

    assert (answer.status, answer.message) == (Status.SUCCEEDED, None)
