"""An org of the emulator's, the people who work in it, and the hours that pass."""

import random
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from zoho_emulator.server import Running, Settings

#: Modules whose rows people edit, with a text field of each.
EDITED = {"Leads": "Last_Name", "Vehicles": "Name", "Quotes": "Subject", "Contracts": "Name"}
#: A field of Leads that is in another column group than its name: a row that is torn shows it.
_FAR = "Summary"
#: Modules that are read: many columns and converted rows; rich text; line items; subforms; links.
MODULES = ("Leads", "Vehicles", "Quotes", "Quoted_Items", "Service_History", "LeadsXProducts")
#: A harness starts more processes than Zoho grants tokens to.
KNOBS: Mapping[str, object] = {"tokens_per_10_min": 0}
#: More than the minute that a source leaves to the next read.
MARGIN_S = 120
#: Rows of one control call.
_AT_ONCE = 500
_LOOK_S = 0.03


def settings(seed: int, rows: Mapping[str, int] | None = None) -> Settings:
    """An org of this seed; its rows by module, if they are not the usual some thousand."""
    few = random.Random(f"rows {seed}")
    usual = {"Leads": few.randint(700, 1_100), "Vehicles": few.randint(230, 330), "Quotes": 60}
    return Settings(seed=seed, rows=12, rows_by_module=rows or usual)


class Org:
    """What the harness does behind Zoho's back."""

    def __init__(self, server: Running, rng: random.Random) -> None:
        self.server = server
        self.rng = rng
        self._edits = 0
        self._recycled: list[tuple[str, str]] = []
        self._ids: dict[str, list[str]] = {}

    def control(self, method: str, path: str, body: object = None) -> Any:
        return self.server.control(method, path, body)

    def truth(self, module: str) -> list[dict[str, Any]]:
        return list(self.control("GET", f"records/{module}"))

    def ids(self, module: str) -> list[str]:
        """Of the live rows; asked for once of modules whose rows only we add and delete."""
        if module not in EDITED:
            return [row["id"] for row in self.truth(module)]
        if module not in self._ids:
            self._ids[module] = [row["id"] for row in self.truth(module)]
        return self._ids[module]

    def knobs(self, **values: object) -> None:
        self.control("POST", "knobs", values)

    def advance(self, seconds: float) -> None:
        self.control("POST", "clock", {"advance_s": seconds})

    def calls(self, name: str) -> int:
        return int(self.control("GET", "usage")["calls"].get(name, 0))

    def tokens(self) -> int:
        return int(self.control("GET", "usage")["tokens_issued"])

    # --- People

    def edit(self, module: str, ids: Sequence[str]) -> None:
        """Edits these rows at one moment, each part of a row alike."""
        self._edits += 1
        value = f"edit {self._edits} {self.rng.randrange(10**6)}"
        names = [EDITED[module], *([_FAR] if module == "Leads" else [])]
        for begin in range(0, len(ids), _AT_ONCE):
            rows = [{"id": i, **dict.fromkeys(names, value)} for i in ids[begin : begin + _AT_ONCE]]
            self.control("PATCH", f"records/{module}", rows)

    def edit_some(self, module: str, number: int) -> None:
        self.edit(module, self._some(module, number))

    def add(self, module: str, number: int) -> None:
        rows = [{EDITED[module]: f"new {self.rng.randrange(10**6)}"} for _ in range(number)]
        known = self.ids(module)
        known += self.control("POST", f"records/{module}", rows)["ids"]

    def delete(self, module: str, number: int, *, kind: str = "recycle") -> None:
        self.delete_these(module, self._some(module, number), kind=kind)

    def delete_these(self, module: str, ids: Sequence[str], *, kind: str = "recycle") -> None:
        if not ids:
            return
        self.control("DELETE", f"records/{module}?type={kind}&ids={','.join(ids)}")
        self._ids[module] = [one for one in self.ids(module) if one not in ids]
        if kind == "recycle":
            self._recycled += [(module, one) for one in ids]

    def restore(self, number: int) -> None:
        for _ in range(min(number, len(self._recycled))):
            at = self.rng.randrange(len(self._recycled))
            module, one = self._recycled.pop(at)
            self.control("POST", f"restore/{module}?ids={one}")
            self.ids(module).append(one)

    def work(self, share: float = 0.05, modules: Iterable[str] = ("Leads", "Vehicles")) -> None:
        """A while of changes of each kind, over several seconds of the clock."""
        for module in modules:
            for _ in range(3):
                ids = self.ids(module)
                self.edit(module, self.rng.sample(ids, max(1, int(len(ids) * share / 3))))
                self.advance(2)
            self.add(module, 4)
            self.delete(module, 3)
            self.delete(module, 1, kind="permanent")
        self.advance(1)
        self.restore(2)
        for child in ("Quoted_Items", "LeadsXProducts"):
            self.remove_children(child, 2)

    def remove_children(self, module: str, number: int) -> None:
        if ids := self._some(module, number):
            self.control("DELETE", f"records/{module}?ids={','.join(ids)}")

    def _some(self, module: str, number: int) -> list[str]:
        ids = self.ids(module)
        return self.rng.sample(ids, min(number, len(ids)))


class Moment:
    """Does something in the middle of a read, while a planned delay holds one of its calls.

    The delay is the emulator's fault number `place`.
    """

    def __init__(self, org: Org, place: int, act: Callable[[], object]) -> None:
        self._org, self._place, self._act = org, place, act
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="moment", daemon=True)
        self.error: Exception | None = None
        self.came = False

    def __enter__(self) -> "Moment":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            while not self._over.wait(_LOOK_S):
                if self._org.control("GET", "faults")[self._place]["hits"]:
                    self._act()
                    self.came = True
                    return
        except Exception as error:
            self.error = error
