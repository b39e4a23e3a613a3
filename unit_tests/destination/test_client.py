"""What an answer, or its absence, means for the call it belongs to."""

import logging

import pytest
import requests
import urllib3
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ResponseAction

from destination_zoho_crm.client import Client, LostAnswerError, WriteAnswerHandler
from unit_tests.destination.conftest import Org, stream
from zoho_crm.errors import FailuresOnly


@pytest.fixture(scope="session")
def rules() -> FailuresOnly:
    """The manifest's."""
    account = dict.fromkeys(("client_id", "client_secret", "refresh_token"), "x")
    handler = Client(account | {"base_url": "http://127.0.0.1:1"}).metadata.error_handler
    assert isinstance(handler, FailuresOnly)
    return handler


def response(status: int, body: str) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer._content = body.encode()
    answer.url = "http://127.0.0.1/crm/v4/Leads?ids=secret"
    answer.request = requests.Request("POST", answer.url).prepare()
    return answer


def never_connected() -> requests.ConnectionError:
    reason = urllib3.exceptions.NewConnectionError(None, "refused")  # type: ignore[arg-type]
    pool = urllib3.HTTPConnectionPool("127.0.0.1")
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/?ids=secret", reason))


OUTCOMES = '{"data": [{"code": "SUCCESS"}]}'
SUCCESS, RETRY, FAIL = ResponseAction.SUCCESS, ResponseAction.RETRY, ResponseAction.FAIL


@pytest.mark.parametrize(
    ("came", "repeatable", "action", "lost"),
    [
        (response(200, OUTCOMES), True, SUCCESS, False),
        (response(207, OUTCOMES), True, SUCCESS, False),
        (response(400, OUTCOMES), True, SUCCESS, False),
        (response(412, OUTCOMES), True, SUCCESS, False),
        (response(500, OUTCOMES), True, RETRY, True),
        (response(201, "<html>"), True, RETRY, True),
        (response(201, "<html>"), False, FAIL, True),
        (response(204, ""), False, FAIL, True),
        (response(502, "<html>"), True, RETRY, True),
        (response(502, "<html>"), False, FAIL, True),
        (response(520, "<html>"), True, RETRY, True),
        (response(520, "<html>"), False, FAIL, True),
        (response(408, "<html>"), False, FAIL, True),
        (response(413, "<html>"), True, FAIL, True),
        (response(413, "<html>"), False, FAIL, True),
        (response(404, "<html>"), False, FAIL, True),
        (response(499, ""), True, RETRY, True),
        (response(499, ""), False, FAIL, True),
        (response(429, '{"code": "TOO_MANY_REQUESTS"}'), False, RETRY, False),
        (response(400, '{"code": "INVALID_MODULE", "message": "m"}'), True, FAIL, False),
        (requests.ReadTimeout(), True, RETRY, True),
        (requests.ReadTimeout(), False, FAIL, True),
        (requests.ConnectionError("reset"), False, FAIL, True),
        (requests.ConnectTimeout(), False, RETRY, False),
        (never_connected(), False, RETRY, False),
    ],
)
def test_what_comes_decides_whether_a_call_is_made_again(
    rules: FailuresOnly,
    came: requests.Response | Exception,
    repeatable: bool,
    action: ResponseAction,
    lost: bool,
) -> None:
    handler = WriteAnswerHandler(rules, repeatable=repeatable)
    handler.start_call("Leads")

    resolution = handler.interpret_response(came)

    assert (resolution.response_action, handler.is_lost) == (action, lost)
    assert "secret" not in (resolution.error_message or "")


@pytest.mark.usefixtures("no_pauses")
def test_a_call_that_never_gets_through_ends_in_a_sentence_without_its_address(
    org: Org, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The keys of a deletion stand in the address."""
    real = requests.Session.send

    def send(
        self: requests.Session, request: requests.PreparedRequest, **more: object
    ) -> requests.Response:
        if request.method == "DELETE":
            error = never_connected()
            raise requests.ConnectionError(*error.args, request=request)
        return real(self, request, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "send", send)
    caplog.set_level(logging.INFO)
    gone = stream("Vehicles", "Plate", mode="soft_delete", key="Plate")

    result = org.write(gone, [{"Plate": "secret"}])

    assert result.sentence == (
        "Zoho cannot write to Vehicles, however often it is asked: The call did not get through "
        "(ConnectionError). Try again later."
    )
    assert "secret" not in str(result.failure) + "".join(result.log) + caplog.text


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("status", [403, 414, 520])
@pytest.mark.parametrize("mode", ["append", "append_dedup", "soft_delete"])
def test_a_failure_without_a_code_is_reported_without_address_and_body(
    org: Org, status: int, mode: str
) -> None:
    """A gateway answers; what the call held is nobody's to read."""
    for call in ("insert", "upsert", "delete"):
        org.fail(call, times=999, status=status, body="<html>secret</html>")
    vehicles = stream("Vehicles", "Plate", "Name", mode=mode, key="Plate")

    result = org.write(vehicles, [{"Plate": "secret", "Name": "secret"}])

    assert result.failure
    said = str(result.failure.internal_message) + result.sentence + "".join(result.log)
    assert "secret" not in said
    if status < 500:
        assert result.sentence == (
            f"Writes to Vehicles are refused with HTTP {status} without a Zoho code, probably by "
            "a proxy or gateway. The next sync sends the rows since the last state again."
        )
        assert result.states == []
    elif mode != "append":
        assert result.sentence == (
            "Zoho cannot write to Vehicles, however often it is asked: HTTP 520. Try again later."
        )


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("how", ["reset", "cut"])
@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_a_row_whose_connection_broke_is_there_once(org: Org, mode: str, how: str) -> None:
    leads = stream("Leads", "Last_Name", "Email", mode=mode, key="Email")
    row = {"Last_Name": "L", "Email": "l@x.test"}
    org.fail("insert" if mode == "append" else "upsert", how)

    result = org.write(leads, [row])

    # The second upsert finds what the first one added.
    assert result.counts() == ({"created": 1} if mode == "append" else {"updated": 1})
    assert len([record for record in org.records("Leads") if record["Last_Name"] == "L"]) == 1


def test_an_insert_without_an_answer_is_not_made_again(org: Org) -> None:
    client = Client(org.config)
    org.fail("insert", "body", body="<html>")
    body = {"data": [{"Last_Name": "L"}]}

    with pytest.raises(LostAnswerError):
        client.write("POST", "Leads", usage_of="x", body=body, repeatable=False)

    assert org.calls("insert") == 1
