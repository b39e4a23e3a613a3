"""The syncs of one connection, one after the other, and what each of them leaves wanting."""

import re
from collections.abc import Sequence

from chaos.destination.judging import Amiss, Judge, check_sums
from chaos.destination.platform import Platform
from chaos.destination.traffic import Item, Row, Traffic
from chaos.org import Org
from chaos.outcome import Outcome
from chaos.process import Connector, Json, Moment, Run

#: Syncs after the fault until one ends well.
_MOST_RECOVERIES = 4
#: No fault makes a write wait this long, though it asks two minutes for a result that is missing;
#: what does is hung.
_PATIENCE_S = 300
#: Ids of Zoho's.
_ID = re.compile(rb"(?<!\d)\d{15,19}(?!\d)")


class Story:
    def __init__(
        self,
        org: Org,
        config: Json,
        parts: Sequence[Traffic],
        items: Sequence[Item],
        outcome: Outcome[Amiss],
    ) -> None:
        self.org = org
        self.outcome = outcome
        self.platform = Platform(items)
        rows = [item for item in items if isinstance(item, Row)]
        self.judges = [
            Judge(part, [row for row in rows if row.stream == part.name], outcome.losses)
            for part in parts
        ]
        #: Whether all counts of new records must be exact.
        self.sure = all(item.stream for item in items)
        self._config = config
        self.parts = parts
        self._catalog = {"streams": [part.operation.stream(part.name) for part in parts]}
        self._connector = Connector("destination-zoho-crm", outcome.folder)

    def write(self, name: str, *, kill: Moment | None = None, stop: Moment | None = None) -> Run:
        """One sync behind the last states; what it says is judged at once."""
        outcome = self.outcome
        outcome.runs += 1
        name = f"{outcome.runs:02}-{name}"
        kept = outcome.folder / f"{name}.rejected"
        config = self._config | {
            "object_storage_config": {"storage_type": "Local", "folder": str(kept)}
        }
        fed = outcome.folder / f"{name}.in.jsonl"
        items = self.platform.feed(fed)
        run = self._connector.run(
            name, "write", files={"config": config, "catalog": self._catalog}, fed=fed,
            kill=kill, stop=stop, patience_s=_PATIENCE_S,
        )  # fmt: skip
        round_ = self.platform.take(items, run, kept)
        outcome.hung += run.hung
        outcome.leaked += self._count_leaks(run)
        outcome.wrong += [f"{name}: {what}" for what in (*run.find_unclear(), *round_.odd)]
        found = [check_sums(returned, round_) for returned in round_.states]
        outcome.losses.sums += [f"{name}: {what}" for what in found if what]
        for judge in self.judges:
            judge.receive(round_, run)
        self.sure &= not run.killed and not run.exit_code
        return run

    def recover(self) -> None:
        """Syncs until one ends well; then all must be there."""
        for attempt in range(_MOST_RECOVERIES):
            if not self.platform.due():
                break
            run = self.write(f"after-{attempt + 1}")
            if run.exit_code == 0:
                break
        else:
            self.outcome.wrong.append(
                f"no sync ends well without the fault: {'; '.join(run.errors)[:500]}"
            )
        for judge in self.judges:
            judge.close(sure=self.sure)
            self.outcome.repeated += judge.repeated
            self.outcome.wrong += dict.fromkeys(judge.wrong)

    def _count_leaks(self, run: Run) -> int:
        """How often a secret, or a value or id of a row, is in what was printed beside states."""
        lines = run.out.read_bytes().split(b"\n")
        said = b"\n".join(line for line in lines if b'"STATE"' not in line) + run.err.read_bytes()
        ids = {key.encode() for part in self.parts for key in part.known}
        return (
            run.count_leaks([self._config["client_secret"], self._config["refresh_token"]])
            + sum(said.count(part.token.encode()) for part in self.parts)
            + sum(found in ids for found in _ID.findall(said))
        )
