"""Configured streams that the org does not offer."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from airbyte_cdk.models import AirbyteMessage, AirbyteStreamStatus, StreamDescriptor
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message

from zoho_crm.directory import Directory, Metadata
from zoho_crm.problems import config_error

_UNKNOWN = (
    "Zoho lists no module of this name. It was deleted or renamed, the user who made the refresh "
    "token may no longer see it, or the schema's version does not have it."
)


_GONE = "If it is gone for good, refresh the connection's schema, which takes it out of the sync."


def absent(
    names: Sequence[str], directory: Directory, requester: Metadata, *, others: Iterable[str]
) -> dict[str, str]:
    """Those of the names that are no modules which the org offers, and why.

    `others`: streams that are no modules.
    """
    reasons = {module.api_name: module.refusal for module in directory.modules(names, requester)}
    known = [*directory.names(requester), *others]
    return {
        name: f"{reason or _UNKNOWN + _meant(name, known)} {_GONE}"
        for name in names
        if (reason := reasons.get(name, "")) is not None
    }


def _meant(name: str, known: Iterable[str]) -> str:
    by_letters = {other.lower(): other for other in known}
    similar = get_close_matches(name.lower(), by_letters, 1, 0.75)
    return f" Did you mean {by_letters[similar[0]]}?" if similar else ""


def told(stream: StreamDescriptor, reason: str) -> Iterator[AirbyteMessage]:
    """That a stream cannot be read, in the words of the protocol."""
    error = config_error(f"{stream.name}: {reason}")
    yield error.as_airbyte_message(stream_descriptor=stream)
    yield as_airbyte_message(stream, AirbyteStreamStatus.INCOMPLETE)
