"""Modules that Zoho lists and refuses when they are read: none costs the others anything."""

import logging
from collections.abc import Iterator

import pytest
from airbyte_cdk.models import AirbyteStreamStatus, FailureType
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm import SourceZohoCrm
from unit_tests.source.conftest import BULK, COQL, REST, Org, Row, rows_of, states_of
from zoho_emulator.knobs import SCOPES

SCOPE = "OAUTH_SCOPE_MISMATCH"
#: The module that is refused, and one beside it.
VEHICLES, PRODUCTS = "Vehicles", "Products"

readers = pytest.mark.parametrize("retrieval", [COQL, REST, BULK], ids=["COQL", "REST", "Bulk"])
codes = pytest.mark.parametrize("code", ["INVALID_MODULE", "INVALID_QUERY"])


@pytest.fixture
def org(org: Org) -> Iterator[Org]:
    yield org
    knobs = {"refused_modules": [], "refused_metadata": False, "scopes": SCOPES}
    org.control("POST", "knobs", knobs)


@pytest.fixture
def streams(org: Org) -> list[Row]:
    found = org.streams()
    return [found[VEHICLES], found[PRODUCTS]]


def refuse(org: Org, code: str, *, metadata: bool = False) -> None:
    knobs = {"refused_modules": [f"{VEHICLES}:{code}"], "refused_metadata": metadata}
    org.control("POST", "knobs", knobs)


def fault(org: Org, match: str, code: str) -> None:
    body = {"code": code, "details": {}, "message": "no", "status": "error"}
    args = {"status": 401 if code == SCOPE else 400, "body": body}
    org.control("POST", "faults", [{"match": match, "do": "status", "args": args}])


def state_of_vehicles(**state: str) -> Row:
    """A state of the stream that is refused; without a timestamp for a stream that was cleared."""
    descriptor = {"name": VEHICLES}
    return {"type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": state}}


def warnings(output: EntrypointOutput) -> list[str]:
    lines = [message.log for message in output.logs if message.log]
    return [line.message for line in lines if line.level.value == "WARN"]


def failures(output: EntrypointOutput) -> dict[str | None, str]:
    """The sentences of the streams that failed; the last one is of the sync."""
    errors = [message.trace.error for message in output.errors]
    assert {error.failure_type for error in errors} <= {FailureType.config_error}
    return {
        error.stream_descriptor.name if error.stream_descriptor else None: error.message
        for error in errors
    }


def assert_the_other_is_whole(org: Org, output: EntrypointOutput, stream: Row) -> None:
    assert {row["id"]: row for row in rows_of(output, PRODUCTS)} == org.truth(stream)
    assert output.get_stream_statuses(PRODUCTS)[-1] == AirbyteStreamStatus.COMPLETE


@readers
@codes
def test_a_stream_that_never_brought_a_row_ends_empty_with_one_warning_and_no_state(
    org: Org, streams: list[Row], retrieval: Row, code: str
) -> None:
    org.settings = {"retrieval": retrieval}
    refuse(org, code)
    states = [state_of_vehicles()]

    for _ in range(2):
        output = org.read(*streams, state=states, sync_mode="incremental")
        states = [*states_of(output, VEHICLES), *states_of(output, PRODUCTS)[-1:]]

        assert output.errors == []
        assert rows_of(output, VEHICLES) == []
        assert states_of(output, VEHICLES) == []
        assert states_of(output, PRODUCTS)
        (warning,) = warnings(output)
        assert warning.startswith(f"{VEHICLES}: no records. ")
        assert code in warning
        assert output.get_stream_statuses(VEHICLES)[-1] == AirbyteStreamStatus.COMPLETE


@readers
@codes
@pytest.mark.parametrize("sync_mode", ["full_refresh", "incremental"])
def test_rows_of_earlier_syncs_are_not_lost_or_outdated_without_a_failure(
    org: Org, streams: list[Row], retrieval: Row, code: str, sync_mode: str
) -> None:
    """An empty full refresh would drop them; a stream with a state may have brought some."""
    org.settings = {"retrieval": retrieval}
    refuse(org, code)
    output = org.read(
        *streams,
        state=[state_of_vehicles(Modified_Time="2020-01-01T00:00:00Z")]
        if sync_mode == "incremental"
        else [],
        sync_mode=sync_mode,
        expecting_exception=True,
    )

    reported = failures(output)
    assert reported.keys() == {VEHICLES, None}
    assert reported[VEHICLES] == reported[None]
    assert reported[VEHICLES].startswith(
        f"{VEHICLES}: Zoho lists this module and refuses its records. Zoho refuses "
    )
    assert code in reported[VEHICLES]
    assert "Deselect the stream" in reported[VEHICLES]
    assert output.get_stream_statuses(VEHICLES)[-1] == AirbyteStreamStatus.INCOMPLETE
    if sync_mode == "full_refresh":
        assert_the_other_is_whole(org, output, streams[1])


@pytest.mark.parametrize(
    ("version", "sync_mode"),
    [("v2", "full_refresh"), ("v2.1", "incremental"), ("v4", "incremental"), ("v8", "incremental")],
)
@readers
def test_a_scope_that_cannot_be_had_fails_the_stream_and_advises_to_deselect_it(
    org: Org, version: str, retrieval: Row, sync_mode: str
) -> None:
    org.settings = {"schema_version": version, "retrieval": retrieval}
    vehicles, roles = org.stream(VEHICLES), org.stream("roles")
    refuse(org, SCOPE)

    output = org.read(vehicles, roles, sync_mode=sync_mode, expecting_exception=True)

    reported = failures(output)
    assert reported.keys() == {VEHICLES, None}
    assert "has all that can be asked for: " in reported[VEHICLES]
    assert reported[VEHICLES].count("does not serve this to API clients") == 1
    assert reported[VEHICLES].count("Deselect the stream") == 1
    assert "Make a new one" not in reported[VEHICLES]
    assert states_of(output, VEHICLES) == []
    assert rows_of(output, "roles")


def test_settings_that_are_refused_for_a_scope_that_the_token_has_name_the_cure(org: Org) -> None:
    streams = org.streams()
    fault(org, "settings.roles", SCOPE)

    output = org.read(streams["roles"], streams["org"], expecting_exception=True)

    reported = failures(output)["roles"]
    assert "Zoho does not serve this to API clients. Deselect the stream" in reported
    assert rows_of(output, "org")


def test_a_scope_that_is_missing_is_named_by_the_stream_that_fails_for_it(
    org: Org, streams: list[Row]
) -> None:
    held = [scope for scope in SCOPES if ".coql." not in scope]
    org.control("POST", "knobs", {"scopes": held})

    output = org.read(*streams, org.streams()["roles"], expecting_exception=True)

    reported = failures(output)
    assert reported.keys() == {VEHICLES, PRODUCTS, None}
    assert "/coql needs: ZohoCRM.coql.READ. Make a new one" in reported[VEHICLES]
    assert rows_of(output, "roles")


def test_where_zoho_does_not_say_the_scopes_both_ways_out_are_named(
    org: Org, streams: list[Row]
) -> None:
    refuse(org, SCOPE)
    org.control("POST", "knobs", {"scopes": []})
    org.read(org.streams()["roles"], expecting_exception=True)
    org.control("POST", "knobs", {"scopes": SCOPES})

    output = org.read(*streams, expecting_exception=True)

    reported = failures(output)
    assert reported.keys() == {VEHICLES, None}
    assert "does not say which the refresh token has. Make a new one" in reported[VEHICLES]
    assert "If it was made with these, Zoho does not serve this" in reported[VEHICLES]
    assert_the_other_is_whole(org, output, streams[1])


@pytest.mark.parametrize(
    ("retrieval", "match"), [(COQL, "coql"), (BULK, "bulk.create")], ids=["COQL", "Bulk"]
)
@pytest.mark.parametrize(
    "code", [SCOPE, "FEATURE_NOT_SUPPORTED", "API_NOT_SUPPORTED", "VEHICLES_NOT_ENABLED"]
)
def test_what_one_way_alone_refuses_is_read_by_rest(
    org: Org, streams: list[Row], retrieval: Row, match: str, code: str
) -> None:
    """For a scope that the token has, or for want of a feature."""
    org.settings = {"retrieval": retrieval}
    fault(org, f"{match}:{VEHICLES}", code)

    output = org.read(streams[0])

    assert {row["id"]: row for row in rows_of(output, VEHICLES)} == org.truth(streams[0])


@pytest.mark.parametrize("code", ["INVALID_QUERY", SCOPE])
def test_a_module_whose_fields_are_refused_costs_no_other(org: Org, code: str) -> None:
    names = org.streams().keys()
    refuse(org, code, metadata=True)

    assert org.discover().keys() == names - {VEHICLES}
    output = org.read(org.streams()["modules"])
    (entry,) = (row for row in rows_of(output, "modules") if row["api_name"] == VEHICLES)
    assert entry["offered"] is False
    assert code == SCOPE or code in entry["not_offered_because"]
    assert "Make a new one" not in entry["not_offered_because"]


def test_a_module_whose_feature_is_off_costs_no_other(org: Org, streams: list[Row]) -> None:
    names = org.streams().keys()
    fault(org, f"settings.fields:{VEHICLES}", "VEHICLES_NOT_ENABLED")
    assert org.discover().keys() == names - {VEHICLES}

    org.control("POST", "reset", {})
    for call in ("coql", "records.list", "deleted"):
        fault(org, f"{call}:{VEHICLES}", "VEHICLES_NOT_ENABLED")
    output = org.read(*streams)
    assert_the_other_is_whole(org, output, streams[1])
    assert [line for line in warnings(output) if "VEHICLES_NOT_ENABLED" in line]
    assert not states_of(output, VEHICLES)


def test_a_token_that_may_see_no_fields_at_all_discovers_nothing_and_says_why(org: Org) -> None:
    parts = ("modules.ALL", "settings.modules.READ", "org.READ", "users.READ", "coql.READ")
    org.control("POST", "knobs", {"scopes": [f"ZohoCRM.{part}" for part in parts]})

    with pytest.raises(AirbyteTracedException, match=r"lacks a scope .*: ZohoCRM.settings.READ"):
        org.discover()


def test_fields_that_are_all_refused_for_scopes_that_the_token_has_fail_the_discovery(
    org: Org,
) -> None:
    fault(org, "settings.fields", SCOPE)

    with pytest.raises(AirbyteTracedException, match="has all that can be asked for"):
        org.discover()


@pytest.mark.parametrize("code", ["NO_PERMISSION", "INVALID_MODULE", "INVALID_QUERY", SCOPE])
@pytest.mark.parametrize("metadata", [False, True])
@readers
def test_a_check_tries_another_module_than_one_that_is_refused(
    org: Org, retrieval: Row, code: str, metadata: bool
) -> None:
    org.settings = {"retrieval": retrieval}
    knobs = {"refused_modules": [f"Leads:{code}"], "refused_metadata": metadata}
    org.control("POST", "knobs", knobs)

    answer = SourceZohoCrm(config=org.config).check(logging.getLogger("airbyte"), org.config)

    assert answer.message is None


@pytest.mark.parametrize("code", ["INVALID_QUERY", SCOPE])
def test_settings_that_one_module_refuses_are_read_of_the_others(org: Org, code: str) -> None:
    layouts = org.streams()["layouts"]
    before = {row["module"] for row in rows_of(org.read(layouts), "layouts")}
    fault(org, f"settings.layouts:{VEHICLES}", code)

    output = org.read(layouts)

    assert {row["module"] for row in rows_of(output, "layouts")} == before - {VEHICLES}
    assert [line for line in output.logs if line.log and VEHICLES in line.log.message]
