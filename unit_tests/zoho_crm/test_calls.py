"""Calls to Zoho, and what comes back of them."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.client import Client
from zoho_crm.answers import accept_any_body, build_page_parser
from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.org import Org, begin_run, get_org
from zoho_crm.problems import Refused, Unreadable
from zoho_crm.requester import build_requester
from zoho_crm.usage import Usage
from zoho_emulator.knobs import SCOPES
from zoho_emulator.server import Running, Settings, running

QUERY = {"select_query": "select id from Leads where id > 0 limit 1"}


@pytest.fixture(scope="module")
def _server() -> Iterator[Running]:
    with running(Settings(rows=3), {"tokens_per_10_min": 0}) as server:
        yield server


@pytest.fixture
def server(_server: Running) -> Running:
    ZohoAuthenticator._tokens.clear()
    _server.control("POST", "reset", {})
    _server.control("POST", "knobs", {"api_domain": "", "scopes": ["ZohoCRM.modules.ALL"]})
    return _server


def client_of(server: Running) -> Client:
    return Client(server.account)


def answer(server: Running, match: str, body: object, **more: object) -> None:
    """The next call that matches gets this body with the status of its true answer."""
    fault = {"match": match, "do": "body", "times": 1, "args": {"body": body}}
    server.control("POST", "faults", [fault | more])


def error(code: str, message: str = "no") -> dict[str, Any]:
    return {"code": code, "details": {}, "message": message, "status": "error"}


UNREADABLE = {
    "half": ('{"data": [{"Last_Name": "Sec', "it is not JSON"),
    "HTML": ("<html>", "it is not JSON"),
    "nothing": ("", "it is empty"),
    "a list": ("[]", "it is not a JSON object"),
    "a text": ('"x"', "it is not a JSON object"),
    "null": ("null", "it is not a JSON object"),
    "an empty object": ({}, "it has no list 'data'"),
    "no rows, unsaid": ({"info": {"more_records": False}}, "it has no list 'data'"),
    "null for rows": ({"data": None}, "it has no list 'data'"),
    "an object for rows": ({"data": {"id": "1"}}, "it has no list 'data'"),
    "rows that are texts": (
        {"data": ["1"], "info": {"more_records": False}},
        "some of its rows have no id",
    ),
    "rows without id": (
        {"data": [{"Last_Name": "Sec"}], "info": {"more_records": False}},
        "some of its rows have no id",
    ),
    "no info": ({"data": [{"id": "1"}]}, "it has no info about the rows that follow"),
    "an info that is none": ({"data": [], "info": 7}, "it has no info about the rows that follow"),
    "no more_records": (
        {"data": [{"id": "1"}], "info": {"count": 1}},
        "its info does not say whether more rows follow",
    ),
    "an empty promise": (
        {"data": [], "info": {"more_records": True}},
        "it has no rows and promises more",
    ),
    "rows that lack": (
        {"data": [{"id": "1"}], "info": {"count": 2, "more_records": False}},
        "it counts 2 rows and has 1",
    ),
}
unreadable = pytest.mark.parametrize(("body", "why"), UNREADABLE.values(), ids=UNREADABLE)


@unreadable
def test_an_answer_that_can_never_be_read_is_reported_and_not_quoted(
    server: Running, pauses: list[float], body: object, why: str
) -> None:
    client = client_of(server)
    answer(server, "records.list", body, times=None)

    with pytest.raises(Unreadable) as caught:
        client.metadata.ask("Leads", read=build_page_parser(), params={"fields": "Last_Name"})

    assert caught.value.failure_type == FailureType.transient_error
    assert caught.value.message == (
        f"Zoho answers {server.base_url}/crm/v4/Leads with HTTP 200 and application/json that "
        f"cannot be read: {why}. Try again later."
    )
    assert pauses == [1, 2, 4, 8, 16, 32]


@unreadable
def test_an_answer_that_cannot_be_read_is_asked_for_again(
    server: Running, body: object, why: str
) -> None:
    client = client_of(server)
    answer(server, "records.list", body)

    found = client.metadata.ask("Leads", read=build_page_parser(), params={"fields": "Last_Name"})

    assert len(found.rows) == 3
    assert client.org.usage.by_stream["metadata"].calls == 2


@pytest.mark.parametrize("key", ["org", "modules"])
@pytest.mark.parametrize(("status", "body"), [(204, None), (200, []), (200, None)])
def test_what_no_org_lacks_is_never_taken_for_empty(
    server: Running, key: str, status: int, body: object
) -> None:
    server.control("POST", "knobs", {"scopes": SCOPES})
    path, name = ("org", "org") if key == "org" else ("settings/modules", "settings.modules")
    args = {"status": status, "body": "" if status == 204 else {key: body}}
    server.control("POST", "faults", [{"match": name, "do": "status", "times": 2, "args": args}])

    assert client_of(server).metadata.metadata(path, key)


@pytest.mark.parametrize("wrap", [lambda e: e, lambda e: {"data": [e]}], ids=["alone", "in data"])
def test_an_error_with_a_good_status_is_a_refusal(server: Running, wrap) -> None:
    client = client_of(server)
    answer(server, "records.list", wrap(error("NO_PERMISSION")))

    with pytest.raises(Refused) as caught:
        client.metadata.ask("Leads", read=build_page_parser(), params={"fields": "Last_Name"})

    assert caught.value.code == "NO_PERMISSION"
    assert "NO_PERMISSION: no" in str(caught.value.message)
    assert client.org.usage.by_stream["metadata"].credits == 1


@pytest.mark.parametrize("key", ["data", "modules"])
@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (401, {"code": "OAUTH_SCOPE_MISMATCH"}),
        (403, {"code": "NOT_SUPPORTED"}),
        (403, {"code": "NO_PERMISSION", "details": {"permissions": ["Crm_Implied_View_Leads"]}}),
        (400, {"code": "AUTHORIZATION_FAILED", "details": {"resource_path_index": 0}}),
        (429, {"code": "TOO_MANY_REQUESTS", "message": "More than in the past 24 hours."}),
        (400, {"code": "INVALID_HOST"}),
        (400, {"code": "INVALID_MODULE", "details": {"resource_path_index": 0}}),
        (400, {"code": "LIMIT_EXCEEDED", "details": {"limit": 50, "param_name": "fields"}}),
        (200, {"code": "PATTERN_NOT_MATCHED"}),
    ],
)
def test_a_refusal_means_the_same_alone_and_in_a_list(
    server: Running, status: int, refusal: dict[str, Any], key: str
) -> None:
    entry = error("X") | refusal
    refused = []
    for body in (entry, {key: [entry], "info": {}}):
        client = client_of(server)
        fault = {"match": "settings.modules", "do": "status", "times": 1}
        args = {"status": status, "body": body}
        server.control("POST", "faults", [fault | {"args": args}])
        with pytest.raises(Refused) as caught:
            client.metadata.ask("settings/modules", read=accept_any_body)
        refused.append((caught.value.code, caught.value.message, caught.value.failure_type))

    assert refused[0] == refused[1]
    assert refused[0][0] == refusal["code"]


@pytest.mark.parametrize(
    "body",
    [
        "null",
        "[1]",
        '{"data": null}',
        error("TOO_MANY_REQUESTS") | {"message": None},
        error("NO_PERMISSION") | {"details": "none"},
        error("NO_PERMISSION") | {"details": None},
        {"code": 7},
        {"code": ["x"], "message": {"y": 1}, "details": 7},
        '{"code": "X", "message": "\\ud800", "details": {}, "status": "error"}',
        '{"code": "X", "details": {"a": ' + "[" * 400 + "]" * 400 + "}}",
        '{"code": "X", "details": {"a": NaN}}',
    ],
)
def test_a_refusal_that_is_not_as_documented_fails_with_a_sentence(
    server: Running, mocker, body: object
) -> None:
    mocker.patch("time.sleep")
    args = {"status": 400, "body": body}
    server.control("POST", "faults", [{"match": "records.list", "do": "status", "args": args}])

    with pytest.raises(AirbyteTracedException) as caught:
        client_of(server).metadata.ask(
            "Leads", read=build_page_parser(), params={"fields": "Last_Name"}
        )

    assert caught.value.message


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "INVALID_TOKEN"), (400, "AUTHENTICATION_FAILURE"), (429, "TOO_MANY_REQUESTS")],
)
def test_a_refusal_in_a_list_that_passes_is_waited_out(
    server: Running, mocker, status: int, code: str
) -> None:
    mocker.patch("time.sleep")
    client = client_of(server)
    args = {"status": status, "body": {"data": [error(code)]}}
    fault = {"match": "records.list", "do": "status", "times": 1, "args": args}
    server.control("POST", "faults", [fault])

    found = client.metadata.ask("Leads", read=build_page_parser(), params={"fields": "Last_Name"})

    assert found.rows


@pytest.mark.parametrize("code", ["INVALID_TOKEN", "TOO_MANY_REQUESTS"])
def test_an_error_with_a_good_status_that_passes_is_waited_out(
    server: Running, mocker, code: str
) -> None:
    mocker.patch("time.sleep")
    client = client_of(server)
    answer(server, "records.list", error(code))

    found = client.metadata.ask("Leads", read=build_page_parser(), params={"fields": "Last_Name"})

    assert found.rows


def test_a_record_with_the_columns_of_an_error_is_a_record(server: Running) -> None:
    client = client_of(server)
    row = {"id": "1", "code": "A", "status": "error", "message": "hello"}
    answer(server, "records.list", {"data": [row], "info": {"more_records": False}})

    found = client.metadata.ask(
        "Leads", read=build_page_parser(), params={"fields": "id,code,status,message"}
    )

    assert found.rows == [row]


def test_a_write_that_is_refused_with_a_good_status_is_refused(server: Running) -> None:
    client = client_of(server)
    answer(server, "insert", error("NO_PERMISSION"))

    with pytest.raises(Refused, match="NO_PERMISSION"):
        client.write("POST", "Leads", usage_of="x", body={"data": [{"Last_Name": "L"}]})


def test_a_call_that_is_refused_leaves_no_error_in_the_log(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Refused), caplog.at_level(logging.INFO):
        client_of(server).metadata.ask("settings/roles", read=accept_any_body)

    assert [line.message for line in caplog.records if line.levelno >= logging.WARNING] == []


def test_a_missing_scope_is_named_with_those_of_the_destination(server: Running) -> None:
    with pytest.raises(Refused) as caught:
        client_of(server).queries.ask(read=build_page_parser(), body=QUERY)

    assert caught.value.failure_type == FailureType.config_error
    assert caught.value.message == (
        f"The refresh token lacks a scope that {server.base_url}/crm/v4/coql needs: "
        "ZohoCRM.coql.READ. Make a new one in Zoho's API console with ZohoCRM.modules.ALL,"
        "ZohoCRM.settings.READ,ZohoCRM.users.READ,ZohoCRM.org.READ,ZohoCRM.coql.READ,"
        "ZohoCRM.bulk.CREATE,ZohoFiles.files.ALL and put it into the connection's settings."
    )


@pytest.mark.parametrize(
    ("module", "reported"),
    [
        ("Leads", ""),
        ("Notes", " Notes are listed for administrators only; make the refresh token as one."),
    ],
)
def test_what_zoho_does_not_support_is_not_blamed_on_a_profile(
    server: Running, module: str, reported: str
) -> None:
    client = client_of(server)
    answer(server, "records.list", error("NOT_SUPPORTED"))

    with pytest.raises(Refused) as caught:
        client.metadata.ask(module, read=build_page_parser(), params={"fields": "id"})

    assert caught.value.message == (
        f"Zoho does not serve {server.base_url}/crm/v4/{module} (NOT_SUPPORTED: no).{reported}"
    )


def test_the_address_that_came_with_a_token_lasts_as_long_as_the_token(
    server: Running, mocker
) -> None:
    # Zoho's addresses are https, and the emulator's is not.
    mocker.patch("zoho_crm.auth.find_api_address", return_value=server.base_url)
    config = client_of(server).config | {"base_url": None}
    elsewhere = "http://region.invalid"
    config["_zoho"] = config["_zoho"] | {"api": elsewhere, "crm": f"{elsewhere}/crm/v4"}

    for _ in range(2):
        # A run begins; the second one has the token of the first.
        begin_run(config)
        requester = build_requester("requester", config)
        assert requester.ask("Leads", read=build_page_parser(), params={"fields": "id"}).rows
    assert server.control("GET", "usage")["tokens_issued"] == 1


def test_a_token_of_the_sandbox_is_none_of_production(server: Running) -> None:
    config = client_of(server).config
    sandbox = config | {"_zoho": config["_zoho"] | {"api": "http://sandbox.invalid"}}

    assert build_requester("requester", config).get_url() == config["_zoho"]["crm"]
    answered = build_requester("requester", sandbox).get_authenticator()

    assert isinstance(answered, ZohoAuthenticator)
    assert answered._account not in ZohoAuthenticator._tokens


@pytest.mark.parametrize(
    ("percent", "scope", "reported"),
    [
        (49, "ZohoCRM.org.READ", []),
        (50, "ZohoCRM.org.READ", ["what others use is not known"]),
        (60, "ZohoCRM.org.READ", ["what others use is not known"]),
        (20, "ZohoCRM.modules.READ", ["The reserve is not kept"]),
    ],
)
def test_a_reserve_that_cannot_be_kept_is_reported_once(
    server: Running, caplog: pytest.LogCaptureFixture, percent: int, scope: str, reported: list[str]
) -> None:
    server.control("POST", "knobs", {"scopes": [scope]})
    config = client_of(server).config | {"credits_reserve_percent": percent}
    begin_run(config)

    with caplog.at_level(logging.WARNING, "airbyte"):
        for _ in range(2):
            get_org(config).fetch_details(build_requester("requester", config))

    lines = [line.message for line in caplog.records if "reserved for people" in line.message]
    assert len(lines) == len(reported)
    assert all(end in line for line, end in zip(lines, reported, strict=True))


@pytest.mark.parametrize("header", [True, False])
def test_a_reserve_counts_its_own_calls_where_zoho_does_not_say_what_is_left(
    server: Running, caplog: pytest.LogCaptureFixture, header: bool
) -> None:
    server.control("POST", "knobs", {"scopes": ["ZohoCRM.org.READ"]})
    config = client_of(server).config | {"credits_reserve_percent": 40}
    begin_run(config)
    org = get_org(config)
    org.fetch_details(build_requester("requester", config))
    server.control("POST", "reset", {})
    total = server.control("GET", "usage")["credits_remaining"]
    request = requests.Request("POST", f"{server.base_url}/crm/bulk/v8/read").prepare()

    made = 0

    def export() -> None:
        nonlocal made
        org.book_request(request)
        made += 1
        answered = requests.Response()
        answered.status_code, answered._content = 201, b"{}"
        if header and made * 100 > total:
            answered.headers["X-API-CREDITS-REMAINING"] = str(total - made * 50)
        org.book_answer(answered)

    with caplog.at_level(logging.WARNING, "airbyte"):
        while total * 60 // 100 - made * 50 >= 50:
            export()
        with pytest.raises(AirbyteTracedException, match="are reserved for people"):
            export()

    lines = [line.message for line in caplog.records if "only this sync's calls" in line.message]
    assert len(lines) == (0 if header else 1)


def reported(credits_left: int | None) -> requests.Response:
    answered = requests.Response()
    answered.status_code, answered._content = 200, b"{}"
    if credits_left is not None:
        answered.headers["X-API-CREDITS-REMAINING"] = str(credits_left)
    return answered


class Caller:
    """Makes calls in a thread of its own."""

    def __init__(self, org: Org, url: str, method: str = "GET") -> None:
        self._org = org
        self._request = requests.Request(method, url).prepare()
        self._thread = ThreadPoolExecutor(1)

    def sends(self) -> None:
        self._thread.submit(self._org.book_request, self._request).result()

    def hears(self, credits_left: int | None) -> None:
        self._thread.submit(self._org.book_answer, reported(credits_left)).result()


@pytest.fixture
def spared(server: Running) -> tuple[Org, int, str]:
    """An org of whose credits half are reserved, the reserve, and its address."""
    server.control("POST", "knobs", {"scopes": ["ZohoCRM.org.READ"]})
    config = client_of(server).config | {"credits_reserve_percent": 50}
    begin_run(config)
    org = get_org(config)
    org.fetch_details(build_requester("requester", config))
    assert org.usage.total is not None
    return org, org.usage.total // 2, f"{server.base_url}/crm"


def test_credits_that_come_back_may_be_used(spared: tuple[Org, int, str]) -> None:
    """Those that were used a day ago no longer count."""
    org, reserve, url = spared
    caller, export = Caller(org, f"{url}/v8/Leads"), Caller(org, f"{url}/bulk/v8/read", "POST")
    caller.sends()
    caller.hears(reserve + 10)

    caller.sends()
    caller.hears(reserve + 60)

    export.sends()
    export.hears(None)
    caller.sends()
    with pytest.raises(AirbyteTracedException, match="are reserved for people"):
        Caller(org, f"{url}/bulk/v8/read", "POST").sends()


def test_an_answer_that_comes_late_does_not_bring_credits_back(
    spared: tuple[Org, int, str],
) -> None:
    """It was said before the call beside it was charged."""
    org, reserve, url = spared
    late, export = Caller(org, f"{url}/v8/Leads"), Caller(org, f"{url}/bulk/v8/read", "POST")
    late.sends()
    export.sends()
    export.hears(reserve + 20)

    late.hears(reserve + 70)

    with pytest.raises(AirbyteTracedException, match="are reserved for people"):
        export.sends()


def test_calls_that_are_under_way_are_paid_for(spared: tuple[Org, int, str]) -> None:
    org, reserve, url = spared
    caller, export = Caller(org, f"{url}/v8/Leads"), Caller(org, f"{url}/bulk/v8/read", "POST")
    caller.sends()
    caller.hears(reserve + 100)
    export.sends()

    caller.sends()
    with pytest.raises(AirbyteTracedException, match="are reserved for people"):
        Caller(org, f"{url}/bulk/v8/read", "POST").sends()


def test_what_one_answer_says_too_low_does_not_last(spared: tuple[Org, int, str]) -> None:
    """Neither does what two answers that crossed each other made of it."""
    org, reserve, url = spared
    first, second = Caller(org, f"{url}/v8/Leads"), Caller(org, f"{url}/v8/Deals")
    first.sends()
    second.sends()
    second.hears(reserve + 3)
    first.hears(reserve + 4)

    first.sends()
    first.hears(reserve + 200)

    assert org.usage.remaining == reserve + 200


def test_an_org_that_has_more_credits_than_its_edition_keeps_a_reserve_of_these(
    spared: tuple[Org, int, str],
) -> None:
    """Zoho names no add-on, and says what is left of all that there is."""
    org, half, url = spared
    caller = Caller(org, f"{url}/v8/Leads")
    caller.sends()
    caller.hears(half * 4)
    assert org.usage.describe_left().startswith(f"{half * 4:,} of the day's {half * 4:,} or more")

    # The edition is asked for again: what Zoho has shown stays known.
    org.usage.set_total(half * 2)
    caller.sends()
    caller.hears(half * 2 + 20)

    with pytest.raises(AirbyteTracedException, match=f"{half * 4:,} or more API credits") as stop:
        Caller(org, f"{url}/bulk/v8/read", "POST").sends()
    assert "are reserved for people" in str(stop.value.message)


def test_as_many_credits_as_the_edition_has_are_not_called_more(
    spared: tuple[Org, int, str],
) -> None:
    org, half, url = spared
    caller = Caller(org, f"{url}/v8/Leads")
    caller.sends()
    caller.hears(half * 2)

    assert org.usage.describe_left().startswith(f"{half * 2:,} of the day's {half * 2:,} API")


def test_what_zoho_says_is_left_makes_no_total_where_the_edition_is_not_known() -> None:
    """It says so below half: a reserve of that number would be too small to be called one."""
    usage = Usage(reserve_percent=50)
    usage.set_total(None)

    usage.book_answer(reported(1_000), refused=False)

    assert (usage.total, usage.remaining) == (None, 1_000)


def test_a_list_whose_pages_repeat_ends(server: Running) -> None:
    server.control("POST", "knobs", {"scopes": SCOPES})
    same = {"users": [{"id": "1"}], "info": {"more_records": True}}
    answer(server, "users", same, times=20)

    with pytest.raises(AirbyteTracedException, match="users: Zoho gave the same page twice"):
        list(client_of(server).metadata.ask_for_entries("users", "users", params={}))


@pytest.mark.parametrize(
    ("status", "said"),
    [(429, "Zoho takes no more calls now (HTTP 429)."), (502, "A call is made again (HTTP 502).")],
)
def test_a_call_that_is_made_again_is_told_with_its_reason(
    server: Running,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    said: str,
) -> None:
    """The CDK calls each a rate limit that was exceeded."""
    # A read of the source leaves a filter of its own, which hides such lines.
    monkeypatch.setattr(logging.getLogger("airbyte"), "filters", [])
    rule = {"match": "records.list:Leads", "do": "status", "args": {"status": status, "body": ""}}
    server.control("POST", "faults", [rule | {"times": 1}])

    with caplog.at_level("INFO", logger="airbyte"):
        client_of(server).metadata.metadata("Leads", "data", fields="Last_Name")

    assert any(line.startswith(f"{said} Retrying in ") for line in caplog.messages)
    assert "Rate limit" not in caplog.text
