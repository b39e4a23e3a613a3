"""python -m demo: a Zoho CRM into demo/zoho.duckdb, what moved there, and rows back again."""

import argparse
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

from demo import DemoError
from demo.screen import Screen
from demo.workplace import workplace


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--config", type=Path, help="the source's config: a real org is read")
    parser.add_argument(
        "--data", type=Path, default=Path(__file__).parent, help="the folder of zoho.duckdb"
    )
    options = parser.parse_args()
    signals: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        # Once is enough: what is running is being ended in good order.
        for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(other, signal.SIG_IGN)
        signals.append(number)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # What is ignored from the start stays so: nohup, a job in the background.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        return _tell(options.config, options.data)
    except BrokenPipeError:
        return 1  # the reader of the output has seen enough
    except (Exception, KeyboardInterrupt) as error:
        # What breaks when a signal comes, breaks in the words of DuckDB or PyAirbyte.
        if signals:
            print("Stopped. The next `make demo` goes on from here.", file=sys.stderr)
            return 128 + signals[0]
        if isinstance(error, DemoError):
            print(error, file=sys.stderr)
            return 1
        raise


def _tell(config: Path | None, data: Path) -> int:
    _need_pyairbyte()
    with workplace(data) as place, Screen() as screen:
        # Late: these import what only the lock of the demo brings.
        from demo.stories import emulated_org, real_org

        if config is None:
            return emulated_org(place, screen)
        return real_org(config, place, screen)


def _need_pyairbyte() -> None:
    if sys.version_info >= (3, 13):
        version = ".".join(map(str, sys.version_info[:2]))
        raise DemoError(
            f"The demo needs Python 3.11 or 3.12, because PyAirbyte stops there; this is {version}."
        )
    if find_spec("airbyte") is None:
        raise DemoError("PyAirbyte is missing here. `make install` puts it into .venv.")


if __name__ == "__main__":
    sys.exit(main())
