"""No redirect is followed: it would pass rows, and what signs the calls, to the host it names."""

from urllib.parse import urlsplit

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers.response_models import (
    ErrorResolution,
    ResponseAction,
)

_SENTENCE = (
    "Zoho sends the call on to {target}, and calls are made to the configured addresses only. "
    "Choose the region and environment in which the org was made."
)


def disable_redirects(session: requests.Session) -> None:
    """The session returns redirects as they are."""
    setattr(session, "get_redirect_target", _find_no_target)  # noqa: B010 - mypy takes it for a method


def _find_no_target(response: requests.Response) -> None:
    return None


def refuse_redirect(response: requests.Response) -> ErrorResolution | None:
    """How a redirect is handled; None: the answer is not a redirect."""
    if "Location" not in response.headers or not response.is_redirect:
        return None
    # Without its path and query, which may hold values of records.
    place = _describe_target(response.headers["Location"])
    return ErrorResolution(
        ResponseAction.FAIL, FailureType.config_error, _SENTENCE.format(target=place)
    )


def _describe_target(location: str) -> str:
    """Scheme and host, without a user and password."""
    try:
        target = urlsplit(location)
    except ValueError:
        return "an invalid address"
    if not target.netloc:
        return "another path"
    host = target.netloc.rpartition("@")[2]
    return f"{target.scheme}://{host}" if target.scheme else f"the host {host}"
