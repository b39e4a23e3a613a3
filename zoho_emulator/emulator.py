"""The state of one running emulator."""

import random
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping

from zoho_emulator.auth.tokens import Accounts, Credentials
from zoho_emulator.bulk.jobs import Jobs
from zoho_emulator.bulk_write.jobs import WriteJobs
from zoho_emulator.clock import Clock
from zoho_emulator.control.faults import Faults
from zoho_emulator.knobs import Knobs
from zoho_emulator.limits import Limits
from zoho_emulator.localtime import build_local_time
from zoho_emulator.records.pages import PageTokens
from zoho_emulator.store.late_rows import LateRows
from zoho_emulator.store.model import Module, User
from zoho_emulator.store.store import Store


class Emulator:
    """`build` makes the org from its seed, at the start and for a reset."""

    def __init__(
        self, build: Callable[[], Store], *, seed: int, clock: Clock, knobs: Knobs
    ) -> None:
        self.seed = seed
        self.clock = clock
        self.knobs = knobs
        self.store = build()
        self.credentials = Credentials.from_seed(seed)
        self.accounts = Accounts(self.credentials, clock, knobs, seed=seed)
        self.limits = Limits(self.store.org, clock, knobs)
        self.faults = Faults(seed)
        self.page_tokens = PageTokens(seed)
        self.bulk_reads = Jobs(self.copy_shown, clock, knobs)
        self.bulk_writes = WriteJobs(lambda: self.store, clock, knobs)
        self.calls: Counter[str] = Counter()
        self.credits_by: Counter[str] = Counter()
        #: Automations that writing calls set off, in their order.
        self.fired: list[dict[str, object]] = []
        self.answers = AnswerCache(knobs)
        #: JSON of rows that queries have shown, by their columns and the state of data, then by id.
        self.kept_rows: dict[Hashable, dict[int, bytes]] = {}
        self._build = build
        self._late: LateRows | None = None
        self._data_calls = 0
        self._rng = random.Random(seed)
        self._set_zones()
        self._set_late()

    @property
    def user(self) -> User:
        """The owner of the refresh token: the first administrator, or by a knob the first other."""
        return next(
            user
            for user in self.store.org.users
            if user.status == "active"
            and (user.profile == "Administrator") == self.knobs.admin_user
        )

    def find_module(self, name: str) -> Module | None:
        """The module that a path or a parameter names; an exact match goes before other cases."""
        modules = self.store.org.modules
        if name in modules or not self.knobs.module_names_any_case:
            return modules.get(name)
        return next((m for m in modules.values() if m.api_name.lower() == name.lower()), None)

    def copy_shown(self) -> Store:
        """The rows as lists, queries and exports show them: late, if a knob says so."""
        return self._late.copy_as_of(self.knobs.visible_after_s) if self._late else self.store

    def count_call(self, name: str, module: str | None) -> None:
        self.calls[name] += 1
        if module is not None:
            self.calls[f"{name}:{module}"] += 1

    def spend(self, amount: int, name: str, module: str | None) -> None:
        """Books the credits of a call under the names of the call."""
        self.limits.spend(amount)
        self.credits_by[name] += amount
        if module is not None:
            self.credits_by[f"{name}:{module}"] += amount

    def set_knobs(self, values: Mapping[str, object]) -> None:
        self.knobs.set(values)
        self._set_zones()
        self._set_late()
        if values.keys() - {"latency_ms"}:
            self.answers.clear()
            self.kept_rows.clear()

    def _set_zones(self) -> None:
        self.store.org.time_zone = self.knobs.time_zone
        self.store.org.user_time_zone = self.knobs.user_time_zone

    def _set_late(self) -> None:
        """Keeps a late copy of the rows while the knob asks for one."""
        if self.knobs.visible_after_s and self._late is None:
            self._late = LateRows(self.store, self.clock)
        elif self._late is not None and not self.knobs.visible_after_s:
            self._late.close()
            self._late = None

    def reset(self, *, org: bool) -> None:
        """Clears counters and faults, with `org` the data as well. Tokens, clock and knobs stay."""
        self.calls.clear()
        self.credits_by.clear()
        self.fired.clear()
        self.faults.clear()
        self.accounts.reset()
        self.limits.reset()
        self.bulk_reads.reset()
        self.bulk_writes.reset()
        self._data_calls = 0
        self._rng = random.Random(self.seed)
        if org:
            self.close()
            self.store = self._build()
            self.limits.org = self.store.org
            self._set_zones()
            self._set_late()
            self.answers.clear()
            self.kept_rows.clear()

    def close(self) -> None:
        """Ends bulk jobs that still read or write the data, and closes it."""
        self.bulk_reads.close()
        self.bulk_writes.close()
        if self._late is not None:
            self._late.close()
            self._late = None
        self.store.close()

    def churn(self, module: Module) -> None:
        """Edits or deletes a few random live rows, as people do in Zoho while a client reads."""
        self._data_calls += 1
        if not self.knobs.churn or self._data_calls % self.knobs.churn or module.view_of:
            return
        for _ in range(self.knobs.churn_rows):
            row_id = self._random_live_row(module)
            if row_id is None:
                return
            now, by = self.clock.now(), self.user.id
            if self.knobs.churn_kind == "delete":
                self.store.delete(module, [row_id], kind="recycle", now=now, by=by)
            elif values := self._edit(module, now):
                self.store.update(module, row_id, values, now=now, by=by)

    def _edit(self, module: Module, now: int) -> dict[str, object]:
        """A new text, or the time of an edit where the module has no plain text to change."""
        for field in module.fields.values():
            plain = field.data_type == "text" and field.json_type == "string"
            bound = field.read_only or field.unique or field.pick_list
            if plain and not bound and field.api_name != module.display_field:
                return {field.api_name: f"edited {self._rng.randrange(10**6)}"}
        stamped = "Modified_Time" in module.fields
        return {"Modified_Time": build_local_time(self.store.org.time_zone)(now)} if stamped else {}

    def _random_live_row(self, module: Module) -> int | None:
        low, high = self.store.connection.execute(
            f"SELECT min(id), max(id) FROM {module.table}"
        ).fetchone()
        if low is None:
            return None
        row = self.store.connection.execute(
            f"SELECT id FROM {module.table} WHERE id >= ? AND state = 0 ORDER BY id LIMIT 1",
            (self._rng.randint(low, high),),
        ).fetchone()
        return row[0] if row else None


class AnswerCache:
    """Answers, kept by request and state of the data, up to a number of bytes.

    For benchmarks, which measure readers and not rendering. Off under churn.
    """

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._answers: OrderedDict[Hashable, tuple[int, object]] = OrderedDict()
        self._size = 0

    def get(self, key: Hashable) -> object | None:
        found = None if self._knobs.churn else self._answers.get(key)
        return None if found is None else found[1]

    def put(self, key: Hashable, answer: object, size: int) -> None:
        limit = self._knobs.body_cache_mb * 1_000_000
        if self._knobs.churn or size > limit or key in self._answers:
            return
        self._answers[key] = (size, answer)
        self._size += size
        while self._size > limit:
            self._size -= self._answers.popitem(last=False)[1][0]

    def clear(self) -> None:
        self._answers.clear()
        self._size = 0
