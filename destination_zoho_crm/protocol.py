"""Messages of the Airbyte protocol that the CDK's destination does not have.

The CDK knows no `discover` for a destination, drops the `id` of a STATE, crashes on a line that
does not match the schema, and logs one that is not JSON with its content ("CDK: destinations").
"""

import codecs
import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer
from airbyte_cdk.utils import AirbyteTracedException
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

from zoho_crm.counts import count
from zoho_crm.problems import config_error, system_error

LOGGER = logging.getLogger("airbyte")

#: A message as it is printed: ours, or a line that is finished.
Message = AirbyteMessage | Mapping[str, Any] | str

#: A text, a bracket, or a word: a number, true, NaN ...
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s,:{}\[\]"]+', re.DOTALL)

#: A stream's namespace and name.
StreamKey = tuple[str | None, str]


class Row(NamedTuple):
    """A RECORD. Without `data` it cannot be written; `fault` says why."""

    stream: StreamKey
    data: Mapping[str, Any] | None
    #: As it came.
    line: bytes
    fault: str = ""
    #: Of a line from a file of rejected rows: the code by which the row was rejected.
    rejected_by: str | None = None

    @property
    def record(self) -> bytes:
        """The text of `record`. It may hold what JSON and Python's numbers cannot."""
        text = self.line.decode(errors="surrogatepass")
        begin, end = _find_span(text, "record")
        return text[begin:end].encode(errors="surrogatepass")


@dataclass(frozen=True, slots=True)
class State:
    """A STATE. Its own text goes out again: a parser would round numbers that it cannot hold."""

    #: None: it covers all streams.
    stream: StreamKey | None
    #: The line up to the end of what is in `state`, and from there on.
    head: str
    tail: str

    def add_stats(self, stats: Mapping[str, Any]) -> str:
        """The line with `destinationStats` in its `state`."""
        comma = "" if self.head.rstrip().endswith("{") else ","
        return f'{self.head}{comma}"destinationStats":{orjson.dumps(stats).decode()}{self.tail}'


def read_messages(lines: Iterable[bytes]) -> Iterator[Row | State]:
    """The rows and states of the input.

    A line that is not a message is ignored and counted in a warning at the end. A message that is
    broken ends the run, because a lost row would not be counted; of a row that can be read in
    part, only the row is rejected. The content of a line is never logged.
    """
    strange = 0
    for number, line in enumerate(lines, 1):
        if not (text := line.removeprefix(codecs.BOM_UTF8).strip()):
            continue
        try:
            message = _parse(text)
        except (ValueError, RecursionError):
            if text.startswith(b"{"):
                raise _build_broken_error(number) from None
            strange += 1
            continue
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "RECORD":
            yield _read_row(message, text, number)
        elif kind == "STATE":
            yield _read_state(message, text, number)
        elif not isinstance(kind, str):
            strange += 1
    if strange:
        one = "line of the input is not a message and is ignored"
        many = "lines of the input are not messages and are ignored"
        LOGGER.warning(f"{count(strange, one, many)}.")


def parse_row(line: bytes) -> Row:
    """A RECORD that `read_messages` has taken, from its line."""
    return _read_row(_parse(line), line, 0)


def _parse(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # NaN, Infinity and half characters are not JSON, yet Python's writer makes them: the row
        # can be named.
        message = json.loads(text)
    record = message.get("record") if isinstance(message, dict) else None
    if isinstance(record, dict):
        try:
            orjson.dumps(record.get("data"))
        except TypeError:
            record["data"] = None
    return message


def _build_broken_error(number: int) -> AirbyteTracedException:
    return system_error(
        f"Line {number} of the input is a broken message: it is not JSON that can be read."
    )


def _read_row(message: Mapping[str, Any], line: bytes, number: int) -> Row:
    record = message.get("record")
    name = record.get("stream") if isinstance(record, dict) else None
    if not isinstance(name, str):
        raise system_error(f"Line {number} of the input is a record that names no stream.")
    assert isinstance(record, dict)
    namespace = record.get("namespace")
    stream = (namespace if isinstance(namespace, str) and namespace else None, name)
    data = record.get("data")
    fault = "" if isinstance(data, dict) else "the record has no data that JSON can carry"
    mark = message.get("rejected")
    code = mark.get("code") if isinstance(mark, dict) else None
    return Row(stream, None if fault else data, line, fault, str(code) if code else None)


def _read_state(message: Mapping[str, Any], line: bytes, number: int) -> State:
    try:
        stream = _read_stream_key(message["state"])
    except (KeyError, TypeError, AttributeError):
        raise system_error(f"Line {number} of the input is a state that names no stream.") from None
    try:
        text = line.decode()
        _, end = _find_span(text, "state")
    except ValueError:
        raise _build_broken_error(number) from None
    return State(stream, text[: end - 1], text[end - 1 :])


def _read_stream_key(state: Mapping[str, Any]) -> StreamKey | None:
    if state.get("type") != "STREAM":
        return None
    descriptor = state["stream"]["stream_descriptor"]
    namespace, name = descriptor.get("namespace"), descriptor["name"]
    if not isinstance(name, str):
        raise TypeError
    return (namespace if isinstance(namespace, str) and namespace else None, name)


def _find_span(text: str, name: str) -> tuple[int, int]:
    """Where the value of a member begins and ends in the text of a JSON object."""
    place, span = _find_next(text, text.index("{") + 1), (0, 0)
    while text[place] != "}":
        key_end = _find_end(text, place)
        key = json.loads(text[place:key_end])
        begin = _find_next(text, key_end)
        end = _find_end(text, begin)
        if key == name:
            span = (begin, end)
        place = _find_next(text, end)
    return span


def _find_end(text: str, begin: int) -> int:
    """Where the value ends that begins there. Python's own parser calls itself for each bracket,
    and gives up on a row that is nested deeper than Python may call."""
    depth = 0
    for token in _TOKEN.finditer(text, begin):
        if token[0] in ("{", "["):
            depth += 1
        elif token[0] in ("}", "]"):
            depth -= 1
        if depth == 0:
            return token.end()
    raise ValueError("the value does not end")


def _find_next(text: str, place: int) -> int:
    """The place of the next value, or of the bracket that closes the object."""
    while text[place] in " \t\r\n:,":
        place += 1
    return place


def read_configured_streams(path: str) -> list[dict[str, Any]]:
    """The streams of a configured catalog, as they are in the file."""
    return list_streams(read_json(path, "catalog"))


def list_streams(catalog: object) -> list[dict[str, Any]]:
    streams = catalog.get("streams") if isinstance(catalog, dict) else None
    if not isinstance(streams, list) or not all(map(_is_stream, streams)):
        raise config_error(
            "The configured catalog is not valid: it holds no list of streams, each with a name, a "
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
        raise config_error(f"The {what} {path} is not JSON.") from None


def open_input() -> Iterable[bytes]:
    """Standard input. Not by `sys.stdin`, whose lock a thread that waits for a line holds forever:
    Python dies of that at the end of a run that failed."""
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except (OSError, ValueError):
        return sys.stdin.buffer


def print_message(message: Message) -> None:
    """Prints a message at once: the platform waits for a STATE."""
    if isinstance(message, AirbyteMessage):
        message = AirbyteMessageSerializer.dump(message)
    # Zoho's errors may quote secrets. A finished line is a STATE, which goes out as it came.
    line = message if isinstance(message, str) else filter_secrets(orjson.dumps(message).decode())
    # One write: log lines of other threads come in between.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
