"""Configured streams that the org does not offer."""

from collections.abc import Iterator, Sequence

from airbyte_cdk.models import AirbyteMessage, AirbyteStreamStatus, StreamDescriptor
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message

from zoho_crm.directory import Directory, Metadata
from zoho_crm.problems import config_error

_UNKNOWN = (
    "Zoho lists no module of this name. It was deleted or renamed, the user who made the refresh "
    "token may no longer see it, or the schema's version does not have it."
)


def absent(names: Sequence[str], directory: Directory, requester: Metadata) -> dict[str, str]:
    """Those of the names that are no modules which the org offers, and why."""
    reasons = {module.api_name: module.refusal for module in directory.modules(names, requester)}
    return {name: reason for name in names if (reason := reasons.get(name, _UNKNOWN))}


def told(stream: StreamDescriptor, reason: str) -> Iterator[AirbyteMessage]:
    """That a stream cannot be read, in the words of the protocol."""
    error = config_error(
        f"{stream.name}: {reason} If it is gone for good, refresh the connection's schema, which "
        "takes it out of the sync."
    )
    yield error.as_airbyte_message(stream_descriptor=stream)
    yield as_airbyte_message(stream, AirbyteStreamStatus.INCOMPLETE)
