"""Plays a schedule: runs of the connector over one world, one after the other."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.modules import Module
from source_zoho_crm.readers.column_groups import WideQueries
from source_zoho_crm.readers.machine import Machine, Ticket
from source_zoho_crm.readers.module_read import ModuleRead
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.steps import Later, Now, Query, Sleep
from source_zoho_crm.readers.windows import Window
from source_zoho_crm.span import compute_deletions_start, compute_span
from unit_tests.source.model.bounds import Load, judge_calls
from unit_tests.source.model.judge import ViolationError, Warehouse
from unit_tests.source.model.liveness import judge_failure
from unit_tests.source.model.scenario import Scenario, draw_scenario, furnish
from unit_tests.source.model.world import World, print_utc
from unit_tests.source.model.zoho import ModelZoho
from zoho_crm.org import Org, begin_run, get_org

NAME = "Leads"
#: Methods that ask queries.
QUERYING = ("COQL", "Automatic")
_MARGIN = timedelta(seconds=60)


class Schedule:
    """Runs of one connection, with what happens meanwhile. `note` is told all of it."""

    def __init__(
        self,
        rng: Random,
        scenario: Scenario | None = None,
        note: Callable[[str], None] | None = None,
    ) -> None:
        self.rng = rng
        self.note = note
        self.scenario = scenario or draw_scenario(rng)
        if note:
            note(str(self.scenario))
        self.world = World(rng, self.scenario.habits)
        self.world.note = note
        traits = self.scenario.traits
        self.warehouse = Warehouse(self.world, traits.columns, self.scenario.start)
        self.warehouse.emits_torn = traits.columns.stamped and not self.scenario.windowed
        self.zoho = ModelZoho(self.world, traits, lambda moment: self._org.clock.at(moment))
        self._org: Org
        self.runs = 0
        self.steps = 0
        kind = "subform" if traits.child else "default"
        self.module = Module(
            NAME,
            {"convertable": traits.convertible, "generated_type": kind},
            traits.columns.fields,
            windowed=self.scenario.windowed,
            lists_deletions=traits.deletions == "listed" or not traits.child,
        )

    def play(self) -> None:
        """Raises ViolationError where the readers break what they promise."""
        scenario, random = self.scenario, self.rng.random
        OUR_CLOCK.zoho = self.zoho
        furnish(self.world, scenario)
        if self.note:
            for record in self.world.records.values():
                self.note(f"{record.key} of {print_utc(record.modified)[11:19]}")
        runs = zip(scenario.rates, scenario.deeds, scenario.deaths, strict=True)
        for rate, deeds, death in runs:
            self.zoho.rate, self.zoho.deeds_left = rate, deeds
            self._run(death)
            self.world.now += 1 + int(random() * 120)
            for _ in range(int(random() * 12)):
                self.zoho.live()
            if random() < 0.5:
                # The next run ends among these deeds.
                self.world.now += 52 + random() * 12
        self.world.calm = True
        # What was shown late is older than the last minute, and so read.
        self.world.now += 180
        # It fails only where Zoho lists less than there is.
        if self._run(0) and (scenario.windowed or not scenario.incremental):
            self.warehouse.judge_end()

    def _run(self, death: int) -> bool:
        """One run, killed at the step `death`; returns whether it ended well."""
        scenario = self.scenario
        config = self._build_config()
        begin_run(config)
        self._org = get_org(config)
        self._org.clock.observe(_print_date(self.world.now))
        plan = self._plan(config)
        anew = not scenario.incremental
        self.warehouse.begin_run(anew=anew)
        self.zoho.begin_run(begins=self._doubts(plan))
        self.runs += 1
        if self.note:
            self.note(f"run {self.runs} up to {print_utc(int(plan.end.timestamp()))[11:19]}")
        load = self._weigh(plan)
        read = ModuleRead(plan)
        machine = Machine(read.read(), read.emission)
        try:
            ended = self._drive(machine, death)
        except AirbyteTracedException as failure:
            if self.note:
                self.note(f"fails: {failure.message}")
            judge_failure(failure, scenario, self.world, self.zoho.count_deeds())
            return False
        finally:
            machine.close()
        if not ended:
            return False
        judge_calls(scenario, self.world, load, self.zoho.asked, self.zoho.count_deeds())
        if plan.span and scenario.incremental and plan.span.since <= plan.end:
            reached = print_utc(int(plan.end.timestamp()))
            if self.warehouse.state != max(reached, self.warehouse.state or reached):
                raise ViolationError(f"the state is {self.warehouse.state}, not {reached}")
        if anew:
            # What is edited after the end of the windows is in none of them.
            self.warehouse.judge_table(self._find_reach(plan))
        return True

    def _find_reach(self, plan: ReadPlan) -> int | None:
        """Up to when what is edited meanwhile is read, too; None: to the end."""
        traits = self.scenario.traits
        if not self.scenario.windowed:
            return None
        # Those that are converted meanwhile have left what COQL shows, and come with the next run.
        hides = traits.convertible and not traits.coql_shows_converted
        end = plan.settled if hides and self.scenario.method in QUERYING else plan.end
        return int(end.timestamp())

    def _weigh(self, plan: ReadPlan) -> Load:
        since, deleted = plan.deleted_since, None
        if since is not None:
            deleted = int(since.timestamp())
        if plan.span:
            first, last = int(plan.span.since.timestamp()), int(plan.span.end.timestamp())
        else:
            first = self.scenario.start if self.scenario.traits.columns.stamped else 0
            last = int(self.world.now)
        return Load.weigh(self.world, first, last, deleted)

    def _drive(self, machine: Machine, death: int) -> bool:
        """Answers questions in any order; returns whether the reader came to its end."""
        flying: list[Ticket] = []
        answered: dict[Ticket, Any] = {}
        random, zoho, note = self.rng.random, self.zoho, self.note
        at_once = self.scenario.at_once
        steps = 0
        while True:
            part = machine.next_output()
            if part is not None:
                if isinstance(part, Window):
                    if note:
                        note(f"closes {part.start:%H:%M:%S} to {part.end:%H:%M:%S}")
                    if self.scenario.windowed:
                        self.warehouse.close(part)
                else:
                    if note:
                        note(f"emits {', '.join(_describe(row) for row in part)}")
                    self.warehouse.take(part)
                    zoho.begins = False
                continue
            if machine.ended:
                return True
            while len(flying) < at_once and (ticket := machine.take()):
                flying.append(ticket)
            if not flying:
                raise ViolationError("the reader waits, and has asked nothing")
            steps += 1
            self.steps += 1
            if steps == death:
                return False
            if steps > 20_000:
                raise ViolationError("the run does not end")
            place = int(random() * len(flying))
            ticket = flying[place]
            if ticket not in answered:
                answered[ticket] = self._answer(ticket)
                if len(flying) > 1 and random() < 0.3:
                    # It is under way back while others are answered.
                    continue
            flying[place] = flying[-1]
            flying.pop()
            answer = answered.pop(ticket)
            if isinstance(answer, Exception):
                machine.fail(ticket, answer)
            else:
                machine.answer(ticket, answer)

    def _answer(self, ticket: Ticket) -> Any:
        question = ticket.question
        if isinstance(question, Now):
            return self.zoho.now()
        if isinstance(question, Later):
            return None
        if isinstance(question, Sleep):
            self.world.now += question.seconds
            return None
        if self.note:
            self.note(f"{print_utc(int(self.world.now))[11:19]} {question}")
        if isinstance(question, Query) and self.scenario.method not in QUERYING:
            raise ViolationError("a query, though COQL is off")
        try:
            answer = self.zoho.answer(question)
        except AirbyteTracedException as refusal:
            answer = refusal
        except Exception as broken:
            if isinstance(broken, AssertionError):
                raise
            answer = broken
        if self.note:
            self.note(f"    {answer}")
        return answer

    def _doubts(self, plan: ReadPlan) -> bool:
        """Whether the run does not believe that there are no rows.

        It looks at some records of any time, and at the oldest of the span. Whether records are
        converted is asked once.
        """
        first = plan.span is not None and not self.runs
        # Schedules without wrong answers are not drawn anew: seeds of faults are among them.
        wrong = not self.zoho.rate or self.scenario.traits.false_answers > 0
        return first and wrong and not self.module.is_convertible

    def _build_config(self) -> dict[str, Any]:
        state = self.warehouse.state if self.scenario.incremental else None
        return {
            "_zoho": {"crm": "model"},
            "client_id": "",
            "refresh_token": "",
            "start_datetime": print_utc(self.scenario.start),
            "lookback_minutes": self.scenario.lookback_minutes,
            "_incremental": [NAME] if self.scenario.incremental else [],
            "_saved": {} if state is None else {NAME: state},
        }

    def _plan(self, config: Mapping[str, Any]) -> ReadPlan:
        """As the retriever of records has it."""
        scenario, zoho_clock = self.scenario, self._org.clock
        if scenario.incremental:
            end = _cut(zoho_clock.now()) - _MARGIN
        else:
            end = _cut(zoho_clock.latest())
        span = None
        if scenario.windowed:
            start = max(config["start_datetime"], config["_saved"].get(NAME, ""))
            span = compute_span(config, NAME, start, end)
            since = span.deleted_since
        elif self.module.is_child and scenario.incremental:
            since = compute_deletions_start(config, NAME, end)
        else:
            since = None
        return ReadPlan(
            module=self.module,
            fields=self.module.fields,
            version=scenario.traits.version,
            method=scenario.method,
            span=span,
            start=datetime.fromtimestamp(scenario.start, UTC),
            end=end,
            settled=_cut(zoho_clock.now()) - _MARGIN,
            deleted_since=since,
            in_steps=scenario.windowed and scenario.incremental,
            wide=WideQueries(),
            usable={"COQL", "Bulk"},
        )


class _OurClock:
    """The `time` of Zoho's clock: ours."""

    def __init__(self) -> None:
        self.zoho: ModelZoho | None = None

    def time(self) -> float:
        assert self.zoho is not None
        return self.zoho.now()


OUR_CLOCK = _OurClock()


def _cut(now: datetime) -> datetime:
    """To whole seconds."""
    return now.replace(microsecond=0)


def _print_date(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


def _describe(row: Mapping[str, Any]) -> str:
    return f"{row['id']} {row.get('Name', 'deleted')}"
