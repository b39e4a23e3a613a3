"""One read of a module: its tombstones, its rows, and the windows that move its state."""

import logging

from airbyte_cdk.models import FailureType

from source_zoho_crm.readers.chosen_reader import ChosenReader
from source_zoho_crm.readers.emission import Emission
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.steps import Task
from source_zoho_crm.readers.tombstones import read_tombstones
from source_zoho_crm.readers.windows import CURSOR_FIELD, Window
from zoho_crm.errors import NOT_SERVED, PERMISSION_LACKING
from zoho_crm.problems import Refused, transient_error

LOGGER = logging.getLogger("airbyte")


class ModuleRead:
    """Reads what a plan says. `emission` gets all that its tasks yield, and says what goes on."""

    def __init__(self, plan: ReadPlan) -> None:
        self._plan = plan
        self.span = plan.span
        self.emission = Emission(plan.span, plan.settled)
        self.reader = ChosenReader(plan, self.emission)

    def read(self) -> Task[None]:
        """Tombstones, then rows and windows: a state must not pass deletions that are not
        emitted yet."""
        self.emission.of_deletions = True
        yield from self._read_tombstones()
        self.emission.of_deletions = False
        yield from self.reader.read()
        without_windows = self.reader.by_time or self.emission.is_too_late
        if self.emission.held or (without_windows and not self.emission.rows):
            yield from self._read_unstamped()
            if not self.emission.rows:
                yield from self.emission.release()

    def _read_tombstones(self) -> Task[None]:
        plan = self._plan
        if plan.deleted_since is None:
            return
        try:
            yield from read_tombstones(plan.name, plan.deleted_since, plan.end)
        except Refused as refusal:
            # A module that is read whole is read even if its deletions are not listed.
            passing = refusal.failure_type == FailureType.transient_error
            whole = not (plan.module.lists_deletions or passing)
            unlisted = refusal.code in NOT_SERVED | PERMISSION_LACKING
            if self.emission.deletions or not (whole or unlisted):
                raise
            LOGGER.warning(
                f"{plan.name}: Zoho does not list the deleted records of this module "
                f"({refusal.code}); they stay in the warehouse."
            )

    def _read_unstamped(self) -> Task[None]:
        """The records of a module that lists Modified_Time and has none in its records.

        No window finds them. No state is emitted then, so that the next sync reads them again.
        UNVERIFIED: that Zoho fills it for all records of a module, or for none. Raises a transient
        error where there is a record of the span that had none: that answer was wrong.
        """
        plan = self._plan
        empty = Window(plan.span.since if plan.span else plan.start, self.reader.end)
        rows = yield from self.reader.sample(empty)
        stamped = [row[CURSOR_FIELD] for row in rows if row.get(CURSOR_FIELD)]
        if any(map(empty.holds, stamped)):
            raise transient_error(
                f"{plan.name}: Zoho answered that there are no records, and listed some right "
                "after. The next sync reads them."
            )
        # Where it is filled, nothing is missed: records are older than the start, or of the last
        # minute.
        if rows and not stamped:
            LOGGER.warning(
                f"{plan.name}: Zoho lists Modified_Time among its fields and does not fill it, "
                "so this module is read whole each time."
            )
            yield from self.reader.read_unwindowed()
