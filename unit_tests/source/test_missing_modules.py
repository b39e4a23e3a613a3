"""Modules that the org no longer offers, or does not list: each is reported, none is dropped."""

import pytest
from airbyte_cdk.models import AirbyteStreamStatus, FailureType
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.utils import AirbyteTracedException

from unit_tests.source.conftest import METHODS, Org, Row, narrow, rows_of

INCOMPLETE = AirbyteStreamStatus.INCOMPLETE


def refuse(org: Org, match: str, code: str, status: int = 400) -> None:
    body = {"code": code, "details": {}, "message": "no", "status": "error"}
    fault = {"match": match, "do": "status", "args": {"status": status, "body": body}}
    org.control("POST", "faults", [fault])


def sentences(output: EntrypointOutput) -> dict[str | None, str]:
    """The config errors of a read by their stream; the last one has none."""
    errors = [message.trace.error for message in output.errors]
    assert {error.failure_type for error in errors} == {FailureType.config_error}
    return {
        error.stream_descriptor.name if error.stream_descriptor else None: error.message
        for error in errors
    }


@pytest.fixture
def vehicles(org: Org) -> Row:
    return org.streams()["Vehicles"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("INVALID_TOKEN", 401),
        ("INVALID_HOST", 400),
        ("INVALID_REQUEST", 400),
        ("INTERNAL_ERROR", 400),
    ],
)
def test_a_refusal_that_does_not_concern_the_module_ends_the_discovery(
    org: Org, code: str, status: int
) -> None:
    refuse(org, "settings.fields:Vehicles", code, status)

    with pytest.raises(AirbyteTracedException, match="Zoho"):
        org.stream("Vehicles")


@pytest.mark.parametrize("code", ["NO_PERMISSION", "FEATURE_NOT_ENABLED", "NOT_SUPPORTED"])
def test_a_refusal_of_one_module_costs_that_module_alone(org: Org, code: str) -> None:
    names = org.streams().keys()
    refuse(org, "settings.fields:Vehicles", code)

    assert org.discover().keys() == names - {"Vehicles"}


def test_a_module_that_zoho_no_longer_lists_fails_and_the_others_are_read(
    org: Org, vehicles: Row
) -> None:
    output = org.read(vehicles, vehicles | {"name": "Ghost"}, expecting_exception=True)

    reported = sentences(output)
    assert reported.keys() == {"Ghost", None}
    assert "Ghost: Zoho lists no module of this name" in reported["Ghost"]
    assert reported[None] == reported["Ghost"], "its name stands there once"
    assert {row["id"]: row for row in rows_of(output, "Vehicles")} == org.truth(vehicles)
    assert output.get_stream_statuses("Vehicles")[-1] == AirbyteStreamStatus.COMPLETE
    assert output.get_stream_statuses("Ghost") == [INCOMPLETE]


def test_a_module_whose_fields_are_refused_fails_with_the_reason(org: Org, vehicles: Row) -> None:
    refuse(org, "settings.fields:Deals", "NO_PERMISSION", 403)
    streams = org.streams()

    output = org.read(vehicles, streams["Deals"], streams["roles"], expecting_exception=True)

    reported = sentences(output)
    assert reported.keys() == {"Deals", None}
    assert "(NO_PERMISSION: no). The user who made the refresh token needs" in reported["Deals"]
    assert rows_of(output, "Vehicles")
    assert rows_of(output, "roles")
    assert output.get_stream_statuses("Deals") == [INCOMPLETE]


def test_a_sync_of_missing_modules_alone_does_not_succeed(org: Org, vehicles: Row) -> None:
    ghosts = [vehicles | {"name": name} for name in ("Ghost", "Shade")]

    output = org.read(*ghosts, expecting_exception=True)

    assert sentences(output).keys() == {"Ghost", "Shade", None}
    assert [output.get_stream_statuses(ghost["name"]) for ghost in ghosts] == [[INCOMPLETE]] * 2


def test_a_missing_module_and_a_failing_stream_are_both_reported(org: Org, vehicles: Row) -> None:
    roles = org.streams()["roles"]
    refuse(org, "settings.roles", "NO_PERMISSION", 403)

    output = org.read(vehicles | {"name": "Ghost"}, roles, expecting_exception=True)

    reported = sentences(output)
    assert reported.keys() == {"Ghost", "roles", None}
    assert reported["Ghost"] in reported[None]
    assert reported["roles"] in reported[None]


@pytest.mark.parametrize(
    ("asked", "meant"), [("vehicles", "Vehicles"), ("Vehicle", "Vehicles"), ("Role", "roles")]
)
def test_a_stream_that_is_nearly_called_so_is_given_the_name(
    org: Org, vehicles: Row, asked: str, meant: str
) -> None:
    output = org.read(vehicles | {"name": asked}, expecting_exception=True)

    reported = sentences(output)[asked]
    assert f"{asked}: Zoho lists no module of this name" in reported
    assert f" Did you mean {meant}? " in reported


def test_a_stream_like_no_other_is_given_none(org: Org, vehicles: Row) -> None:
    output = org.read(vehicles | {"name": "Ghost"}, expecting_exception=True)

    assert "Did you mean" not in sentences(output)["Ghost"]


@pytest.mark.parametrize("retrieval", METHODS)
@pytest.mark.parametrize("module", ["Vehicles", "Quoted_Items"])
def test_selected_columns_that_the_module_does_not_have_are_reported_once(
    org: Org, retrieval: Row, module: str
) -> None:
    org.settings = {"retrieval": retrieval}
    stream = org.streams()[module]
    properties = stream["json_schema"]["properties"]
    gone = {"Wheels": {"type": "string"}, "Colour_2": {"type": "string"}}
    old = {**stream, "json_schema": {**stream["json_schema"], "properties": properties | gone}}

    output = org.read(old)

    (reported,) = (log.log.message for log in output.logs if log.log.level.value == "WARN")
    assert reported.startswith(f"{module}: columns are selected that this module does not have")
    assert "Colour_2, Wheels" in reported
    assert {row["id"]: row for row in rows_of(output, module)} == org.truth(stream)


def test_columns_that_are_there_are_not_reported(org: Org) -> None:
    streams = org.streams()

    output = org.read(streams["Vehicles"], streams["Quoted_Items"], streams["DealHistory"])

    assert [log for log in output.logs if log.log.level.value == "WARN"] == []


def without_fields(org: Org, times: int | None) -> None:
    answer = {"do": "status", "args": {"status": 204}, "times": times}
    org.control("POST", "faults", [{"match": "settings.fields:Deals"} | answer])


@pytest.mark.parametrize("retrieval", METHODS)
def test_a_selected_module_whose_fields_are_missing_once_is_read(
    org: Org, retrieval: Row, vehicles: Row
) -> None:
    org.settings = {"retrieval": retrieval}
    deals = narrow(org.streams()["Deals"], "Stage")
    without_fields(org, 1)

    output = org.read(vehicles, deals)

    assert [rule["hits"] for rule in org.control("GET", "faults")] == [1]
    assert {row["id"]: row for row in rows_of(output, "Deals")} == org.truth(deals)


def test_a_selected_module_without_fields_is_reported_and_stays_in_the_sync(
    org: Org, vehicles: Row
) -> None:
    deals = org.streams()["Deals"]
    without_fields(org, None)

    output = org.read(vehicles, deals, expecting_exception=True)

    assert sentences(output)["Deals"] == (
        "Deals: asked twice, Zoho names no field of it that a record carries. Check that the "
        "profile of the user who made the refresh token sees fields of this module, and sync again."
    )
    assert [rule["hits"] for rule in org.control("GET", "faults")] == [2]
    assert output.get_stream_statuses("Deals") == [INCOMPLETE]
    assert rows_of(output, "Vehicles")
