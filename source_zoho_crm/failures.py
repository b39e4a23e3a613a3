"""The last error of a failed read: the sentences of its streams."""

from collections.abc import Iterable, Iterator

from airbyte_cdk.models import AirbyteMessage, FailureType, Type
from airbyte_cdk.utils import AirbyteTracedException

#: The worst first: a bug, then what the user can fix, then what passes.
_KINDS = (FailureType.system_error, FailureType.config_error, FailureType.transient_error)


def shorten_errors(messages: Iterable[AirbyteMessage]) -> Iterator[AirbyteMessage]:
    """The messages of a read; its last error repeats the sentences of the streams that failed.

    The CDK's own last error prints exceptions as Python does, with requests and answers in them.
    """
    failed: dict[str, list[str]] = {}
    kinds: set[FailureType] = set()
    try:
        for message in messages:
            if message.type == Type.TRACE and message.trace and message.trace.error:
                error = message.trace.error
                stream = error.stream_descriptor.name if error.stream_descriptor else "The sync"
                failed.setdefault(error.message, []).append(stream)
                kinds.add(error.failure_type or FailureType.system_error)
            yield message
    except AirbyteTracedException as error:
        if not failed:
            raise
        sentences = (
            sentence
            if sentence.startswith((f"{streams[0]}: ", f"{streams[0]}, "))
            else f"{', '.join(streams)}: {sentence}"
            for sentence, streams in failed.items()
        )
        raise AirbyteTracedException(
            message=" ".join(sentences),
            internal_message=error.internal_message,
            failure_type=next(kind for kind in _KINDS if kind in kinds),
        ) from error
