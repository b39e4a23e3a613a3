"""How the error that ends a command is told: one sentence, with a traceback for bugs alone."""

import logging
from dataclasses import replace

from airbyte_cdk.models import AirbyteErrorTraceMessage, AirbyteMessage, FailureType
from airbyte_cdk.utils import AirbyteTracedException

LOGGER = logging.getLogger("airbyte")


def build_final_message(
    problem: AirbyteTracedException, *, is_told: bool = False
) -> AirbyteMessage:
    """The protocol's message for what ends a command. `is_told`: the log has it already."""
    message = problem.as_airbyte_message()
    assert message.trace is not None
    assert message.trace.error is not None
    error, kind = message.trace.error, problem.failure_type
    if not is_told:
        # The place of a fault whose text may hold values is all that is told of it.
        place = problem.internal_message or ""
        log_error(error.message, kind, place if '  File "' in place else error.stack_trace)
    return drop_traceback(message, error, FailureType.config_error if is_told else kind)


def log_error(sentence: str, kind: FailureType, traceback: str | None) -> None:
    """A bug with its traceback; with --debug, other errors as well."""
    if kind == FailureType.system_error and traceback:
        LOGGER.error(f"{sentence}\n{traceback}")
        return
    LOGGER.error(sentence)
    if traceback:
        LOGGER.debug(traceback)


def drop_traceback(
    message: AirbyteMessage, error: AirbyteErrorTraceMessage, kind: FailureType
) -> AirbyteMessage:
    """The message, without the traceback of what is no bug."""
    if kind == FailureType.system_error or message.trace is None:
        return message
    return replace(message, trace=replace(message.trace, error=replace(error, stack_trace=None)))
