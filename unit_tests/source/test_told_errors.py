"""How the log and the protocol tell errors: once, as sentences, without requests and answers."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import requests
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, FailureType, StreamDescriptor
from airbyte_cdk.sources.streams.http.exceptions import UserDefinedBackoffException
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.failures import SyncFailed, report_failures
from unit_tests.source.conftest import COQL, METHODS, Org, log_of, states_of
from zoho_crm.final_message import build_final_message
from zoho_crm.problems import explain_giving_up, transient_error
from zoho_emulator.server import Settings, running

#: What only a developer can read, and what may hold values of records.
MACHINERY = re.compile(
    r"Traceback|File \"|Request \(|Response \(|select id|[{]'|authorization", re.I
)
SMALL = Settings(rows=40)


@pytest.fixture(scope="module")
def small_org() -> Iterator[Org]:
    with running(SMALL, {"tokens_per_10_min": 0, "bulk_job_seconds": 0}) as server:
        yield Org(server, made_of=SMALL)


def refuse(org: Org, module: str, status: int, code: str) -> None:
    body = {"code": code, "details": {}, "message": "refused in a test", "status": "error"}
    calls = ("coql", "records.list", "bulk.create")
    faults = [
        {"match": f"{call}:{module}", "do": "status", "args": {"status": status, "body": body}}
        for call in calls
    ]
    org.server.control("POST", "faults", faults)


def all_text(output: EntrypointOutput) -> str:
    """What was printed beside records, without the last error: the CDK's test tool makes it."""
    messages = [*output.logs, *output.trace_messages[:-1]]
    return "\n".join(map(AirbyteEntrypoint.airbyte_message_to_string, messages))


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("v2", "NO_PERMISSION"),
        ("v2.1", "NO_PERMISSION"),
        ("v4", "NO_PERMISSION"),
        ("v8", "NO_PERMISSION"),
        ("v4", "OAUTH_SCOPE_MISMATCH"),
        ("v8", "INVALID_TOKEN"),
    ],
)
@pytest.mark.parametrize("retrieval", METHODS)
def test_a_refusal_is_one_sentence_in_the_log(
    small_org: Org, retrieval: dict[str, str], version: str, code: str
) -> None:
    small_org.settings = {"retrieval": retrieval, "schema_version": version}
    deals, leads = small_org.stream("Deals"), small_org.stream("Leads")
    refuse(small_org, "Deals", 403 if code == "NO_PERMISSION" else 401, code)

    output = small_org.read(deals, leads, expecting_exception=True)

    small_org.server.control("POST", "reset", {})
    of_stream = output.errors[0].trace.error
    assert of_stream.failure_type == FailureType.config_error
    assert of_stream.stream_descriptor.name == "Deals"
    assert log_of(output).count(of_stream.message) == 1
    assert not MACHINERY.search(all_text(output))
    assert states_of(output, "Leads"), "the other stream was read"


def test_the_end_of_the_credits_is_one_sentence_for_all_streams(small_org: Org) -> None:
    small_org.settings = {"retrieval": COQL}
    names = ("Deals", "Leads", "Contacts", "Vehicles")
    streams = [small_org.stream(name) for name in names]
    body = {
        "code": "TOO_MANY_REQUESTS",
        "details": {},
        "message": "Many requests fired than the allowed limit for the past 24 hours.",
        "status": "error",
    }
    fault = {"match": "coql:*", "after": 2, "do": "status", "args": {"status": 429, "body": body}}
    small_org.server.control("POST", "faults", [fault])

    output = small_org.read(*streams, expecting_exception=True)

    small_org.server.control("POST", "reset", {})
    failed = [error.trace.error for error in output.errors if error.trace.error.stream_descriptor]
    assert len(failed) > 1
    assert {error.failure_type for error in failed} == {FailureType.transient_error}
    assert log_of(output).count("has used up its API credits") == 1
    assert not MACHINERY.search(all_text(output))
    named = ", ".join(error.stream_descriptor.name for error in failed)
    assert f"Streams that failed: {named}." in log_of(output)


def tell(errors: Iterable[tuple[str, Exception]]) -> tuple[list[AirbyteMessage], SyncFailed]:
    """What is passed on of a read whose streams raised these, and how it ends."""

    def read() -> Iterator[AirbyteMessage]:
        # As the CDK's `on_exception` does.
        for stream, error in errors:
            descriptor = StreamDescriptor(name=stream)
            if isinstance(error, AirbyteTracedException):
                yield error.as_airbyte_message(stream_descriptor=descriptor)
            else:
                yield AirbyteTracedException.from_exception(
                    error, stream_descriptor=descriptor, message="An unexpected error occurred"
                ).as_airbyte_message()
        raise AirbyteTracedException("Concurrent read failure", "as Python prints it")

    messages: list[AirbyteMessage] = []
    with pytest.raises(SyncFailed) as end:
        messages.extend(report_failures(read()))
    return messages, end.value


def raised(error: Exception) -> Any:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def test_a_bug_keeps_its_traceback_once(caplog: pytest.LogCaptureFixture) -> None:
    messages, end = tell([("Leads", raised(KeyError("oops"))), ("Deals", transient_error("Wait."))])
    last = build_final_message(end, is_told=True)

    assert caplog.text.count("Traceback") == 1
    assert caplog.messages[0].startswith("Leads: An unexpected error occurred\nTraceback")
    assert "KeyError: 'oops'" in caplog.messages[0]
    assert caplog.messages[1:] == ["Deals: Wait.", "Streams that failed: Leads, Deals."]
    traces = [message.trace.error.stack_trace for message in (*messages, last)]
    assert [trace is not None for trace in traces] == [True, False, False]
    assert last.trace.error.failure_type == FailureType.system_error
    assert last.trace.error.message == "Leads: An unexpected error occurred Deals: Wait."


def test_two_bugs_with_the_same_sentence_keep_both_tracebacks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tell([("Leads", raised(KeyError("one"))), ("Deals", raised(ValueError("two")))])

    assert "KeyError: 'one'" in caplog.text
    assert "ValueError: two" in caplog.text


def test_an_error_of_very_many_streams_names_a_few(caplog: pytest.LogCaptureFixture) -> None:
    _, end = tell((f"Module_{n}", transient_error("No credits are left.")) for n in range(313))

    assert caplog.text.count("No credits are left.") == 1
    named = ", ".join(f"Module_{n}" for n in range(10))
    assert end.message == f"{named} and 303 more: No credits are left."
    assert caplog.messages[-1] == f"Streams that failed: {named} and 303 more."


def test_a_host_that_does_not_answer_is_named_without_the_query() -> None:
    request = requests.Request("GET", "https://zoho.example/crm/v8/Leads?ids=7").prepare()
    last = UserDefinedBackoffException(1, request, requests.ConnectionError("reset"))

    assert explain_giving_up(last) == (
        "Zoho cannot be reached at https://zoho.example/crm/v8/Leads. Check the network, or try "
        "again later."
    )


def test_an_error_that_ends_a_command_is_in_the_log_too(caplog: pytest.LogCaptureFixture) -> None:
    message = build_final_message(raised(transient_error("Zoho cannot be reached.")))

    assert caplog.messages == ["Zoho cannot be reached."]
    assert message.trace.error.stack_trace is None
