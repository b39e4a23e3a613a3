"""What an SDK did, held against what it should do, as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clients.environments import Sdk
from clients.known import REFUSED, Fault
from clients.org import Module

METADATA = ("module", "fields", "layouts", "related_lists", "custom_views")
COLUMNS = (
    "metadata",
    "read",
    "read_one",
    "coql",
    "insert",
    "update",
    "upsert",
    "delete",
    "deleted",
)
SETTINGS = (
    "modules",
    "org",
    "users",
    "roles",
    "profiles",
    "territories",
    "currencies",
    "contact_roles",
    "tags",
    "pipelines",
)
#: Rows that a query asks for.
QUERY_ROWS = 200
#: Bulk read is done once, with this module.
BULK = ("Leads", "bulk_read")
#: So is bulk write, by the SDKs for Python.
BULK_WRITE = ("Leads", "bulk_write")


@dataclass(frozen=True, slots=True)
class Outcome:
    module: str
    step: str
    #: Rows, or fields written; None: there was nothing to do it with.
    rows: int | None = None
    error: str | None = None


class Report:
    def __init__(
        self,
        sdk: Sdk,
        modules: Mapping[str, Module],
        outcomes: Sequence[Outcome],
        faults: Sequence[Fault],
    ) -> None:
        self.sdk = sdk
        self.modules = modules
        self._faults = faults
        # The SDK of v2 has no call for pipelines.
        self._settings = SETTINGS[:-1] if sdk.version == "v2" else SETTINGS
        self._bulk = [BULK, BULK_WRITE] if not sdk.is_node else [BULK]
        self._found = {(one.module, one.step): one for one in outcomes}
        #: Marks of the faults that each module met.
        self._marks: dict[str, set[str]] = {}
        self._cured: set[str] = set()
        for one in outcomes:
            if fault := self._fault(one):
                self._marks.setdefault(one.module, set()).add(fault.mark)

    def curable(self) -> list[Fault]:
        """Faults that were met and whose cause can be taken away."""
        met = set().union(*self._marks.values())
        return [f for f in self._faults if f.mark in met and (f.without or f.left_out)]

    def again(self, outcomes: Sequence[Outcome], cured: Sequence[Fault]) -> None:
        """Takes over modules that met a fault, as they are without its cause."""
        self._cured = marks = {fault.mark for fault in cured}
        # Attachments hang on records of the others.
        met = {"Attachments", *(name for name, own in self._marks.items() if own & marks)}
        for one in outcomes:
            if one.module in met and one.step not in METADATA:
                self._found[one.module, one.step] = one
                if fault := self._fault(one):
                    self._marks.setdefault(one.module, set()).add(fault.mark)

    @property
    def failures(self) -> list[str]:
        failures = [
            f"{module or 'settings'}, {step}: {why}"
            for module, step in self._steps()
            if (why := self._failure(module, step))
        ]
        seen = set().union(*self._marks.values())
        return failures + [
            f"the fault {fault.mark} does not show any more: take it out of known.py"
            for fault in self._faults
            if fault.mark not in seen
        ]

    def text(self) -> str:
        wide = max(map(len, self.modules))
        cells = [[name, *self._row(name)] for name in self.modules]
        widths = [wide, *(max(len(column), 7) for column in COLUMNS), 1]
        settings = [f"{step} {self._cell('', step)}" for step in self._settings]
        table = [["module", *COLUMNS, ""], *cells]
        padded = [[c.ljust(w) for c, w in zip(row, widths, strict=True)] for row in table]
        lines = [
            f"{self.sdk.name}: {self.sdk.pin}, API {self.sdk.version}",
            ", ".join([*settings, *map(self._name_bulk, self._bulk)]),
            *("  ".join(row).rstrip() for row in padded),
            *(f"  {fault.mark}: {fault.reason}" for fault in self._faults),
            *(f"  FAIL {failure}" for failure in self.failures),
        ]
        return "\n".join([*lines, ""])

    def _name_bulk(self, step: tuple[str, str]) -> str:
        return f"{step[1].replace('_', ' ')} of {step[0]} {self._cell(*step)}"

    def _steps(self) -> list[tuple[str, str]]:
        of_modules = [(name, step) for name, one in self.modules.items() for step in one.steps]
        return [*(("", step) for step in self._settings), *of_modules, *self._bulk]

    def _row(self, name: str) -> list[str]:
        metadata = [self._cell(name, step) for step in METADATA]
        odd = [cell for cell in metadata if not cell.isdigit()]
        rest = [self._cell(name, step) for step in COLUMNS[1:]]
        marks = " ".join(sorted(self._marks.get(name, ())))
        return [odd[0] if odd else "ok", *rest, marks]

    def _cell(self, module: str, step: str) -> str:
        if module and step not in (*self.modules[module].steps, BULK[1], BULK_WRITE[1]):
            return "-"
        if self._failure(module, step):
            return "FAIL"
        one = self._found[module, step]
        if fault := self._fault(one):
            return fault.mark
        if one.error:
            return "refused"
        return "." if one.rows is None else str(one.rows)

    def _fault(self, one: Outcome) -> Fault | None:
        found = (fault for fault in self._faults if one.error and fault.says in one.error)
        return next(found, None)

    def _failure(self, module: str, step: str) -> str | None:
        one = self._found.get((module, step))
        if one is None:
            return "was not done"
        if fault := self._fault(one):
            return f"shows {fault.mark} without its cause" if fault.mark in self._cured else None
        code = REFUSED.get((module, step))
        if one.error:
            understood = one.error.startswith(f"RefusedError: {code} ")
            return None if code and understood else one.error
        known = self.modules.get(module)
        if one.rows is None:
            before = [self._found.get((module, one)) for one in known.steps] if known else []
            excused = known and (not known.rows or any(one and one.error for one in before))
            return None if excused else "there was nothing to do it with"
        if code:
            return f"is not refused with {code} any more"
        if known and step in ("read", "read_one", "fields"):
            there = len(known.fields) if step == "fields" else known.rows
            unread = step == "read_one" and self._failure(module, "read")
            return None if one.rows == there or unread else f"{one.rows} of {there} rows"
        if known and step == "coql" and one.rows < min(known.rows, QUERY_ROWS):
            return f"{one.rows} of {known.rows} rows"
        return None if one.rows or known else "no rows"
