"""How many calls are made at a time, and which ones wait."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
import requests

from unit_tests.zoho_crm.test_calls import QUERY, client_of
from zoho_crm.answers import accept_any_body
from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.gate import Gate, Place
from zoho_crm.limits import weigh
from zoho_crm.requester import ZohoRequester, build_requester
from zoho_emulator.server import Running, Settings, running

URL = "https://www.zohoapis.com/crm/v8/"


class Queue:
    """Threads at a gate, in the order in which they came."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        #: What came in; of several that come in at once, in any order.
        self.inside: list[str] = []
        self._places: dict[str, Place] = {}
        self._threads: list[threading.Thread] = []

    def come(self, name: str, *, sub: bool) -> None:
        def enter() -> None:
            place = self.gate.enter(sub=sub)
            self._places[name] = place
            self.inside.append(name)

        waiting = len(self.gate._waiting)
        before = len(self.inside)
        thread = threading.Thread(target=enter, daemon=True)
        thread.start()
        self._threads.append(thread)
        wait_for(lambda: len(self.gate._waiting) > waiting or len(self.inside) > before)

    def go(self, name: str) -> None:
        self.gate.leave(self._places.pop(name))

    def settle(self) -> list[str]:
        """What is inside when no more comes in."""
        wait_for(lambda: len(self.gate._waiting) + len(self.inside) == len(self._threads))
        return self.inside


def wait_for(condition: Any) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_calls_come_in_by_the_order_in_which_they_asked() -> None:
    queue = Queue(Gate(1, 1))
    for name in "abcd":
        queue.come(name, sub=name in "bd")
    for name in "abc":
        assert queue.settle()[-1] == name
        queue.go(name)
    assert queue.settle() == ["a", "b", "c", "d"]


def test_a_call_whose_class_is_full_holds_no_place_and_lets_others_pass() -> None:
    queue = Queue(Gate(3, 1))
    queue.come("heavy", sub=True)
    queue.come("waits", sub=True)
    queue.come("light", sub=False)
    queue.come("light too", sub=False)

    assert queue.settle() == ["heavy", "light", "light too"]
    queue.go("light")
    assert queue.settle() == ["heavy", "light", "light too"]
    queue.go("heavy")
    assert queue.settle()[-1] == "waits"


def test_a_call_of_the_class_is_not_overtaken_for_ever() -> None:
    """Places become free one by one, and each is wanted by a light call at once."""
    queue = Queue(Gate(2, 1))
    queue.come("0", sub=False)
    queue.come("1", sub=False)
    queue.come("heavy", sub=True)
    for number in range(2, 5):
        queue.come(str(number), sub=False)

    queue.go("0")
    assert queue.settle()[-1] == "heavy"


def test_a_raised_limit_lets_calls_in_and_a_lowered_one_keeps_them_out() -> None:
    queue = Queue(Gate(1, 10))
    for name in "abcde":
        queue.come(name, sub=False)
    queue.gate.resize(3)
    assert sorted(queue.settle()) == ["a", "b", "c"]
    queue.gate.resize(1)
    queue.go("a")
    queue.go("b")
    assert sorted(queue.settle()) == ["a", "b", "c"]
    queue.go("c")
    assert queue.settle()[-1] == "d"


def test_a_call_that_is_interrupted_while_it_waits_leaves_the_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = Gate(1, 1)
    first = gate.enter(sub=True)

    def interrupt(self: threading.Event, timeout: float | None = None) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(threading.Event, "wait", interrupt)
        with pytest.raises(KeyboardInterrupt):
            gate.enter(sub=True)
    gate.leave(first)
    gate.leave(gate.enter(sub=True))
    assert gate._inside == gate._sub_inside == 0


@pytest.mark.parametrize(
    ("method", "path", "records", "heavy"),
    [
        ("POST", "coql", None, True),
        ("GET", "Leads?fields=Last_Name&sort_by=Modified_Time&sort_order=asc", None, True),
        ("GET", "Leads?cvid=1", None, True),
        ("GET", "Leads?fields=Last_Name&per_page=200", None, False),
        ("GET", "Leads?fields=My_sort_by&ids=1,2", None, False),
        ("GET", "Leads/111111000000000001", None, False),
        ("GET", "Leads/deleted?type=all", None, False),
        ("GET", "settings/fields?module=Leads", None, False),
        ("POST", "Leads", 11, True),
        ("POST", "Leads", 10, False),
        ("PUT", "Leads", 11, True),
        ("PUT", "Leads/111111000000000001", 1, False),
        ("POST", "Leads/upsert", 100, True),
        ("POST", "Leads/upsert", 10, False),
        ("DELETE", "Leads?ids=1,2", None, False),
        ("POST", "read", None, False),
    ],
)
def test_zoho_serves_ten_of_these_calls_at_a_time(
    method: str, path: str, records: int | None, heavy: bool
) -> None:
    body = {"query": {}} if records is None else {"data": [{"Last_Name": "L"}] * records}
    data = orjson.dumps(body) if method in ("POST", "PUT") else None
    request = requests.Request(method, URL + path, data=data).prepare()
    assert weigh(request).sub == heavy


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    knobs = {"tokens_per_10_min": 0, "latency_ms": 100}
    with running(Settings(rows=3, edition="Ultimate"), knobs) as server:
        yield server


@contextmanager
def requesters(server: Running) -> Iterator[tuple[ZohoRequester, ZohoRequester]]:
    """For settings and for COQL, when the edition is known."""
    ZohoAuthenticator._tokens.clear()
    client = client_of(server)
    client.org.fetch_details(client.metadata)
    server.control("POST", "reset", {})
    yield client.metadata, build_requester("coql_requester", client.config)


def ask(requester: ZohoRequester) -> object:
    return requester.ask(read=accept_any_body, body=QUERY)


def ask_for_roles(requester: ZohoRequester) -> object:
    return requester.ask("settings/roles", read=accept_any_body)


def test_zoho_s_two_limits_hold_at_once(server: Running) -> None:
    """Of the Ultimate edition, 25 calls and ten queries at a time. One too many would be answered
    with 429 and asked again, which counts."""
    with requesters(server) as (settings, coql), ThreadPoolExecutor(80) as threads:
        queries = [threads.submit(ask, coql) for _ in range(30)]
        others = [threads.submit(ask_for_roles, settings) for _ in range(50)]
        assert all(one.result() for one in (*queries, *others))
        usage = server.control("GET", "usage")
    assert usage["max_concurrency"] == 25
    assert (usage["calls"]["coql"], usage["calls"]["settings.roles"]) == (30, 50)


def test_queries_alone_have_ten_places(server: Running) -> None:
    with requesters(server) as (_, coql), ThreadPoolExecutor(30) as threads:
        assert all(threads.map(ask, [coql] * 30))
        usage = server.control("GET", "usage")
    assert (usage["max_concurrency"], usage["calls"]["coql"]) == (10, 30)


def test_connections_are_used_again_with_as_many_calls_as_an_edition_allows(
    server: Running,
) -> None:
    with requesters(server) as (settings, _), ThreadPoolExecutor(25) as threads:
        assert all(threads.map(ask_for_roles, [settings] * 100))
        assert server.control("GET", "usage")["max_concurrency"] == 25
        adapter = settings._http_client._session.get_adapter(server.base_url)
        assert isinstance(adapter, requests.adapters.HTTPAdapter)
        pools = adapter.poolmanager.pools
        (pool,) = map(pools.get, pools.keys())
    assert (pool.num_requests, pool.num_connections) == (101, 25)
