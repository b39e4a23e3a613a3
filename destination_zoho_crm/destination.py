"""The destination: rows of a warehouse become records of Zoho CRM."""

import argparse
import json
import logging
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

import orjson
from airbyte_cdk.destinations import Destination
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    Status,
)
from airbyte_cdk.utils import AirbyteTracedException
from airbyte_cdk.utils.airbyte_secrets_utils import get_secrets, update_secrets

from destination_zoho_crm.bulk_plan import explain_lacking_scopes, find_lacking_scopes
from destination_zoho_crm.catalog import list_lookup_names, list_paths
from destination_zoho_crm.client import Client
from destination_zoho_crm.discovery import describe_operations
from destination_zoho_crm.modules import TargetModules
from destination_zoho_crm.naming import fold_spelling
from destination_zoho_crm.org_values import find_active_users
from destination_zoho_crm.plan_problems import find_mapping_problems, raise_problems, raised_with
from destination_zoho_crm.protocol import (
    Message,
    list_streams,
    open_input,
    print_message,
    read_configured_streams,
    read_json,
    read_messages,
)
from destination_zoho_crm.rejects import open_store
from destination_zoho_crm.settings import read_settings
from destination_zoho_crm.writing import write
from zoho_crm.auth import PATIENCE
from zoho_crm.counts import count
from zoho_crm.final_message import build_final_message
from zoho_crm.form import complete_config, warn_of_unknown
from zoho_crm.org import describe_connection
from zoho_crm.problems import config_error

LOGGER = logging.getLogger("airbyte")

_CONFIG = {"config": "the connection's config"}
#: What each command does, and the files that it takes.
_COMMANDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "spec": ("prints what a config holds, as a JSON schema", {}),
    "check": ("tells whether Zoho can be written to with a config", _CONFIG),
    "discover": ("prints what can be written, module by module", _CONFIG),
    "write": (
        "writes the records that it reads from its input",
        {**_CONFIG, "catalog": "the configured catalog"},
    ),
}


_STOPPING = (
    "Stopping. Calls under way are finished first, and jobs of Bulk Write that insert, which may "
    "take minutes. The next sync sends the rows behind the last STATE again: inserts that were "
    "written by then are added a second time. A second signal ends the process at once, and no "
    "more states go out."
)


class DestinationZohoCrm(Destination):
    """spec, check, discover and write.

    `discover` and the messages of `write` go past the CDK; see `protocol`.
    """

    VALID_CMDS = {"spec", "check", "discover", "write"}  # noqa: RUF012 - as the CDK declares it

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        try:
            problems: list[str] = []
            whole = self._complete(config, problems)
            with raised_with(problems):
                self._check_connection(whole, problems)
        except AirbyteTracedException as problem:
            return AirbyteConnectionStatus(status=Status.FAILED, message=problem.message)
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def discover(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The DESTINATION_CATALOG: what may be written, module by module."""
        client = Client(self._complete(config))
        modules = TargetModules(client.org.directory, client.metadata)
        return {
            "type": "DESTINATION_CATALOG",
            "destination_catalog": {"operations": list(describe_operations(modules.find_all()))},
        }

    def write(
        self,
        config: Mapping[str, Any],
        configured_catalog: ConfiguredAirbyteCatalog,
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterator[AirbyteMessage]:
        """For callers within Python. The CDK's messages cannot carry all that ours do."""
        streams = list_streams(ConfiguredAirbyteCatalogSerializer.dump(configured_catalog))
        lines = (orjson.dumps(AirbyteMessageSerializer.dump(message)) for message in input_messages)
        for line in self._write(config, streams, lines):
            yield AirbyteMessageSerializer.load(json.loads(line))

    def parse_args(self, args: list[str]) -> argparse.Namespace:
        parser = argparse.ArgumentParser()
        commands = parser.add_subparsers(title="commands", dest="command", required=True)
        for name, (does, files) in _COMMANDS.items():
            command = commands.add_parser(name, help=does, description=does)
            for file, holds in files.items():
                command.add_argument(f"--{file}", required=True, help=f"path to {holds}, in JSON")
        return parser.parse_args(args or ["--help"])

    def run_cmd(  # type: ignore[override]  # our `run` prints what the CDK's messages cannot hold
        self, parsed_args: argparse.Namespace
    ) -> Iterator[Message]:
        if parsed_args.command == "spec":
            yield from super().run_cmd(parsed_args)
            return
        try:
            config = self._read_config(parsed_args.config)
        except AirbyteTracedException as problem:
            status = problem.as_connection_status_message()
            if parsed_args.command != "check" or status is None:
                raise
            yield status
            return
        if parsed_args.command == "check":
            yield self._run_check(config)
            return
        if parsed_args.command == "discover":
            yield self.discover(config)
            return
        streams = read_configured_streams(parsed_args.catalog)
        yield from self._write(config, streams, open_input(), _listen_for_stop())

    def run(self, args: list[str]) -> None:
        """Prints the messages of a command; a failure is a last message and exit code 1."""
        init_uncaught_exception_handler(LOGGER)
        try:
            for message in self.run_cmd(self.parse_args(args)):
                print_message(message)
        except AirbyteTracedException as problem:
            print_message(build_final_message(problem))
            sys.exit(1)

    def _read_config(self, path: str) -> Any:
        """What is in the file; its secrets are kept out of all logs."""
        config = read_json(path, "config")
        if isinstance(config, dict):
            update_secrets(get_secrets(self._form, config))
        return config

    @property
    def _form(self) -> Mapping[str, Any]:
        return self.spec(LOGGER).connectionSpecification

    def _complete(self, config: object, put_off: list[str] | None = None) -> dict[str, Any]:
        """The config as the form would save it. `put_off`: see `complete_config`."""
        whole = complete_config(config, self._form, put_off=put_off)
        warn_of_unknown(whole, self._form)
        return whole

    def _write(
        self,
        config: object,
        streams: Sequence[Mapping[str, Any]],
        lines: Iterable[bytes],
        stop: threading.Event | None = None,
    ) -> Iterator[str]:
        problems: list[str] = []
        whole = self._complete(config, problems)
        return write(Client(whole), whole, streams, read_messages(lines), stop, problems)

    def _check_connection(self, config: Mapping[str, Any], problems: Sequence[str]) -> None:
        """Token, modules and fields are there, mappings fit, and rejected rows can be kept.
        `problems`: those that are known already."""
        settings = read_settings(config)
        open_store(settings.kept_in)
        client = Client({**config, PATIENCE: 0})
        modules = TargetModules(client.org.directory, client.metadata)
        if not client.has_write_scope():
            raise config_error(
                "The refresh token lacks a scope: it may read records and not write them. Make a "
                f"new one in Zoho's API console with {client.scopes}."
            )
        lacking = find_lacking_scopes(client) if settings.write_method == "Bulk" else []
        if not modules.names:
            raise config_error("This org has no module that can be written by Zoho's API.")
        named = [mapping.module for mapping in settings.mappings]
        fetched = modules.find_with_lookups(
            named or [modules.find_described()],
            list_lookup_names((), settings.mappings),
            list_paths((), settings.mappings),
        )
        of_mappings = (
            problem
            for mapping in settings.mappings
            for problem in find_mapping_problems(mapping, fetched, modules.names)
        )
        of_scopes = [explain_lacking_scopes(client, lacking)] if lacking else []
        raise_problems([*problems, *of_scopes, *of_mappings])
        paths = (path for mapping in settings.mappings for _, path in mapping.fields or ())
        if any(fold_spelling(path).endswith(".email") for path in paths):
            find_active_users(client.metadata)
        details = client.org.fetch_details(client.metadata)
        written = f"{count(len(modules.names), 'module')} can be written"
        LOGGER.info(describe_connection(client.org, details, config["schema_version"], written))


def _listen_for_stop() -> threading.Event:
    """Is set by the first signal that asks the process to end, which a line of the log says; the
    second ends it."""
    stop = threading.Event()

    def hear(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()
        # In a thread of its own: the signal may have come in the middle of a line.
        threading.Thread(target=LOGGER.warning, args=(_STOPPING,)).start()

    for number in (signal.SIGINT, signal.SIGTERM):
        # What is ignored from the start stays so: a job in the background.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, hear)
    return stop
