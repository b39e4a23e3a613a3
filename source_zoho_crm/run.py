"""The command `source-zoho-crm`."""

import zoho_crm.quick_start  # noqa: F401, I001 - before the CDK

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.logger import PRINT_BUFFER, init_logger
from airbyte_cdk.models import AirbyteLogMessage, AirbyteMessage, FailureType, Level, Type
from airbyte_cdk.utils import AirbyteTracedException
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets, update_secrets

from source_zoho_crm.failures import SyncFailed
from source_zoho_crm.packed_records import PackedEntrypoint, hide_stream_progress
from source_zoho_crm.source import SourceZohoCrm
from zoho_crm.final_message import build_final_message
from zoho_crm.problems import config_error
from zoho_crm.process import prepare_process

#: What shells add to the number of a signal that ended a process.
_SIGNALLED = 128
#: Settings that no line of output may hold.
_SECRETS = ("client_id", "client_secret", "refresh_token")
#: Seconds for the line that is being printed.
_LAST_LINE_S = 1.0


def run() -> None:
    """spec | check | discover | read, as the Airbyte protocol has them."""
    # Without a command, help.
    args = sys.argv[1:] or ["--help"]
    # What has been imported stays: each garbage collection would look through it again.
    gc.freeze()
    prepare_process()
    init_uncaught_exception_handler(init_logger("airbyte"))
    # Before the first line of output: its reader may stop the process at once.
    with _Stop() as stop:
        try:
            source = _build_source(args)
        except AirbyteTracedException as problem:
            _report_problem(problem, checking=args[:1] == ["check"])
            return
        source.packed = True
        logging.getLogger(f"airbyte.{source.name}").addFilter(hide_stream_progress)
        entrypoint = PackedEntrypoint(source)
        try:
            with PRINT_BUFFER:
                for message in entrypoint.run(entrypoint.parse_args(args)):
                    _print(message)
                    if stop.requested.is_set():
                        stop.end()
        except AirbyteTracedException as problem:
            _report_problem(problem)
        except BrokenPipeError:
            # The output no longer has a reader. The threads of a read would wait for a place in
            # the CDK's queue forever.
            os._exit(_SIGNALLED + signal.SIGPIPE)


class _Stop:
    """Ends the process at the first Ctrl-C, between two lines of output.

    The CDK's threads would wait for each other forever. A read loses nothing: the next one
    continues from the last state that was printed.
    """

    def __init__(self) -> None:
        self.requested = threading.Event()

    def __enter__(self) -> "_Stop":
        self._before = signal.getsignal(signal.SIGINT)
        if self._before is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._on_interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self.requested.set()
        # If no more messages come, nothing is being printed either.
        timer = threading.Timer(_LAST_LINE_S, self.end)
        timer.daemon = True
        timer.start()

    def end(self) -> None:
        sentence = "Stopped. The next read with the last state continues from there."
        log = AirbyteLogMessage(level=Level.WARN, message=sentence)
        # Waits for what another thread prints, and nothing is printed behind it. Not by a logger:
        # a thread that logs holds the logger while it waits for this lock.
        with PRINT_BUFFER.lock:
            _print(AirbyteEntrypoint.airbyte_message_to_string(AirbyteMessage(Type.LOG, log=log)))
            PRINT_BUFFER.flush()
            os._exit(_SIGNALLED + signal.SIGINT)


def _build_source(args: Sequence[str]) -> SourceZohoCrm:
    arguments = list(args)
    config_path = AirbyteEntrypoint.extract_config(arguments)
    catalog_path = AirbyteEntrypoint.extract_catalog(arguments)
    state_path = AirbyteEntrypoint.extract_state(arguments)
    try:
        config = SourceZohoCrm.read_config(config_path) if config_path else None
        # Before anything can fail with a sentence that quotes the config.
        given = config or {}
        update_secrets([str(given[key]) for key in _SECRETS if given.get(key)])
        catalog = SourceZohoCrm.read_catalog(catalog_path) if catalog_path else None
        state = SourceZohoCrm.read_state(state_path) if state_path else None
    except OSError as error:
        raise config_error(f"{error.filename} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise config_error(f"A file given on the command line cannot be used: {error}") from error
    source = SourceZohoCrm(catalog, config, state)
    _keep_contents(source, read_config=config, read_catalog=catalog, read_state=state or [])
    return source


def _keep_contents(source: SourceZohoCrm, **contents: Any) -> None:
    """The CDK's entrypoint reads each file again. A pipe has nothing left by then, so it gets what
    was read. `contents`: by the name of the method that reads it."""
    for method, content in contents.items():
        setattr(source, method, lambda _, content=content: content)


def _report_problem(problem: AirbyteTracedException, *, checking: bool = False) -> None:
    """The end of a command that fails; `check` answers what the user can fix, instead."""
    status = problem.as_connection_status_message() if checking else None
    if status is not None and problem.failure_type == FailureType.config_error:
        _print(AirbyteEntrypoint.airbyte_message_to_string(status))
        return
    last = build_final_message(problem, is_told=isinstance(problem, SyncFailed))
    _print(AirbyteEntrypoint.airbyte_message_to_string(last))
    sys.exit(1)


def _print(message: str) -> None:
    """Prints a message without secrets: Zoho's errors may quote them, and the CDK looks through
    its log lines only."""
    # One write: other threads print as well.
    print(f"{filter_secrets(message)}\n", end="")
