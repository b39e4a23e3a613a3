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
from destination_zoho_crm.plan_problems import find_mapping_problems, raise_problems
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
from zoho_crm.form import complete_config, warn_of_unknown
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


class DestinationZohoCrm(Destination):
    """spec, check, discover and write.

    `discover` and the messages of `write` go past the CDK; see `protocol`.
    """

    VALID_CMDS = {"spec", "check", "discover", "write"}  # noqa: RUF012 - as the CDK declares it

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        try:
            self._check_connection(self._complete(config))
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
            print_message(problem.as_airbyte_message())
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

    def _complete(self, config: object) -> dict[str, Any]:
        """The config as the form would save it."""
        whole = complete_config(config, self._form)
        warn_of_unknown(whole, self._form)
        return whole

    def _write(
        self,
        config: object,
        streams: Sequence[Mapping[str, Any]],
        lines: Iterable[bytes],
        stop: threading.Event | None = None,
    ) -> Iterator[str]:
        whole = self._complete(config)
        return write(Client(whole), whole, streams, read_messages(lines), stop)

    def _check_connection(self, config: Mapping[str, Any]) -> None:
        """Token, modules and fields are there, mappings fit, and rejected rows can be kept."""
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
        if lacking:
            raise config_error(explain_lacking_scopes(client, lacking))
        if not modules.names:
            raise config_error("This org has no module that can be written by Zoho's API.")
        named = [mapping.module for mapping in settings.mappings]
        fetched = modules.find_with_lookups(
            named or [modules.find_described()],
            list_lookup_names((), settings.mappings),
            list_paths((), settings.mappings),
        )
        raise_problems(
            problem
            for mapping in settings.mappings
            for problem in find_mapping_problems(mapping, fetched, modules.names)
        )
        paths = (path for mapping in settings.mappings for _, path in mapping.fields or ())
        if any(fold_spelling(path).endswith(".email") for path in paths):
            find_active_users(client.metadata)


def _listen_for_stop() -> threading.Event:
    """Is set by the first signal that asks the process to end; the second ends it."""
    stop = threading.Event()

    def hear(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        # What is ignored from the start stays so: a job in the background.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, hear)
    return stop
