"""How errors are told: each sentence once in the log, tracebacks of bugs alone."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

from airbyte_cdk.models import AirbyteMessage, FailureType, Type
from airbyte_cdk.utils import AirbyteTracedException

from zoho_crm.final_message import drop_traceback, log_error

LOGGER = logging.getLogger("airbyte")

#: The worst first: a bug, then what the user can fix, then what passes.
_KINDS = (FailureType.system_error, FailureType.config_error, FailureType.transient_error)
#: Streams that a sentence names.
_MOST_NAMES = 10
#: How lines begin in which the CDK repeats errors, with tracebacks, requests and answers.
_REPEATS = ("Exception while syncing stream ", "During the sync, the following streams ")


class SyncFailed(AirbyteTracedException):
    """Streams of a read have failed; the log has told it."""


def report_failures(messages: Iterable[AirbyteMessage]) -> Iterator[AirbyteMessage]:
    """The messages of a read. The log has each error of a stream once, as soon as it is there.

    The error at the end repeats the sentences of the streams: the CDK's own prints exceptions as
    Python does, with requests and answers in them.
    """
    failed: dict[str, list[str]] = {}
    kinds: set[FailureType] = set()
    try:
        for message in messages:
            if message.type == Type.TRACE and message.trace and message.trace.error:
                error = message.trace.error
                kind = error.failure_type or FailureType.system_error
                name = error.stream_descriptor.name if error.stream_descriptor else "The sync"
                streams = failed.setdefault(error.message, [])
                if not streams or kind == FailureType.system_error:
                    log_error(_introduce([name], error.message), kind, error.stack_trace)
                streams.append(name)
                kinds.add(kind)
                yield drop_traceback(message, error, kind)
            else:
                yield message
    except AirbyteTracedException as problem:
        if not failed:
            raise
        raise _sum_up(failed, kinds, problem.internal_message) from None


def _sum_up(
    failed: Mapping[str, Sequence[str]], kinds: set[FailureType], internal: str | None
) -> SyncFailed:
    """`failed`: sentences, each with its streams."""
    names = [name for streams in failed.values() for name in streams]
    if len(names) > 1:
        LOGGER.error(f"Streams that failed: {_list_names(names)}.")
    return SyncFailed(
        message=" ".join(_introduce(streams, sentence) for sentence, streams in failed.items()),
        internal_message=internal,
        failure_type=next(kind for kind in _KINDS if kind in kinds),
    )


def hide_repeated_errors(entry: logging.LogRecord) -> bool:
    """A log filter for what the CDK says of the errors that are reported here."""
    return not str(entry.msg).startswith(_REPEATS)


def _introduce(streams: Sequence[str], sentence: str) -> str:
    """The sentence, after the streams that it is about."""
    if sentence.startswith((f"{streams[0]}: ", f"{streams[0]}, ")):
        return sentence
    return f"{_list_names(streams)}: {sentence}"


def _list_names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
