"""What the user sees: sentences, one line of progress, tables."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from textwrap import fill
from time import monotonic
from types import TracebackType

_CLEAR = "\r\x1b[K"
#: Seconds between two looks at the progress: on a terminal, where the line is drawn over, and in a
#: file, where each is a line more.
_TERMINAL_S = 0.5
_FILE_S = 5.0
_WIDTH = 100


class Screen:
    """Standard output as it was at the start, wherever it is sent later."""

    def __enter__(self) -> "Screen":
        # A terminal's encoding may lack what a CRM holds; a question mark is better than an end.
        self._out = os.fdopen(os.dup(1), "w", errors="replace")
        self._terminal = self._out.isatty()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(BrokenPipeError):
            self._out.close()

    def say(self, text: str = "") -> None:
        """A paragraph; lines after its first are set in under it."""
        indent = " " * (2 + len(text) - len(text.lstrip()))
        self._write(fill(text, _WIDTH, subsequent_indent=indent, break_on_hyphens=False))

    def _write(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()

    @contextmanager
    def working(self, describe: Callable[[], str]) -> Iterator[None]:
        """Shows what `describe` returns and the seconds while the block runs, and once after."""
        start = monotonic()
        done = threading.Event()

        def line() -> str:
            return f"{describe()}, {monotonic() - start:.0f} s"

        def watch() -> None:
            while not done.wait(_TERMINAL_S if self._terminal else _FILE_S):
                if self._terminal:
                    self._out.write(_CLEAR + line())
                    self._out.flush()
                else:
                    self._write(line())

        watcher = threading.Thread(target=watch, name="progress", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            self._write((_CLEAR if self._terminal else "") + line())

    def table(self, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """The first column to the left, numbers to the right; None is a dash."""
        cells = [list(head), *([_cell(value) for value in row] for row in rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        self.say()
        for row in cells:
            first, *rest = (
                cell.ljust(width) if number == 0 else cell.rjust(width)
                for number, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            self._write("  " + "   ".join([first, *rest]))
        self.say()


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value)
