"""Which modules are streams, and what their records look like."""

from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass
from typing import Any

from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.declarative.schema import SchemaLoader
from airbyte_cdk.sources.types import StreamSlice

from source_zoho_crm.letter_case import find_withheld_streams
from source_zoho_crm.modules import Module, get_modules
from source_zoho_crm.readers.tombstones import build_tombstone_columns as tombstone_columns
from source_zoho_crm.selection import get_selected_streams
from zoho_crm.fields import build_json_schema
from zoho_crm.manifest import load_settings_streams
from zoho_crm.org import get_org
from zoho_crm.requester import ZohoRequester, build_requester


def explain_not_offered(module: Module) -> str | None:
    """Why the module is not a stream; None: it is one."""
    if module.not_offered_because is None and module.api_name in load_settings_streams():
        return f"The stream {module.api_name} is one of the org's settings. Rename the module."
    return module.not_offered_because


@dataclass
class StreamNames(Retriever):
    """Yields `{api_name}` of each module that is a stream: `windowed`, those with Modified_Time.

    Why not in YAML: whether a module has Modified_Time takes a call for its fields; these are made
    side by side, and on `read` only for the streams in the configured catalog. The stock resolver
    makes them one after another, for every module: 20 s for 200 modules at 100 ms a call.
    """

    requester: ZohoRequester
    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._windowed: bool = parameters["windowed"]

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[dict[str, Any]]:
        org = get_org(self.config)
        org.fetch_details(self.requester)
        modules = get_modules(org)
        names = get_selected_streams(self.config)
        discovers = names is None
        if names is None:
            names = modules.list_names(self.requester)
        for module in modules.read_modules(names, self.requester):
            if discovers and module.unreadable is not None:
                # A catalog without it would take the stream out of the connection.
                raise module.unreadable
            if explain_not_offered(module) is None and module.windowed == self._windowed:
                yield {"api_name": module.api_name}
        if discovers:
            modules.raise_if_scope_lacking()


@dataclass
class ModulesRetriever(Retriever):
    """The `modules` stream: Zoho's metadata of each module, whether it is a stream, and why not.

    Subforms whose rows are not a module have an entry, too, named like `Quotes.Product_Details`,
    and so have streams of settings that are withheld because a module has their name.

    Why not in YAML: the reason comes out of the same directory that makes the streams, so the two
    cannot disagree, and 300 modules cost no call; stock parts would pay 300 for their fields.
    """

    requester: ZohoRequester
    config: Mapping[str, Any]

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[dict[str, Any]]:
        modules = get_modules(get_org(self.config))
        offered = []
        for module in modules.read_modules(modules.list_names(self.requester), self.requester):
            reason = explain_not_offered(module)
            if reason is None:
                offered.append(module.api_name)
            yield {
                **module.metadata,
                "offered": reason is None,
                "not_offered_because": reason,
            }
            for name in module.inner_subforms:
                yield {
                    "api_name": f"{module.api_name}.{name}",
                    "offered": False,
                    "not_offered_because": (
                        f"Its rows are no module: Zoho gives them inside records of "
                        f"{module.api_name}, and in no query or export."
                    ),
                }
        for name, reason in find_withheld_streams(offered).items():
            yield {"api_name": name, "offered": False, "not_offered_because": reason}


@dataclass
class ServedModules(Retriever):
    """Yields `{api_name}` of each module whose settings Zoho shows: what lists are asked for.

    Why not in YAML: the same directory makes the streams, so the names cost no call more. A stock
    list of `settings/modules` takes a call more for each stream, and asks for modules that Zoho
    lists and does not serve.
    """

    config: Mapping[str, Any]

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[dict[str, Any]]:
        modules = get_modules(get_org(self.config))
        requester = build_requester("requester", self.config)
        for module in modules.read_modules(modules.list_names(requester), requester):
            if module.not_offered_because is None:
                yield {"api_name": module.api_name}


@dataclass
class ModuleSchema(SchemaLoader):
    """The JSON schema of the module that `$parameters.name` names.

    Why not in YAML: the stock dynamic loader makes the fields call a second time, 300 credits for
    300 modules, and an unknown data type ends the whole discovery.
    """

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._module: str = parameters["name"]

    def get_json_schema(self) -> Mapping[str, Any]:
        modules = get_modules(get_org(self.config))
        module = modules.find_known(self._module)
        if module is None:
            module = modules.read_module(self._module, build_requester("requester", self.config))
        schema = build_json_schema(module.fields)
        if module.windowed and self.config.get("include_deleted", True):
            schema["properties"] |= tombstone_columns()
        return schema
