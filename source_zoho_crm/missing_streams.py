"""Configured streams that the org does not offer."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from time import sleep

from airbyte_cdk.models import AirbyteMessage, AirbyteStreamStatus, StreamDescriptor
from airbyte_cdk.utils import AirbyteTracedException
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message

from zoho_crm.directory import Directory, Metadata, Module
from zoho_crm.problems import config_error, transient_error
from zoho_crm.requester import SETTLE_S

_UNKNOWN = (
    "Zoho lists no module of this name. It was deleted or renamed, the user who made the refresh "
    "token may no longer see it, or the schema's version does not have it."
)


def find_missing_streams(
    names: Sequence[str], directory: Directory, requester: Metadata, *, others: Iterable[str]
) -> dict[str, AirbyteTracedException]:
    """The names of modules that the org does not offer, each with its error.

    `others`: streams that are no modules.
    """
    modules = {module.api_name: module for module in directory.modules(names, requester)}
    if bare := [name for name, module in modules.items() if module.bare]:
        # They had fields when they were selected, so the empty answer may be a passing fault.
        sleep(SETTLE_S)
        directory.ask_again(bare)
        modules |= {module.api_name: module for module in directory.modules(bare, requester)}
    known = [*directory.names(requester), *others]
    return {
        name: error for name in names if (error := _build_error(name, modules.get(name), known))
    }


def _build_error(
    name: str, module: Module | None, known: Iterable[str]
) -> AirbyteTracedException | None:
    if module is not None and module.unreadable is not None:
        # Whether it is gone is not known.
        return transient_error(f"{name}: {module.unreadable.message}")
    reason = _UNKNOWN + _suggest(name, known) if module is None else module.refusal
    if reason is None:
        return None
    if module is not None and module.bare:
        return config_error(
            f"{name}: asked twice, Zoho names no field of it that a record carries. Check that the "
            "profile of the user who made the refresh token sees fields of this module, and sync "
            "again."
        )
    return config_error(
        f"{name}: {reason} If it is gone for good, refresh the connection's schema, which takes it "
        "out of the sync."
    )


def _suggest(name: str, known: Iterable[str]) -> str:
    by_letters = {other.lower(): other for other in known}
    similar = get_close_matches(name.lower(), by_letters, 1, 0.75)
    return f" Did you mean {by_letters[similar[0]]}?" if similar else ""


def build_error_messages(
    stream: StreamDescriptor, error: AirbyteTracedException
) -> Iterator[AirbyteMessage]:
    """The protocol's messages for a stream that cannot be read."""
    yield error.as_airbyte_message(stream_descriptor=stream)
    yield as_airbyte_message(stream, AirbyteStreamStatus.INCOMPLETE)
