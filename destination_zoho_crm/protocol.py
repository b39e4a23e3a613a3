"""Messages of the Airbyte protocol, as far as the CDK's destination does not have them.

The CDK knows no `discover` for a destination, drops the `id` of a STATE, dies of a line that is
off-schema and logs one that is no JSON, with its content ("CDK: destinations").
"""

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer

from zoho_crm.problems import config_error, system_error

LOGGER = logging.getLogger("airbyte")

#: A message as it is printed: ours, or a JSON object as it came.
Message = AirbyteMessage | dict[str, Any]

#: A stream's namespace and name.
StreamKey = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A RECORD. Without `data` it cannot be written; `fault` says why."""

    stream: StreamKey
    data: Mapping[str, Any] | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A STATE as it came, with all that the platform put into it."""

    message: dict[str, Any]

    @property
    def stream(self) -> StreamKey | None:
        """None: it speaks of all streams."""
        body = self.message["state"]
        if body.get("type") != "STREAM":
            return None
        descriptor = body["stream"]["stream_descriptor"]
        return (descriptor.get("namespace") or None, descriptor["name"])


def messages(lines: Iterable[bytes]) -> Iterator[Row | State]:
    """The rows and states of the input.

    A line that is no message is passed over and counted in a warning at the end. A message that is
    broken ends the run, because a row that is lost would be counted by nobody; of a row that came
    through, only the row is lost. The content of a line is never logged.
    """
    strange = 0
    for number, line in enumerate(lines, 1):
        if not (text := line.strip()):
            continue
        try:
            message = _parsed(text)
        except (ValueError, RecursionError):
            if text.startswith(b"{"):
                raise system_error(
                    f"Line {number} of the input is a broken message: it is no JSON that can be "
                    "read."
                ) from None
            strange += 1
            continue
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "RECORD":
            yield _row(message, number)
        elif kind == "STATE":
            yield _state(message, number)
        elif not isinstance(kind, str):
            strange += 1
    if strange:
        LOGGER.warning(f"{strange:,} lines of the input were no messages and are passed over.")


def _parsed(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # NaN, Infinity and half characters are no JSON, yet Python's writer makes them: the row
        # can be named.
        message = json.loads(text)
    record = message.get("record") if isinstance(message, dict) else None
    if isinstance(record, dict):
        try:
            orjson.dumps(record.get("data"))
        except TypeError:
            record["data"] = None
    return message


def _row(message: Mapping[str, Any], number: int) -> Row:
    record = message.get("record")
    name = record.get("stream") if isinstance(record, dict) else None
    if not isinstance(name, str):
        raise system_error(f"Line {number} of the input is a record that names no stream.")
    assert isinstance(record, dict)
    namespace = record.get("namespace")
    stream = (namespace if isinstance(namespace, str) and namespace else None, name)
    data = record.get("data")
    if not isinstance(data, dict):
        return Row(stream, None, "the record has no data that JSON can carry")
    return Row(stream, data)


def _state(message: dict[str, Any], number: int) -> State:
    state = State(message)
    try:
        name = state.stream
    except (KeyError, TypeError, AttributeError):
        name = (None, None)  # type: ignore[assignment]  # the check below finds it
    if name is not None and not isinstance(name[1], str):
        raise system_error(f"Line {number} of the input is a state that names no stream.")
    return state


def configured_streams(path: str) -> list[dict[str, Any]]:
    """The streams of a configured catalog, as they stand in the file."""
    return streams_of(read_json(path, "catalog"))


def streams_of(catalog: object) -> list[dict[str, Any]]:
    streams = catalog.get("streams") if isinstance(catalog, dict) else None
    if not isinstance(streams, list) or not all(map(_is_stream, streams)):
        raise config_error(
            "The configured catalog is none: it holds no list of streams, each with a name, a "
            "json_schema and a primary_key as the Airbyte protocol has them."
        )
    return streams


def _is_stream(entry: object) -> bool:
    stream = entry.get("stream") if isinstance(entry, dict) else None
    if not isinstance(stream, dict) or not isinstance(stream.get("name"), str):
        return False
    assert isinstance(entry, dict)
    schema = stream.get("json_schema") or {}
    return (
        isinstance(schema, dict)
        and isinstance(schema.get("properties") or {}, dict)
        and isinstance(entry.get("primary_key") or [], list)
    )


def read_json(path: str, what: str) -> Any:
    """The content of a file that is given on the command line."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a path may be /dev/stdin
            return orjson.loads(file.read())
    except OSError as error:
        raise config_error(f"The {what} {path} cannot be read: {error.strerror}.") from None
    except orjson.JSONDecodeError:
        raise config_error(f"The {what} {path} is no JSON.") from None


def input_lines() -> Iterable[bytes]:
    """Standard input. Not by `sys.stdin`, whose lock a thread that waits for a line holds for ever:
    Python dies of that at the end of a run that failed."""
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except (OSError, ValueError):
        return sys.stdin.buffer


def tell(message: Message) -> None:
    """Prints a message at once: the platform waits for a STATE."""
    whole = message if isinstance(message, dict) else AirbyteMessageSerializer.dump(message)
    # One write: log lines of other threads come in between.
    sys.stdout.write(orjson.dumps(whole).decode() + "\n")
    sys.stdout.flush()
