"""Calls to Zoho through a requester of the manifest."""

from collections.abc import Mapping
from typing import Any

import orjson
import requests
from airbyte_cdk.sources.declarative.requesters.requester import Requester
from airbyte_cdk.sources.streams.http.exceptions import BaseBackoffException
from airbyte_cdk.utils import AirbyteTracedException

from zoho_crm.problems import transient_error


def call(
    requester: Requester,
    *,
    path: str | None = None,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
) -> requests.Response | None:
    """One answer of Zoho, after as many tries as the manifest allows. No answer at all: None.

    Raises an AirbyteTracedException whose message is a sentence for the user.
    """
    try:
        return requester.send_request(
            path=path, request_params=params, request_headers=headers, request_body_json=body
        )
    except AirbyteTracedException as error:
        last = error.__context__
        if not isinstance(last, BaseBackoffException):
            raise
        raise transient_error(_gave_up(last), internal=error.internal_message) from error


def answer(response: requests.Response | None) -> dict[str, Any] | None:
    """The JSON of an answer; None where Zoho has nothing to say (204, 304)."""
    if response is None or not response.content:
        return None
    body: dict[str, Any] = orjson.loads(response.content)
    return body


def _gave_up(last: BaseBackoffException) -> str:
    response = last.response
    if not isinstance(response, requests.Response):
        url = last.request.url
        return f"Zoho cannot be reached at {url} ({type(response).__name__}). Try again later."
    return (
        f"Zoho answers {response.url.partition('?')[0]} with HTTP {response.status_code} "
        f"however often it is asked: {response.text[:200] or 'no text'}. Try again later."
    )
