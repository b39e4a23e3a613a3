import asyncio
import socket
import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from unit_tests.emulator.conftest import Bulk
from zoho_emulator.control.faults import Faults
from zoho_emulator.endpoints import CALL_NAMES


def count_hits(faults: Faults, name: str, module: str | None, calls: int) -> list[int]:
    """Which of so many calls were hit, counted from 1."""
    return [n for n in range(1, calls + 1) if asyncio.run(faults.strike(name, module))]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"after": 4}, [5, 6]),
        ({"times": 2}, [1, 2]),
        ({"every": 3}, [1, 4]),
        ({"after": 1, "every": 2, "times": 2}, [2, 4]),
        ({"prob": 0}, []),
    ],
)
def test_which_calls_are_hit(rule: dict[str, Any], expected: list[int]) -> None:
    faults = Faults(seed=1)
    faults.plan([{"match": "coql:Leads", "do": "status"} | rule], CALL_NAMES)
    assert count_hits(faults, "coql", "Leads", 6) == expected


@pytest.mark.parametrize(
    ("match", "name", "module", "hit"),
    [
        ("coql", "coql", "Leads", True),
        ("coql:Leads", "coql", "Contacts", False),
        ("coql:*", "coql", "Leads", True),
        ("coql:Leads", "coql", None, False),
        ("records.*:Leads", "records.list", "Leads", True),
        ("*", "token", None, True),
        ("deleted", "records.list", "Leads", False),
    ],
)
def test_what_a_rule_matches(match: str, name: str, module: str | None, hit: bool) -> None:
    faults = Faults(seed=1)
    faults.plan([{"match": match, "do": "status"}], CALL_NAMES)
    assert bool(count_hits(faults, name, module, 1)) == hit


def test_chance_follows_from_the_seed() -> None:
    def run(seed: int) -> list[int]:
        faults = Faults(seed)
        faults.plan([{"match": "*", "do": "status", "prob": 0.3}], CALL_NAMES)
        return count_hits(faults, "org", None, 100)

    assert run(1) == run(1) != run(2)
    assert 10 < len(run(1)) < 50


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"do": "teleport"}, "do: 'teleport' is none of status"),
        ({"do": None}, "do: None is not text"),
        ({"match": 5}, "match: 5 is not text"),
        ({"match": "coqll"}, "match: 'coqll' is none of token, org, users, .*, bulk.result"),
        ({"match": "record.*:Leads"}, r"match: 'record.\*' is none of token"),
        ({"match": "not_emulated"}, "match: 'not_emulated' is none of token"),
        ({"prob": 5}, "prob: 5 is not a number from 0 to 1"),
        ({"prob": True}, "prob: True is not"),
        ({"every": 0}, "every: 0 is not a whole number from 1"),
        ({"after": 1.5}, "after: 1.5 is not a whole number"),
        ({"times": -1}, "times: -1 is not null or a whole number"),
        ({"seen": 3}, "seen is none of match"),
        ({"hits": 3}, "hits is none of match"),
        ({"often": 1}, "often is none of match"),
        ({"args": []}, r"args: \[\] is not a JSON object"),
        ({"args": {"seconds": 1}}, "args.seconds is none of status, body"),
        ({"args": {"status": "abc"}}, "args.status: 'abc' is not a whole number"),
        ({"args": {"status": 100}}, "args.status: 100 is not"),
        ({"args": {"status": 204, "body": "x"}}, "args.body: an answer of status 204 has none"),
        ({"args": {"headers": {"A b": "c"}}}, "args.headers: .* is not an object of HTTP headers"),
        ({"args": {"headers": {"Content-Length": "1"}}}, "args.headers"),
        ({"args": {"done": 1}}, "args.done: 1 is not true or false"),
        ({"do": "delay", "args": {"seconds": "soon"}}, "args.seconds: 'soon' is not a number"),
        ({"do": "cut", "args": {"after_bytes": -1}}, "args.after_bytes: -1 is not"),
        ({"do": "slow"}, "args: slow needs either bytes_per_s or seconds"),
        ({"do": "slow", "args": {"bytes_per_s": 0}}, "args.bytes_per_s: 0 is not a number"),
        ({"do": "reset", "args": {"after_bytes": 1}}, "args.after_bytes is none of done"),
        ({"where": ""}, "where: '' is not text"),
        ({"do": "flip", "args": {"at": 2}}, "args.at: 2 is not a number from 0 to 1"),
        ({"do": "shorten", "args": {"bytes": 0}}, "args.bytes: 0 is not a whole number"),
    ],
)
def test_a_rule_that_is_not_known_is_refused_in_one_sentence_and_plans_nothing(
    zoho, rule: dict[str, Any], message: str
) -> None:
    good = {"match": "*", "do": "status"}
    with pytest.raises(RuntimeError, match=f'400 {{"error":"{message}'):
        zoho.control("POST", "faults", [good, good | rule])
    assert zoho.control("GET", "faults") == []


def test_a_status_stands_in_for_the_answer(zoho) -> None:
    zoho.control(
        "POST",
        "faults",
        [
            {
                "match": "records.list:Leads",
                "do": "status",
                "times": 1,
                "args": {"status": 503, "body": "<html>", "headers": {"Retry-After": "7"}},
            }
        ],
    )
    answer = zoho.get("v8/Leads", fields="id")
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (503, "<html>", "7")
    assert zoho.get("v8/Leads", fields="id").status_code == 200
    assert zoho.control("GET", "faults") == [
        {"match": "records.list:Leads", "do": "status", "seen": 2, "hits": 1}
    ]
    zoho.control("DELETE", "faults")
    assert zoho.control("GET", "faults") == []


def test_a_body_replaces_that_of_the_true_answer(zoho) -> None:
    zoho.control(
        "POST", "faults", {"match": "org", "do": "body", "args": {"body": {"code": "ODD"}}}
    )
    answer = zoho.get("v8/org")
    assert (answer.status_code, answer.json()) == (200, {"code": "ODD"})


def test_token_calls_can_fail_too(zoho) -> None:
    zoho.control("POST", "faults", {"match": "token", "do": "status", "args": {"status": 500}})
    assert zoho.refresh().status_code == 500
    assert zoho.usage()["tokens_issued"] == 0


LEAD = {"data": [{"Last_Name": "Written", "Company": "x"}]}


def plan(zoho, match: str, do: str, **args: object) -> None:
    zoho.control("POST", "faults", {"match": match, "do": do, "times": 1, "args": args})


def count_written(zoho) -> int:
    return sum(row["Last_Name"] == "Written" for row in zoho.truth("Leads"))


@pytest.mark.parametrize(("done", "rows"), [(True, 1), (False, 0), (None, 0)])
def test_a_failed_write_may_have_been_carried_out(zoho, done: bool | None, rows: int) -> None:
    said = {} if done is None else {"done": done}
    plan(zoho, "insert", "status", status=502, **said)
    before = count_written(zoho)
    assert zoho.call("POST", "v8/Leads", json=LEAD).status_code == 502
    assert count_written(zoho) - before == rows


def test_a_body_fault_may_say_status_and_headers_and_that_nothing_is_done(zoho) -> None:
    before = count_written(zoho)
    plan(zoho, "insert", "body", body="<html>", status=502, headers={"Via": "x"}, done=False)
    answer = zoho.call("POST", "v8/Leads", json=LEAD)
    assert (answer.status_code, answer.text, answer.headers["Via"]) == (502, "<html>", "x")
    assert count_written(zoho) == before


def test_a_body_shows_where_the_true_answer_has_none(zoho) -> None:
    plan(zoho, "coql", "body", body="<html>")
    answer = zoho.coql("select id from Leads where id = 1")
    assert (answer.status_code, answer.text) == (200, "<html>")
    assert zoho.coql("select id from Leads where id = 1").status_code == 204


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize(
    ("do", "error"), [("reset", "ConnectionResetError"), ("cut", "IncompleteRead")]
)
def test_a_write_whose_connection_breaks_is_carried_out_or_not_as_planned(
    zoho, do: str, error: str, done: bool
) -> None:
    before = count_written(zoho)
    plan(zoho, "insert", do, done=done)
    with pytest.raises(requests.RequestException, match=error):
        zoho.call("POST", "v8/Leads", json=LEAD)
    assert count_written(zoho) - before == done
    assert zoho.call("POST", "v8/Leads", json=LEAD).status_code == 201


def read_raw(zoho, path: str) -> bytes:
    """All bytes of an answer, whatever they are worth."""
    host, _, port = zoho.server.base_url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        token = str(zoho.session.headers["Authorization"])
        connection.sendall(f"GET /crm/{path} HTTP/1.1\r\nHost: x\r\n".encode())
        connection.sendall(f"Authorization: {token}\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize(("after_bytes", "left"), [(0, 0), (7, 7), (10**9, -1)])
def test_an_answer_breaks_off_after_so_many_bytes_and_never_after_its_last(
    zoho, after_bytes: int, left: int
) -> None:
    whole = zoho.get("v8/org").content
    plan(zoho, "org", "cut", after_bytes=after_bytes)
    head, _, body = read_raw(zoho, "v8/org").partition(b"\r\n\r\n")
    assert f"content-length: {len(whole)}".encode() in head
    assert body == whole[:left]


def test_an_answer_without_a_body_breaks_off_before_its_head(zoho) -> None:
    plan(zoho, "records.list", "cut", after_bytes=50)
    assert read_raw(zoho, "v8/Leads?fields=id&ids=1") == b""


def test_a_file_breaks_off_like_any_other_answer(bulk: Bulk) -> None:
    job = bulk.create("Leads", "id")
    bulk.finish(job)
    plan(bulk.zoho, "bulk.result", "cut", after_bytes=100)
    with pytest.raises(requests.RequestException, match="IncompleteRead"):
        bulk.download(job)
    assert len(bulk.rows(job)) > 600


@pytest.mark.parametrize("pace", [{"seconds": 0.2}, {"bytes_per_s": 0}])
def test_slow_bytes_come_whole(zoho, pace: dict[str, float]) -> None:
    whole = zoho.get("v8/org").content
    rate = {name: len(whole) * 5 if name == "bytes_per_s" else n for name, n in pace.items()}
    plan(zoho, "org", "slow", **rate)
    start = time.monotonic()
    answer = zoho.session.get(f"{zoho.server.base_url}/crm/v8/org", stream=True)
    first = next(answer.iter_content(1))
    assert first + b"".join(answer.iter_content(65_536)) == whole
    assert 0.1 < time.monotonic() - start < 3


def test_a_slow_answer_without_a_body_waits(zoho) -> None:
    plan(zoho, "records.list", "slow", seconds=0.15)
    start = time.monotonic()
    assert zoho.get("v8/Leads", fields="id", ids="1").status_code == 204
    assert time.monotonic() - start > 0.14


def test_what_is_answered_and_how_it_arrives_are_planned_apart(zoho) -> None:
    plan(zoho, "org", "body", body={"code": "ODD"})
    plan(zoho, "org", "cut", after_bytes=3)
    assert read_raw(zoho, "v8/org").endswith(b'\r\n\r\n{"c')


def test_a_token_answer_can_break_too(zoho) -> None:
    plan(zoho, "token", "reset")
    with pytest.raises(requests.ConnectionError, match="ConnectionResetError"):
        zoho.refresh()
    assert zoho.usage()["tokens_issued"] == 1


@pytest.mark.parametrize("off_s", [-86_400, 3_600])
def test_a_date_may_be_off(zoho, off_s: int) -> None:
    fault = {"match": "org", "do": "date", "times": 1, "args": {"off_s": off_s}}
    zoho.control("POST", "faults", [fault])
    off, right = (parsedate_to_datetime(zoho.get("v8/org").headers["Date"]) for _ in range(2))
    assert (off - right).total_seconds() == pytest.approx(off_s, abs=60)


def test_an_answer_may_bring_a_date_of_its_own(zoho) -> None:
    args = {"body": {}, "headers": {"Date": "never"}}
    zoho.control("POST", "faults", [{"match": "org", "do": "body", "args": args}])
    assert zoho.get("v8/org").headers["Date"] == "never"


@pytest.mark.parametrize("status", [200, 204])
def test_an_answer_may_be_empty(zoho, status: int) -> None:
    args = {"status": status, "body": ""}
    zoho.control("POST", "faults", [{"match": "org", "do": "body", "args": args}])
    answer = zoho.get("v8/org")
    assert (answer.status_code, answer.content) == (status, b"")


def test_an_answer_may_be_a_redirect(zoho) -> None:
    elsewhere = f"{zoho.server.base_url}/crm/v8/users"
    args = {"status": 302, "headers": {"Location": elsewhere}}
    zoho.control("POST", "faults", [{"match": "org", "do": "status", "args": args}])
    answer = zoho.get("v8/org")
    assert [known.status_code for known in answer.history] == [302]
    assert answer.url == elsewhere


def test_a_rule_may_ask_for_a_text_in_the_query_or_the_body(zoho) -> None:
    rules = [
        {"match": "records.list:Leads", "where": "page_token=", "do": "status"},
        {"match": "coql", "where": "id > 7", "do": "status"},
    ]
    zoho.control("POST", "faults", rules)
    first = zoho.get("v8/Leads", fields="id", per_page="5")
    token = first.json()["info"]["next_page_token"]
    assert zoho.get("v8/Leads", fields="id", per_page="5", page_token=token).status_code == 500
    assert zoho.coql("select id from Leads where id > 6 limit 1").status_code == 200
    assert zoho.coql("select id from Leads where id > 7 limit 1").status_code == 500


def test_a_text_of_the_true_answer_may_be_replaced_by_what_json_allows(zoho) -> None:
    whole = zoho.get("v8/org").text
    plan(zoho, "org", "replace", old='"org":', new='"\\ud800":')
    altered = zoho.get("v8/org")
    assert altered.text == whole.replace('"org":', '"\\ud800":', 1)
    assert list(altered.json()) == ["\ud800"]


def test_an_answer_may_come_compressed(zoho) -> None:
    whole = zoho.get("v8/org").content
    plan(zoho, "org", "gzip")
    answer = zoho.get("v8/org")
    assert (answer.headers["Content-Encoding"], answer.content) == ("gzip", whole)


def test_a_compressed_answer_with_a_wrong_bit_does_not_unpack(zoho) -> None:
    plan(zoho, "org", "flip", at=0.99)
    plan(zoho, "org", "gzip")
    with pytest.raises(requests.exceptions.ContentDecodingError):
        zoho.get("v8/org")
    assert zoho.get("v8/org").status_code == 200


def test_a_shortened_answer_says_that_it_is_whole(zoho) -> None:
    whole = zoho.get("v8/org").content
    plan(zoho, "org", "shorten", bytes=5)
    assert zoho.get("v8/org").content == whole[:-5]


def test_a_shortened_answer_can_break_off_as_well(zoho) -> None:
    whole = zoho.get("v8/org").content
    plan(zoho, "org", "shorten", bytes=5)
    plan(zoho, "org", "cut", after_bytes=10**9)
    assert read_raw(zoho, "v8/org").endswith(b"\r\n\r\n" + whole[:-6])


def test_a_file_may_come_with_a_wrong_bit(bulk: Bulk) -> None:
    job = bulk.create("Leads", "id")
    bulk.finish(job)
    right = bulk.download(job).content
    plan(bulk.zoho, "bulk.result", "flip", at=0)
    assert bulk.download(job).content == bytes([right[0] ^ 1]) + right[1:]


def test_alterations_leave_an_answer_without_a_body_alone(zoho) -> None:
    plan(zoho, "coql", "gzip")
    plan(zoho, "coql", "shorten", bytes=1)
    assert zoho.coql("select id from Leads where id = 1").status_code == 204
