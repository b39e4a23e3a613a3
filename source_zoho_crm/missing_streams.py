"""Configured streams that the org does not offer."""

from collections.abc import Iterable, Iterator, Sequence
from time import sleep

from airbyte_cdk.models import AirbyteMessage, AirbyteStreamStatus, StreamDescriptor
from airbyte_cdk.utils import AirbyteTracedException
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message

from source_zoho_crm.modules import Module, SourceModules
from zoho_crm.directory import Metadata
from zoho_crm.problems import config_error, transient_error
from zoho_crm.requester import SETTLE_S
from zoho_crm.similar_names import find_similar

_UNKNOWN = (
    "Zoho lists no module of this name. It was deleted or renamed, the user who made the refresh "
    "token may no longer see it, or the schema's version does not have it."
)


def find_missing_streams(
    names: Sequence[str],
    modules_of_org: SourceModules,
    requester: Metadata,
    *,
    others: Iterable[str],
) -> dict[str, AirbyteTracedException]:
    """The names of modules that the org does not offer, each with its error.

    `others`: streams that are not modules.
    """
    modules = {module.api_name: module for module in modules_of_org.read_modules(names, requester)}
    if bare := [name for name, module in modules.items() if module.has_no_fields]:
        # They had fields when they were selected; an answer without content may be a temporary
        # fault.
        sleep(SETTLE_S)
        modules_of_org.ask_again(bare)
        modules |= {
            module.api_name: module for module in modules_of_org.read_modules(bare, requester)
        }
    known = [*others, *modules_of_org.list_names(requester)]
    return {
        name: error for name in names if (error := _build_error(name, modules.get(name), known))
    }


def _build_error(
    name: str, module: Module | None, known: Iterable[str]
) -> AirbyteTracedException | None:
    if module is not None and module.unreadable is not None:
        # Whether it is gone is not known.
        return transient_error(f"{name}: {module.unreadable.message}")
    reason = _UNKNOWN + _suggest(name, known) if module is None else module.not_offered_because
    if reason is None:
        return None
    if module is not None and module.has_no_fields:
        return config_error(
            f"{name}: asked twice, Zoho names no field of it that a record carries. Check that the "
            "profile of the user who made the refresh token sees fields of this module, and sync "
            "again."
        )
    return config_error(
        f"{name}: {reason} If it was deleted permanently, refresh the connection's schema, which "
        "takes it out of the sync."
    )


def _suggest(name: str, known: Iterable[str]) -> str:
    similar = find_similar(name, known, nearness=0.75, fold=str.lower)
    return f" Did you mean {similar}?" if similar else ""


def build_error_messages(
    stream: StreamDescriptor, error: AirbyteTracedException
) -> Iterator[AirbyteMessage]:
    """The protocol's messages for a stream that cannot be read."""
    yield error.as_airbyte_message(stream_descriptor=stream)
    yield as_airbyte_message(stream, AirbyteStreamStatus.INCOMPLETE)
