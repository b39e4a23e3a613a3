"""Answers and states that are not as they should be: read or refused, never dropped in silence."""

from collections.abc import Iterator

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.utils import AirbyteTracedException

from unit_tests.source.conftest import BULK, Org, Row, narrow, rows_of, states_of


def saved(timestamp: object) -> list[Row]:
    """The state of an earlier sync of Deals."""
    stream = {"stream_descriptor": {"name": "Deals"}, "stream_state": {"Modified_Time": timestamp}}
    return [{"type": "STREAM", "stream": stream}]


def refuse(org: Org, match: str, code: str, **when: int) -> None:
    body = {"code": code, "details": {}, "message": "no", "status": "error"}
    fault = {"match": match, "do": "status", "args": {"status": 400, "body": body}}
    org.control("POST", "faults", [fault | when])


class Clock:
    """Time that passes by sleeping alone."""

    slept = 0.0

    def monotonic(self) -> float:
        return 1_000 + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        assert self.slept < 1_000, "it waits for ever"


def failure(output: EntrypointOutput) -> tuple[FailureType, str]:
    error = output.errors[0].trace.error
    return error.failure_type, error.message


@pytest.fixture
def deals(org: Org) -> Row:
    return narrow(org.streams()["Deals"], "Stage")


@pytest.mark.parametrize(
    "timestamp",
    [
        "2020-01-01",
        "2020-01-01T00:00:00",
        "2020-01-01T00:00:00.000Z",
        "2020-01-01T00:00:00.500Z",
        "2020-01-01T05:30:00+05:30",
        "2020-01-01 00:00:00+0000",
    ],
)
def test_a_state_in_any_form_of_iso_8601_is_gone_on_from(
    org: Org, deals: Row, timestamp: str
) -> None:
    output = org.read(deals, state=saved(timestamp))

    truth = org.truth(deals)
    later = {key for key, row in truth.items() if row["Modified_Time"] > "2020-01-01T00:00:00Z"}
    assert 0 < len(later) < len(truth)
    assert {row["id"] for row in rows_of(output, "Deals", deleted=False)} == later
    assert states_of(output, "Deals")[-1]["stream"]["stream_state"]["Modified_Time"] > "2025"


@pytest.mark.parametrize(
    "timestamp", ["garbage", "Monday", "", None, 1704067200, "9999-12-31T23:59:59-05:00"]
)
def test_a_state_that_is_no_datetime_is_refused_by_name_and_value(
    org: Org, deals: Row, timestamp: object
) -> None:
    with pytest.raises(AirbyteTracedException) as refusal:
        org.read(deals, state=saved(timestamp))

    assert refusal.value.failure_type == FailureType.config_error
    assert refusal.value.message.startswith(f"Deals: the saved state is {timestamp!r}")


def test_a_state_of_spans_is_refused_because_it_holds_no_datetime(org: Org, deals: Row) -> None:
    (state,) = saved("2020-01-01T00:00:00Z")
    spans = [{"start": "1970-01-01T00:00:00Z", "end": "2020-01-01T00:00:00Z"}]
    state["stream"]["stream_state"] = {"state_type": "date-range", "slices": spans}

    with pytest.raises(
        AirbyteTracedException, match=r"the saved state is .* which is not a datetime"
    ):
        org.read(deals, state=[state])


def test_a_state_from_the_year_one_reads_everything(org: Org, deals: Row) -> None:
    output = org.read(deals, state=saved("0001-01-01T00:00:00Z"))

    assert {row["id"] for row in rows_of(output, "Deals", deleted=False)} == org.truth(deals).keys()


def test_a_download_that_zoho_always_puts_off_ends_after_ten_minutes(
    org: Org, deals: Row, mocker
) -> None:
    clock = Clock()
    mocker.patch("source_zoho_crm.download_pace.time", clock)
    org.settings = {"retrieval": BULK}
    body = {"code": "TOO_MANY_REQUESTS", "details": {}, "message": "no", "status": "error"}
    fault = {"match": "bulk.result", "do": "status", "args": {"status": 429, "body": body}}
    org.control("POST", "faults", [fault])

    output = org.read(deals, expecting_exception=True)

    kind, sentence = failure(output)
    assert kind == FailureType.transient_error
    assert "Deals: Zoho has put off the download of an export for ten minutes" in sentence
    assert 600 <= clock.slept < 700


def test_a_false_syntax_error_is_not_believed(org: Org, deals: Row) -> None:
    refuse(org, "coql:Deals", "SYNTAX_ERROR", times=1)

    output = org.read(deals)

    assert {row["id"]: row for row in rows_of(output, "Deals")} == org.truth(deals)
    assert org.calls("records.list") == 0


def test_a_syntax_error_that_stays_sends_the_module_to_rest(org: Org, deals: Row) -> None:
    refuse(org, "coql:Deals", "SYNTAX_ERROR")

    output = org.read(deals)

    assert {row["id"]: row for row in rows_of(output, "Deals")} == org.truth(deals)
    assert org.calls("coql:Deals") == 2


def test_a_syntax_error_after_rows_have_come_is_left_to_the_next_sync(org: Org) -> None:
    leads = narrow(org.streams()["Leads"], "Company")
    refuse(org, "coql:Leads", "SYNTAX_ERROR", after=4)

    output = org.read(leads, expecting_exception=True)

    assert rows_of(output, "Leads")
    kind, sentence = failure(output)
    assert kind == FailureType.transient_error
    assert "SYNTAX_ERROR" in sentence


@pytest.fixture
def nameless_stage(org: Org) -> Iterator[Org]:
    """An org whose deals have a stage without api_name."""
    org.streams()
    org.control("PATCH", "fields/Deals/Stage", {"hidden_keys": ["api_name"]})
    yield org
    org.control("PATCH", "fields/Deals/Stage", {"hidden_keys": []})


def test_a_field_without_api_name_is_reported_and_costs_no_other(nameless_stage: Org) -> None:
    streams = nameless_stage.streams()

    output = nameless_stage.read(streams["fields"], streams["picklist_values"])

    rows = rows_of(output, "fields")
    (nameless,) = [row for row in rows if "api_name" not in row]
    assert nameless["module"] == "Deals"
    assert nameless["offered"] is False
    assert nameless["not_offered_because"] == "Zoho gives it no api_name."
    assert {"Amount", "Type"} <= {row["api_name"] for row in rows if row["offered"]}
    values = rows_of(output, "picklist_values")
    assert {row["field"] for row in values if row["module"] == "Deals"} >= {"Type"}
