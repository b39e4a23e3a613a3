"""The reads of one connection, one after the other, and what each of them leaves wanting."""

from collections.abc import Callable
from typing import Any

from chaos.discovery import Found
from chaos.org import MARGIN_S, Org
from chaos.outcome import Outcome
from chaos.process import Connector, Json, Run
from chaos.warehouse import Losses, Warehouse

#: Reads after the fault until one ends well.
_MOST_RECOVERIES = 4


class Story:
    def __init__(
        self, org: Org, config: Json, catalog: Json, outcome: Outcome[Losses], found: Found
    ) -> None:
        self.org = org
        self.config = config
        self.outcome = outcome
        self.found = found
        self.begin(catalog)
        self.connector = Connector("source-zoho-crm", outcome.folder)
        #: Columns that cannot be compared, and streams that are no more.
        self.leave: frozenset[str] = frozenset()
        self.gone: frozenset[str] = frozenset()
        #: Whether a state must be true as soon as it is printed.
        self.held_to_states = True

    def begin(self, catalog: Json) -> None:
        """With an empty warehouse."""
        self.catalog = catalog
        self.warehouse = Warehouse(catalog)

    def read(self, name: str, *, kill: Callable[[float, int], bool] | None = None) -> Run:
        """One read with the last states; what it says is judged and kept."""
        outcome, warehouse = self.outcome, self.warehouse
        files: dict[str, Any] = {"config": self.config, "catalog": self.catalog}
        if warehouse.states:
            files["state"] = list(warehouse.states.values())
        outcome.runs += 1
        run = self.connector.run(f"{outcome.runs:02}-{name}", "read", files=files, kill=kill)
        before = {stream: warehouse.upto(stream) for stream in warehouse.tables}
        outcome.hung += run.hung
        outcome.leaked += run.count_leaks(
            [self.config["client_secret"], self.config["refresh_token"]]
        )
        outcome.wrong += [f"{name}: {what}" for what in (*run.find_unclear(), *warehouse.take(run))]
        outcome.repeated = warehouse.repeated
        if self.held_to_states:
            self._compare_with_states(before)
        return run

    def _compare_with_states(self, before: dict[str, str | None]) -> None:
        """A state says that all was read up to it: never untrue, however a read ends."""
        for name, table in self.warehouse.tables.items():
            upto = self.warehouse.upto(name)
            moved = upto is not None and upto != before[name]
            if table.incremental and moved and name not in self.gone:
                truth = self.org.truth(name)
                self.outcome.losses.add(table.losses(truth, upto=upto, leave=self.leave))

    def incremental(self) -> set[str]:
        return {name for name, table in self.warehouse.tables.items() if table.incremental}

    def missing(self) -> Losses:
        """What is not as in Zoho now."""
        found = Losses()
        for name, table in self.warehouse.tables.items():
            if name not in self.gone:
                found.add(table.losses(self.org.truth(name), leave=self.leave))
        return found

    def recover(self) -> None:
        """Reads until one ends well, while people go on working; then all must be there."""
        for attempt in range(_MOST_RECOVERIES):
            self.org.work(0.02)
            self.org.advance(MARGIN_S)
            run = self.read(f"after-{attempt + 1}")
            if run.exit_code == 0:
                self.outcome.losses.add(self.missing())
                return
        self.outcome.wrong.append(
            f"no read ends well without the fault: {'; '.join(run.errors)[:500]}"
        )

    def deselect(self, streams: frozenset[str]) -> None:
        self.gone = streams
        left = [one for one in self.catalog["streams"] if one["stream"]["name"] not in streams]
        self.catalog = {"streams": left}
