"""python -m zoho_emulator: serves until SIGINT or SIGTERM."""

import argparse
import logging
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import orjson

from zoho_emulator.knobs import Knobs
from zoho_emulator.limits import EDITIONS
from zoho_emulator.server import HOST, Server, Settings, create_emulator, find_address, listen


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m zoho_emulator", description=__doc__)
    parser.add_argument(
        "--port", type=_parse_port, default=8765, help="default 8765; 0 picks a free one"
    )
    parser.add_argument("--host", default=HOST, help="default %(default)s")
    parser.add_argument(
        "--seed", type=int, default=1, help="default 1; the same seed gives the same org"
    )
    parser.add_argument("--rows", action="append", default=[], metavar="N | Module=N")
    parser.add_argument("--fields", action="append", default=[], metavar="Module=N")
    parser.add_argument("--modules", type=_parse_number, help="at least so many")
    parser.add_argument("--latency-ms", type=float, default=0, help="of every call")
    parser.add_argument(
        "--edition", choices=sorted(EDITIONS), default="Enterprise", help="default %(default)s"
    )
    parser.add_argument(
        "--knob",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a list has commas: NAME=A,B",
    )
    options = parser.parse_args(argv)

    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s"
    )
    knobs = Knobs()
    try:
        knobs.set({"latency_ms": options.latency_ms})
        for assignment in options.knob:
            knobs.set_text(assignment)
        settings = Settings(
            seed=options.seed,
            rows=next(
                (_parse_number(text) for text in options.rows[::-1] if "=" not in text), None
            ),
            rows_by_module=_parse_by_module(text for text in options.rows if "=" in text),
            fields_by_module=_parse_by_module(options.fields),
            modules=options.modules,
            edition=options.edition,
        )
    except (ValueError, argparse.ArgumentTypeError) as error:
        parser.error(str(error))

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        listener = listen(options.port, options.host)
    except OSError as error:
        parser.error(f"port {options.port}: {error.strerror}. Choose another by --port.")
    with TemporaryDirectory(prefix="zoho_emulator_") as folder:
        try:
            emulator = create_emulator(Path(folder), settings, knobs)
        except ValueError as error:  # a module that is not there
            listener.close()
            parser.error(str(error))

        def announce() -> None:
            credentials = emulator.credentials
            line = orjson.dumps(
                {
                    "base_url": find_address(listener),
                    "client_id": credentials.client_id,
                    "client_secret": credentials.client_secret,
                    "refresh_token": credentials.refresh_token,
                }
            )
            print(line.decode(), flush=True)

        try:
            Server(emulator, announce).run(sockets=[listener])
        finally:
            emulator.close()


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def _parse_by_module(assignments: Iterable[str]) -> dict[str, int]:
    numbers = {}
    for text in assignments:
        name, equals, number = text.partition("=")
        if not equals:
            raise ValueError(f"{text!r} is not Module=N")
        numbers[name] = _parse_number(number)
    return numbers


def _parse_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


def _parse_port(text: str) -> int:
    if _parse_number(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: the highest is 65535")
    return int(text)


if __name__ == "__main__":
    main()
