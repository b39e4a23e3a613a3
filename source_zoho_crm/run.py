"""The command `source-zoho-crm`."""

import logging
import sys
from collections.abc import Sequence

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.logger import PRINT_BUFFER, init_logger
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.lines import LineEntrypoint, counts_records
from source_zoho_crm.source import SourceZohoCrm
from zoho_crm.problems import config_error


def run() -> None:
    """spec | check | discover | read, as the Airbyte protocol has them."""
    args = sys.argv[1:]
    init_uncaught_exception_handler(init_logger("airbyte"))
    try:
        source = _source(args)
    except AirbyteTracedException as problem:
        _refuse(problem, checking=args[:1] == ["check"])
        return
    source.packed = True
    logging.getLogger(f"airbyte.{source.name}").addFilter(counts_records)
    entrypoint = LineEntrypoint(source)
    with PRINT_BUFFER:
        for message in entrypoint.run(entrypoint.parse_args(args)):
            # One write: other threads print as well.
            print(f"{message}\n", end="")


def _source(args: Sequence[str]) -> SourceZohoCrm:
    arguments = list(args)
    config_path = AirbyteEntrypoint.extract_config(arguments)
    catalog_path = AirbyteEntrypoint.extract_catalog(arguments)
    state_path = AirbyteEntrypoint.extract_state(arguments)
    try:
        config = SourceZohoCrm.read_config(config_path) if config_path else None
        catalog = SourceZohoCrm.read_catalog(catalog_path) if catalog_path else None
        state = SourceZohoCrm.read_state(state_path) if state_path else None
    except OSError as error:
        raise config_error(f"{error.filename} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise config_error(f"A file given on the command line cannot be used: {error}") from error
    return SourceZohoCrm(catalog, config, state)


def _refuse(problem: AirbyteTracedException, *, checking: bool) -> None:
    """A config that cannot even be built: for `check` an answer, for the rest a failure."""
    status = problem.as_connection_status_message() if checking else None
    if status is not None and problem.failure_type == FailureType.config_error:
        print(AirbyteEntrypoint.airbyte_message_to_string(status))
        return
    print(AirbyteEntrypoint.airbyte_message_to_string(problem.as_airbyte_message()))
    sys.exit(1)
