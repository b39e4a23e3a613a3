"""What earlier runs did, so that the next one finds the org that zoho.duckdb knows.

The emulator makes its org anew from its seed at every start. The journal holds each call that
changed it since; made again in the same order, they lead to the same rows with the same ids, for
ids follow from the rows and every time is written into the call.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.emulator import Emulator


@dataclass(slots=True)
class Journal:
    path: Path
    #: Whose rows zoho.duckdb holds; "": nobody's yet.
    rows_of: str = ""
    #: Method, path and body of each call that changed the org or its clock.
    calls: list[tuple[str, str, object]] = field(default_factory=list)
    #: How many runs have changed the org, this one among them.
    runs: int = 0
    #: The latest time that the emulator's clock is known to have shown.
    seen: int = 0

    @classmethod
    def load(cls, path: Path) -> "Journal":
        """The journal as it was saved last; an empty one if there is none that can be read."""
        try:
            saved = json.loads(path.read_text())
            calls = [(method, call, body) for method, call, body in saved["calls"]]
            rows_of, runs, seen = str(saved["rows_of"]), int(saved["runs"]), int(saved["seen"])
            return cls(path, rows_of, calls, runs, seen)
        except (OSError, ValueError, KeyError, TypeError):
            return cls(path)

    def begin(self, rows_of: str) -> None:
        """A new journal of the rows of an org."""
        self.rows_of, self.calls, self.runs, self.seen = rows_of, [], 0, 0
        self.save()

    def save(self) -> None:
        """Whole or not at all, even if the machine stops here."""
        fresh = self.path.with_suffix(".new")
        saved = {
            "rows_of": self.rows_of,
            "runs": self.runs,
            "seen": self.seen,
            "calls": self.calls,
        }
        fresh.write_text(json.dumps(saved))
        fresh.replace(self.path)

    def do(self, emulator: Emulator, method: str, path: str, body: object) -> Any:
        """Notes the call, then makes it: what is cut off in between, the next run makes."""
        self.calls.append((method, path, body))
        self.note_time(emulator)
        return emulator.control(method, path, body)

    def note(self, emulator: Emulator, calls: Iterable[tuple[str, str, object]]) -> None:
        """Notes calls that stand for what others have done."""
        self.calls.extend(calls)
        self.note_time(emulator)

    def note_time(self, emulator: Emulator) -> None:
        self.seen = max(self.seen, emulator.now())
        self.save()

    def replay(self, emulator: Emulator) -> None:
        """Makes the calls again, and sees to it that the clock has not gone back."""
        for method, path, body in self.calls:
            emulator.control(method, path, body)
        # Not so if the machine's own clock was set back: the source would find nothing new.
        if (behind := self.seen - emulator.now()) > 0:
            self.do(emulator, "POST", "clock", {"advance_s": behind})
