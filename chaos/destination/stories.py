"""Scenarios that are more than one write under a fault."""

import math
import signal
import time
from collections.abc import Callable, Sequence

from chaos.destination.operations import BY_NAME, SHARED, Operation
from chaos.destination.setting import BULK, BY_CALLS, DELETES, INSERTS, JOB, Setting
from chaos.destination.traffic import Item, Size, Traffic, interleave
from chaos.destination.writing import Story
from chaos.fault_run import run_under
from chaos.process import Moment
from chaos.setting import once, refusal
from zoho_emulator.knobs import Knobs

#: Of each operation: with all of them, more than thirty kills.
KILLS, STOPS = 4, 2
#: Processes that end before their moment comes are no kills; so many more there may be.
_SPARE = 4
#: Writers wait for their answers longer than it takes to look whether the moment has come.
_LATENCY_MS = 200
#: How long a job runs that a process does not see the end of.
_JOB_S = 3
#: The share of kills that come before the first call.
_EARLY = 0.15

#: Rows of a story, and the streams that they are of.
Parts = tuple[Sequence[Traffic], Sequence[Item]]
#: So many rows that eight writers leave some for the last kill.
LONG = Size(rows=3_200, between=(5, 150))
#: A batch is begun when its state has come, so that nothing is in flight which no state speaks of.
SHORT = Size(rows=2_600, between=(5, 90))


def one(setting: Setting, size: Size, operation: Operation | None = None) -> Parts:
    """One stream of the operation."""
    operation = operation or setting.operation
    traffic = Traffic(operation, f"chaos_{operation.name}", setting.org, setting.rng, size)
    return [traffic], traffic.items()


def two(setting: Setting, *, together: bool) -> Parts:
    """And another one, of another module."""
    other = "upsert" if setting.operation.module == "Leads" else "insert"
    parts = [
        Traffic(operation, f"chaos_{operation.name}", setting.org, setting.rng)
        for operation in (setting.operation, BY_NAME[other])
    ]
    return parts, interleave(setting.rng, parts, together=together)


def killed(story: Story, setting: Setting) -> None:
    """Processes killed (SIGKILL) one after the other at moments of chance."""
    setting.org.knobs(latency_ms=_LATENCY_MS)
    kills = 0
    for _ in range(KILLS + _SPARE):
        run = story.write("killed", kill=_choose_moment(story, setting))
        kills += run.killed
        if run.exit_code and not run.killed:
            story.outcome.wrong.append(f"a sync that nobody killed fails: {run.errors}")
        if kills == KILLS or not story.platform.due():
            break
    if kills < KILLS:
        story.outcome.wrong.append(f"the harness: {kills} processes were killed, not {KILLS}")
    setting.org.knobs(latency_ms=0)


def terminated(story: Story, setting: Setting) -> None:
    """Processes that receive SIGTERM at moments of chance: no insert is doubled by that."""
    setting.org.knobs(latency_ms=_LATENCY_MS)
    terminations = 0
    for _ in range(STOPS):
        run = story.write("terminated", stop=_choose_moment(story, setting, early=0))
        terminations += run.terminated
        if run.exit_code == -signal.SIGTERM and not story.platform.due():
            # Python hears no signal while it ends, and all was done.
            continue
        if run.exit_code and not any("was stopped" in error for error in run.errors):
            how = f"with {run.exit_code}: {run.errors}"
            story.outcome.wrong.append(f"a sync that is terminated fails {how}")
    if not terminations:
        story.outcome.wrong.append("the harness: no process was terminated")
    story.sure = False
    setting.org.knobs(latency_ms=0)


def _choose_moment(story: Story, setting: Setting, *, early: float = _EARLY) -> Moment:
    """Comes before the next process has the answer to one of its calls, or makes any."""
    rng, org, match = setting.rng, setting.org, setting.operation.match
    before, reached = org.calls(match), list[float]()
    if rng.random() < early:
        calls, wait_s, seconds = 1, 0.0, rng.uniform(0.5, 3.0)
    else:
        states = sum(1 for item in story.platform.due() if item.message()["type"] == "STATE")
        calls, seconds = rng.randint(1, max(1, states // 3)), math.inf
        wait_s = rng.uniform(0, _LATENCY_MS / 1_000)

    def moment(passed: float, printed: int) -> bool:
        # Before its first line, a process makes no call.
        if not reached and printed and org.calls(match) >= before + calls:
            reached.append(passed)
        return passed >= seconds or (bool(reached) and passed >= reached[0] + wait_s)

    return moment


def _write_beside_failing_stream(story: Story, setting: Setting) -> None:
    """One stream is refused amid the run; the other one's rows are written once."""
    other = next(part for part in story.parts if part.operation is not setting.operation)
    rule = {"match": other.operation.match, "after": setting.rng.randint(0, 2)}
    body = refusal("NO_PERMISSION", "refused")
    plan = once(rule, "status", 99, status=403, body=body)
    run_under(plan, setting.org, lambda: story.write("under"), story.outcome.wrong, ends="badly")


def _send_global_states(story: Story, setting: Setting) -> None:
    """States that speak of all streams, and calls that overtake each other."""
    plan = once(setting.main(), "delay", seconds=1.0)
    run_under(plan, setting.org, lambda: story.write("under"), story.outcome.wrong, ends="well")


def _send_shared_values(story: Story, setting: Setting) -> None:
    """Rows of one record by its External ID, each with a key of its own."""
    plan = once(setting.early(), "delay", setting.rng.randint(1, 2), seconds=1.0)
    run_under(plan, setting.org, lambda: story.write("under"), story.outcome.wrong, ends="well")


def _kill_amid_job(story: Story, setting: Setting) -> None:
    """The process is killed (SIGKILL) while its job runs, which goes on."""
    _end_amid_job(story, setting, "kill")


def _terminate_amid_job(story: Story, setting: Setting) -> None:
    """The process receives SIGTERM while its job runs, which goes on."""
    _end_amid_job(story, setting, "stop")
    story.sure = False


def _end_amid_job(story: Story, setting: Setting, how: str) -> None:
    setting.org.knobs(bulk_write_job_seconds=_JOB_S)
    wait_s, reached = setting.rng.uniform(0, _JOB_S), list[float]()

    def moment(passed: float, printed: int) -> bool:
        if not reached and printed and setting.org.calls(setting.operation.match):
            reached.append(passed)
        return bool(reached) and passed >= reached[0] + wait_s

    run = story.write("ended", **{how: moment})
    if not (run.killed or run.terminated):
        story.outcome.wrong.append("the harness: the process was not ended amid its job")
    # What the job writes then is there before the next sync begins.
    time.sleep(_JOB_S + 1)
    setting.org.knobs(bulk_write_job_seconds=Knobs().bulk_write_job_seconds)


Play = Callable[[Story, Setting], None]
#: What happens, its streams, and the operations that it is played with.
STORIES: dict[str, tuple[Play, Callable[[Setting], Parts], tuple[str, ...]]] = {
    "shared_values": (_send_shared_values, lambda s: one(s, Size(), SHARED), ("upsert",)),
    "beside_a_failing_stream": (
        _write_beside_failing_stream,
        lambda s: two(s, together=False),
        (*INSERTS, "upsert_external", *DELETES[:1]),
    ),
    "global_states": (
        _send_global_states,
        lambda s: two(s, together=True),
        ("insert_bare", "upsert", "update"),
    ),
    "terminated": (terminated, lambda s: one(s, SHORT), BY_CALLS),
    "killed": (killed, lambda s: one(s, LONG), BY_CALLS),
    "killed_amid_a_job": (_kill_amid_job, lambda s: one(s, JOB), BULK),
    "terminated_amid_a_job": (_terminate_amid_job, lambda s: one(s, JOB), BULK),
}
