"""Calls for lists of settings, made for the CDK's own retriever."""

import copy
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import sleep
from typing import Any

import orjson
import requests

from source_zoho_crm.odd_values import OddValues
from zoho_crm.answers import Page, build_page_parser, parse_body
from zoho_crm.fields import Field, build_caster
from zoho_crm.org import get_org
from zoho_crm.problems import repeated_page_error
from zoho_crm.requester import SETTLE_S, ZohoRequester

LOGGER = logging.getLogger("airbyte")

_NOTHING = Page([], more=False)


@dataclass(kw_only=True)
class SettingsRequester(ZohoRequester):
    """Asks for a page of the list under `key`, and hands it on as stock parts can read it.

    Returns JSON, `{key: entries, "info": {"page": number, "more_records": boolean}}`; None: there
    are no entries. `date_times`: columns that become RFC 3339 in UTC.

    Raises a transient error where Zoho gives the same page twice and promises more.

    Why not in YAML: a stock retriever takes `{}` and broken JSON for the end of a list, logs two
    errors for each HTTP 204, reads a list without end for ever, and AddFields ends the stream at a
    date-time that is none.
    """

    key: str
    date_times: Sequence[str] = ()

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        # Of one list at a time: no stream of settings reads partitions side by side.
        self._odd_values = OddValues(self.name)
        fields = self._odd_values.watch(Field(name, "datetime") for name in self.date_times)
        self._cast = build_caster(fields)
        #: The page before, as JSON.
        self._before = b""

    def send_request(
        self, *args: Any, next_page_token: Mapping[str, Any] | None = None, **request: Any
    ) -> requests.Response | None:
        number = next_page_token["next_page_token"] if next_page_token else 1
        found = _NOTHING
        try:
            response, found = self._ask_for_page(number, request)
            self._check_progress(number, found)
            return self._hand_on(response, number, found) if found.rows else None
        finally:
            if not found.more:
                self._odd_values.report()

    def _ask_for_page(self, number: int, request: dict[str, Any]) -> tuple[requests.Response, Page]:
        """A page without entries that was promised is asked for again some seconds later."""
        later = number > 1
        parse = build_page_parser(self.key, infos=False, after_first=later)

        def judge(response: requests.Response) -> tuple[requests.Response, Page | None]:
            # The manifest ignores this refusal.
            refused = get_org(self.config).code is not None
            return response, None if refused else parse(parse_body(response))

        request["path"] = self.path
        response, found = self._ask(judge, self.name, **request)
        if later and found is not None and not found.rows:
            sleep(SETTLE_S)
            response, found = self._ask(judge, self.name, **request)
        return response, found or _NOTHING

    def _check_progress(self, number: int, found: Page) -> None:
        shown = orjson.dumps(found.rows) if found.more else b""
        if number > 1 and found.more and shown == self._before:
            raise repeated_page_error(self.name)
        self._before = shown

    def _hand_on(self, response: requests.Response, number: int, found: Page) -> requests.Response:
        entries = [self._cast(row) for row in found.rows if isinstance(row, dict)]
        if len(entries) < len(found.rows):
            LOGGER.warning(f"{self.name}: an entry that is not an object is left out.")
        page = {self.key: entries, "info": {"page": number, "more_records": found.more}}
        handed = copy.copy(response)
        handed._content, handed.encoding = orjson.dumps(page), "utf-8"
        return handed
