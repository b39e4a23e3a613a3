"""zoho.duckdb, filled by PyAirbyte. Importing this loads PyAirbyte, which takes seconds."""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import airbyte as ab
from airbyte._executors.local import PathExecutor
from airbyte._message_iterators import AirbyteMessageIterator
from airbyte.exceptions import PyAirbyteError
from sqlalchemy.exc import OperationalError

from demo import DemoError
from demo.tables import Cache
from demo.workplace import Workplace, quiet

_T = TypeVar("_T")

_NAME = "source-zoho-crm"
_EXECUTABLE = Path(sys.executable).with_name(_NAME)
_RECORD = re.compile(r'\{"type":"RECORD","record":\{"stream":"([^"\\]+)"')


class Listening(PathExecutor):
    """The connector's process; hears each line that PyAirbyte takes from it.

    PyAirbyte reports neither how far it is nor, when the connector fails, the connector's reason.
    """

    def __init__(self) -> None:
        super().__init__(_NAME, path=_EXECUTABLE)
        self.rows: Counter[str] = Counter()
        #: What the connector said of its failure: the first time, which later ones only sum up.
        self.complaint: str | None = None
        #: The connector's last line on what a read has cost.
        self.cost: str | None = None
        #: The last command has printed all it had to say.
        self.has_ended = False
        self._running: list[Iterator[str]] = []

    def execute(
        self,
        args: list[str],
        *,
        stdin: IO[str] | AirbyteMessageIterator | None = None,
        suppress_stderr: bool = False,
    ) -> Iterator[str]:
        lines = super().execute(args, stdin=stdin, suppress_stderr=suppress_stderr)
        self._running.append(lines)
        self.has_ended = False
        for line in lines:
            self._hear(line)
            yield line
        self.has_ended = True

    def end(self) -> None:
        """Ends what PyAirbyte left running."""
        for lines in self._running:
            # The exit code of a terminated process is of no interest.
            with suppress(Exception):
                lines.close()  # type: ignore[attr-defined]  # generators, all of them
        self._running.clear()

    def _hear(self, line: str) -> None:
        if record := _RECORD.match(line):
            self.rows[record[1]] += 1
            return
        try:
            message = json.loads(line)
            if message["type"] == "RECORD":
                self.rows[message["record"]["stream"]] += 1
            elif message["type"] == "TRACE" and message["trace"]["type"] == "ERROR":
                self.complaint = self.complaint or _sentence(message["trace"]["error"])
            elif message["type"] == "LOG" and message["log"]["message"].startswith("Cost: "):
                self.cost = message["log"]["message"]
        except (ValueError, KeyError, TypeError):
            return  # some library's print


def _sentence(error: Mapping[str, Any]) -> str:
    """What the connector says, and the reason where it says nothing but the CDK's stock phrase."""
    said, reason = str(error["message"]), str(error.get("internal_message") or "")
    if not said.startswith("Something went wrong in the connector") or not reason:
        return said
    return f"{said} ({reason.splitlines()[0]})"


class Warehouse:
    """The source with a config, and the DuckDB file that it is read into."""

    def __init__(self, config: Mapping[str, Any], place: Workplace) -> None:
        self._place = place
        with quiet(place.log):
            self._source = ab.get_source(
                _NAME, config=dict(config), local_executable=_EXECUTABLE, install_if_missing=False
            )
        self._connector = Listening()
        self._source.executor = self._connector
        self._cache: Cache | None = None
        self._syncing = False

    @property
    def cost(self) -> str | None:
        """What the connector says that its last read has cost, in all."""
        return self._connector.cost

    def org(self) -> str:
        """The id of the org that the config opens."""

        def read() -> str:
            # Named: PyAirbyte cancels the read when nobody holds the records any more.
            records = self._source.get_records("org")
            return str(next(iter(records))["id"])

        return self._asked(read)

    def progress(self) -> str:
        """How far a sync is."""
        rows = self._connector.rows.total()
        if not rows and self._syncing:
            return "asking Zoho what there is"
        stored = ", which DuckDB takes in" if self._syncing and self._connector.has_ended else ""
        return f"{rows:,} rows read{stored}"

    def sync(self) -> Mapping[str, int]:
        """Reads what is new in every stream; returns how many rows each one gave."""
        self._connector.rows.clear()
        self._syncing = True
        try:
            self._asked(self._read)
        finally:
            self._syncing = False
        return {name: self._connector.rows[name] for name in self.streams()}

    def streams(self) -> list[str]:
        return sorted(self._source.get_selected_streams())

    def count(self, stream: str) -> int:
        rows = self._select(f"select count(*) as number from {self._live(stream)}")
        return int(rows[0]["number"])

    def stamps(self, stream: str) -> list[tuple[str, datetime | None]]:
        """Id and Modified_Time of every row; no time where the module has none."""
        columns = "columns(name -> name in ('id', 'modified_time'))"
        rows = self._select(f"select {columns} from {self._live(stream)}")
        return [(row["id"], row.get("modified_time")) for row in rows]

    def row(self, stream: str, row_id: str) -> dict[str, Any]:
        """A row by the lower-cased names of its columns; empty if it is not there."""
        assert row_id.isdigit()
        rows = self._select(f"select * from {self._live(stream)} where id = '{row_id}'")
        return rows[0] if rows else {}

    def make_table(self, name: str, select: str) -> list[dict[str, Any]]:
        """Makes a table of what the query selects, in place of one that is there; its rows."""
        cache = self._opened()
        with quiet(self._place.log):
            cache.execute_sql(f"create or replace table {name} as {select}")
        return self._select(f"select * from {name}")

    def _live(self, stream: str) -> str:
        """The stream's rows without tombstones, which PyAirbyte keeps as rows."""
        table = self._table(stream)
        columns = self._select(f"select column_name from (describe {table})")
        if "_ab_cdc_deleted_at" not in {row["column_name"] for row in columns}:
            return table
        return f"(select * from {table} where _ab_cdc_deleted_at is null)"

    def refusal(self, module: str) -> str | None:
        """Why the module is no stream, as the source's stream `modules` has it."""
        rows = self._select(f"select api_name, not_offered_because from {self._table('modules')}")
        return next((r["not_offered_because"] for r in rows if r["api_name"] == module), None)

    def close(self) -> None:
        self._connector.end()
        if self._cache is not None:
            self._cache.close()

    def _read(self) -> None:
        self._source.select_all_streams()
        self._source.read(
            self._opened(),
            # The connector fills in what a config leaves out, and says in a sentence what is wrong
            # with it; PyAirbyte's own check of it does neither.
            skip_validation=True,
        )

    def _opened(self) -> Cache:
        if self._cache is None:
            self._cache = Cache(db_path=self._place.database, cache_dir=self._place.scratch)
        return self._cache

    def _table(self, stream: str) -> str:
        return f'"{self._opened().processor.get_sql_table_name(stream)}"'

    def _select(self, sql: str) -> list[dict[str, Any]]:
        return self._opened().run_sql_query(sql)

    def _asked(self, work: Callable[[], _T]) -> _T:
        """What PyAirbyte answers; its failures in one sentence."""
        self._connector.complaint = None
        try:
            with quiet(self._place.log):
                return work()
        except OperationalError as error:
            # DuckDB lets one process at a time open a file.
            if "lock" in str(error):
                raise DemoError(
                    f"Another program has {self._place.database} open. Close it and try again."
                ) from error
            raise
        except PyAirbyteError as error:
            sentence = self._connector.complaint or f"PyAirbyte: {error.get_message()}"
            raise DemoError(
                f"{sentence}\n(All that was said on the way is in {self._place.logs}.)"
            ) from error
        finally:
            self._connector.end()
