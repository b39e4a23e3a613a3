"""What a run knows of one org: its modules, its clock, its credits, and what the run has used."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

from zoho_crm.clock import ZohoClock
from zoho_crm.directory import Directory, Metadata
from zoho_crm.errors import find_code
from zoho_crm.gate import Gate
from zoho_crm.limits import (
    LEAST_CALLS_AT_ONCE,
    SUB_CALLS_AT_ONCE,
    compute_calls_at_once,
    compute_daily_credits,
    name_edition,
    weigh,
)
from zoho_crm.problems import Refused, Unreadable
from zoho_crm.usage import Usage
from zoho_crm.waits import Waiting, Waits

LOGGER = logging.getLogger("airbyte")

#: How it begins what a call waits for that is repeated after a pause.
_PUT_OFF = "Zoho to "


class Org:
    """Shared by all components and threads of a run."""

    def __init__(
        self,
        *,
        most_calls: int | None = None,
        reserve_percent: float = 0,
        local: bool = False,
    ) -> None:
        """`local`: it is an emulator's, whose clock may be moved."""
        self.directory = Directory()
        self.clock = ZohoClock(local=local)
        self.usage = Usage(reserve_percent=reserve_percent)
        self.waits = Waits()
        self._most_calls = most_calls
        self._gate = Gate(self._limit_calls(LEAST_CALLS_AT_ONCE), SUB_CALLS_AT_ONCE)
        self._details_lock = threading.Lock()
        self._details: Mapping[str, Any] | None = None
        self._thread = threading.local()

    def fetch_details(self, requester: Metadata) -> Mapping[str, Any]:
        """Asks "Get Organization" once: edition and licences decide what is allowed."""
        with self._details_lock:
            if self._details is None:
                try:
                    self._details = requester.metadata("org", "org")[0]
                except (Refused, Unreadable) as error:
                    LOGGER.warning(
                        f"Zoho does not show the org's edition, so {LEAST_CALLS_AT_ONCE} calls are "
                        f"made at a time and the credits of the day are not known. {error.message}"
                    )
                    self._details = {}
                allowed = compute_calls_at_once(self._details, self.clock.now())
                self._gate.resize(self._limit_calls(allowed))
                self.usage.set_total(compute_daily_credits(self._details, self.clock.now()))
            return self._details

    @property
    def calls_at_once(self) -> int:
        """Calls that the edition and the user allow at a time; before the edition is known, what
        every edition allows."""
        return self._gate.limit

    @property
    def sub_calls_at_once(self) -> int:
        """Of these, the most queries, sorted lists and large writes."""
        return self._gate.sub_limit

    def _limit_calls(self, allowed: int) -> int:
        return min(allowed, self._most_calls or allowed)

    @contextmanager
    def call(self, usage_of: str) -> Iterator[None]:
        """A call of this thread, with all its tries: it waits for its turn in `book_request`, keeps
        its place to the end of the block, and is booked on this stream."""
        self._thread.code = None
        self._thread.in_call, self._thread.place = True, None
        self._thread.usage_of, self._thread.waits_for = usage_of, ""
        try:
            with self.usage.booked_on(usage_of):
                yield
        finally:
            self._thread.in_call = False
            self.waits.end(threading.get_ident())
            if self._thread.place is not None:
                self._gate.leave(self._thread.place)

    @property
    def code(self) -> str | None:
        """Zoho's code for refusing this thread's latest call, if it did."""
        return getattr(self._thread, "code", None)

    def book_request(self, request: requests.PreparedRequest) -> None:
        """A request is about to be sent: returns when it is its turn. Raises a transient error if
        it would use the reserve."""
        weight = weigh(request)
        if getattr(self._thread, "in_call", False) and self._thread.place is None:
            self._wait_for("its turn among the calls that Zoho takes at once")
            self._thread.place = self._gate.enter(sub=weight.sub)
        if not getattr(self._thread, "waits_for", "").startswith(_PUT_OFF):
            self._wait_for("Zoho's answer")
        self.usage.book_request(weight.credits)

    def book_answer(self, response: requests.Response) -> None:
        """Books any answer of Zoho's API to this thread's latest request."""
        self._thread.code = find_code(response)
        self.clock.observe(response.headers.get("Date"))
        refused = self._thread.code is not None or not response.ok
        self.usage.book_answer(response, refused=refused)
        self._note_pause(response.status_code)

    def _note_pause(self, status: int) -> None:
        """The call is repeated after a pause, if Zoho may serve it then."""
        if status == requests.codes.too_many_requests:
            self._wait_for(f"{_PUT_OFF}take more calls (HTTP 429)")
        elif status >= requests.codes.server_error:
            self._wait_for(f"{_PUT_OFF}work again (HTTP {status})")
        else:
            self._thread.waits_for = ""
            self.waits.end(threading.get_ident())

    def _wait_for(self, what: str) -> None:
        """All tries of a call are one wait."""
        if getattr(self._thread, "in_call", False) and self._thread.waits_for != what:
            self._thread.waits_for = what
            self.waits.begin(threading.get_ident(), Waiting(self._thread.usage_of, what))


def describe_connection(org: Org, details: Mapping[str, Any], version: str, modules: str) -> str:
    """What a connection is with, for the log. `details`: of "Get Organization", if it is shown."""
    now = org.clock.now()
    name, id_ = details.get("company_name") or "an org that is not shown", details.get("id")
    edition = name_edition(details, now)
    org.usage.set_total(compute_daily_credits(details, now))
    of = f"{name} (org {id_}{f', {edition} edition' if edition else ''})" if id_ else name
    return f"Connected to {of} by API version {version}: {modules}; {org.usage.describe_left()}."


_orgs: dict[tuple[str, str, str], Org] = {}
_orgs_lock = threading.Lock()


def get_org(config: Mapping[str, Any]) -> Org:
    """The org of this account in this run."""
    with _orgs_lock:
        key = _account(config)
        if key not in _orgs:
            _orgs[key] = Org(
                most_calls=config.get("max_concurrent_requests"),
                reserve_percent=config.get("credits_reserve_percent") or 0,
                local=bool(config.get("base_url")),
            )
        return _orgs[key]


def begin_run(config: Mapping[str, Any]) -> None:
    """A new run of this account begins: what it knows of the org is fetched again."""
    with _orgs_lock:
        _orgs.pop(_account(config), None)


def _account(config: Mapping[str, Any]) -> tuple[str, str, str]:
    return (config["_zoho"]["crm"], config["client_id"], config["refresh_token"])
