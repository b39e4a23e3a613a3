"""The source: manifest.yaml, the configured catalog, and a check that ends in one sentence."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    Status,
    StreamDescriptor,
    Type,
)
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.check import check_connection, find_needed_scopes
from source_zoho_crm.components.settings import STREAMS_OF_FIELDS
from source_zoho_crm.failures import hide_repeated_errors, report_failures
from source_zoho_crm.letter_case import (
    build_field_warnings,
    build_stream_warnings,
    find_withheld_streams,
)
from source_zoho_crm.missing_streams import build_error_messages, find_missing_streams
from source_zoho_crm.modules import get_modules
from source_zoho_crm.packed_records import PACKED, limit_waiting_bytes, unpack
from source_zoho_crm.progress import hide_retries
from source_zoho_crm.selection import (
    add_selection,
    check_catalog,
    get_selected_streams,
    is_incremental,
)
from source_zoho_crm.state import (
    add_org_id,
    build_left_out_warnings,
    build_state_warnings,
    drop_unknown_keys,
    find_states_of_another_org,
    group_by_stream,
    select_states,
)
from source_zoho_crm.usage_report import report_usage
from zoho_crm.auth import PATIENCE
from zoho_crm.form import warn_of_unknown
from zoho_crm.manifest import find_manifest, load_settings_parameters, load_settings_streams
from zoho_crm.org import begin_run, get_org
from zoho_crm.problems import config_error
from zoho_crm.requester import build_requester


class SourceZohoCrm(YamlDeclarativeSource):
    """Reads every module of a Zoho CRM org.

    May be built without arguments; each command then takes the config it is given.
    """

    #: Whether `read` may pass on many records in one message; see `packed_records`.
    packed = False

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
    ) -> None:
        if catalog is not None:
            check_catalog(catalog)
        state = None if state is None else select_states(state, catalog)
        self._states = group_by_stream(state or ())
        super().__init__(
            path_to_yaml=str(find_manifest()),
            catalog=catalog,
            config=None if config is None else add_selection(config, catalog, self._states),
            state=None if state is None else drop_unknown_keys(state),
        )
        limit_waiting_bytes(self)
        if self._config:
            warn_of_unknown(self._config, load_settings_parameters()["form"])
            self._config["_zoho"][PACKED] = True
            self._config["_zoho"]["scopes"] = ",".join(find_needed_scopes(self._config).values())
            begin_run(self._config)
            selected = get_selected_streams(self._config) or ()
            directory = get_org(self._config).directory
            directory.keeps_fields = not STREAMS_OF_FIELDS.isdisjoint(selected)

    @property
    def name(self) -> str:
        return "source-zoho-crm"

    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        return super().configure(self._config or self.__class__(config=config)._config, temp_dir)

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        if not self._config:
            return self.__class__(config=config).check(logger, config)
        try:
            impatient = {**self._config, PATIENCE: 0}
            check_connection(get_org(impatient), impatient)
        except AirbyteTracedException as problem:
            return AirbyteConnectionStatus(status=Status.FAILED, message=problem.message)
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:
        if not self._config:
            return self.__class__(config=config).discover(logger, config)
        catalog = super().discover(logger, config)
        names = [stream.name for stream in catalog.streams]
        withheld = find_withheld_streams(names)
        for name, reason in withheld.items():
            logger.warning(f"The stream {name} is not offered. {reason}")
        # A platform would not take away the rows of a full refresh that it resumes, and none of
        # ours goes on from a state.
        offered = [
            replace(stream, is_resumable=False)
            for stream in catalog.streams
            if stream.name not in withheld
        ]
        for warning in self._build_letter_case_warnings(stream.name for stream in offered):
            logger.warning(warning)
        return replace(catalog, streams=offered)

    def _stream_configs(self, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The manifest's streams of settings that are configured: to build one takes 2 ms."""
        selected = get_selected_streams(self._config)
        streams = super()._stream_configs(manifest)
        return [entry for entry in streams if selected is None or entry["name"] in selected]

    def _build_letter_case_warnings(self, streams: Iterable[str]) -> Iterator[str]:
        names = list(streams)
        yield from build_stream_warnings(names)
        requester = build_requester("requester", self._config)
        modules = [name for name in names if name not in load_settings_streams()]
        for module in get_modules(get_org(self._config)).read_modules(modules, requester):
            columns = (field.api_name for field in module.fields)
            yield from build_field_warnings(module.api_name, columns)

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        if not self._config:
            source = self.__class__(catalog, config, state)
            source.packed = self.packed
            return source.read(logger, config, catalog, state)
        logger.addFilter(hide_repeated_errors)
        logging.getLogger("airbyte").addFilter(hide_retries)
        messages = report_failures(self._read_messages(logger, config, catalog))
        messages = report_usage(messages, self._config)
        return messages if self.packed else unpack(messages)

    def _read_messages(
        self, logger: logging.Logger, config: Mapping[str, Any], catalog: ConfiguredAirbyteCatalog
    ) -> Iterator[AirbyteMessage]:
        """Those of the CDK, and errors for configured streams that cannot be read: the org does
        not offer them, or their state is of another org.

        The CDK skips the former silently, and calls a sync of them alone a success.
        """
        org, requester = get_org(self._config), build_requester("requester", self._config)
        org_id = str(org.fetch_details(requester).get("id") or "") or None
        modules = [
            entry.stream.name
            for entry in catalog.streams
            if entry.stream.name not in load_settings_streams()
        ]
        missing = find_missing_streams(
            modules, get_modules(org), requester, others=load_settings_streams()
        )
        states = {name: self._states[name] for name in modules if name in self._states}
        unread = find_states_of_another_org(states, org_id) | missing
        for entry in catalog.streams:
            name, namespace = entry.stream.name, entry.stream.namespace
            if name in unread:
                yield from build_error_messages(
                    StreamDescriptor(name=name, namespace=namespace), unread[name]
                )
        offered = [entry for entry in catalog.streams if entry.stream.name not in unread]
        for warning in self._build_warnings(offered):
            logger.warning(warning)
        configured = {entry.stream.name for entry in catalog.streams}
        for warning in build_left_out_warnings(self._states, configured):
            logger.warning(warning)
        for message in super().read(logger, config, replace(catalog, streams=offered)):
            stream = _find_stream(message) if message.type == Type.STATE else None
            if stream not in modules:
                yield message
            # The CDK ends each stream with a state. With one, the next run would not know that
            # the stream has never brought a row.
            elif stream not in get_modules(org).records_refused:
                yield add_org_id(message, states, org_id)
        if missing:
            raise config_error(f"Not offered by this org: {', '.join(missing)}.")
        for error in unread.values():
            raise error

    def _build_warnings(self, streams: Sequence[ConfiguredAirbyteStream]) -> Iterator[str]:
        org, requester = get_org(self._config), build_requester("requester", self._config)
        names = [entry.stream.name for entry in streams]

        def has_state(name: str) -> bool:
            # Whether children have one depends on the org.
            if name in load_settings_streams():
                return False
            module = get_modules(org).read_module(name, requester)
            return module.windowed or module.is_child

        yield from build_stream_warnings(names)
        incremental = [name for name in names if is_incremental(self._config, name)]
        yield from build_state_warnings(self._states, incremental, has_state, org.clock.latest())


def _find_stream(message: AirbyteMessage) -> str | None:
    """The stream that a state is of."""
    stream = message.state.stream if message.state else None
    return stream.stream_descriptor.name if stream else None
