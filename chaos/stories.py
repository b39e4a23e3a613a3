"""Scenarios that are more than one read under a fault."""

from chaos import org as people
from chaos.discovery import Found, list_streams
from chaos.org import EDITED, MARGIN_S, Org
from chaos.process import PATIENCE_S
from chaos.reading import Story
from chaos.setting import Setting
from zoho_emulator.server import running

#: What a chain of killed reads is about.
KILLS = 30
KILLED_ROWS = {"Contracts": 20_000, "Leads": 300}
#: Reads that end before their moment comes are no kills; so many more there may be.
_MOST_READS = 2 * KILLS
_BYTES_A_ROW = 600
#: Rows that people edit between two reads.
_MOST_EDITS = 1_500
#: Printed before the first row; and the share of kills that come before that.
_FIRST_BYTES = 2_000
_EARLY = 0.15

_LOOKBACK_MINUTES = 15


def killed(story: Story, setting: Setting) -> None:
    """Reads killed (SIGKILL) one after the other at moments of chance, while people go on working.

    Half of them in a first read, half in reads of what changed. What a kill repeats lies behind the
    last state: any row from before it is counted as wrong.
    """
    org = setting.org
    org.knobs(churn=5)
    _kill_repeatedly(story, setting, KILLED_ROWS["Contracts"] * _BYTES_A_ROW)
    story.read("whole")
    org.edit_some("Contracts", _MOST_EDITS)
    org.advance(MARGIN_S)
    _kill_repeatedly(story, setting, _MOST_EDITS * _BYTES_A_ROW)
    org.knobs(churn=0)
    story.recover()


def _kill_repeatedly(story: Story, setting: Setting, expected: int) -> None:
    """`expected` are the bytes that a read prints, if nobody kills it."""
    rng, kills = setting.rng, 0
    for _ in range(_MOST_READS):
        # Now and then before the first row, else behind so many bytes of what is to be printed.
        size = 0 if rng.random() < _EARLY else int(expected * rng.random() ** 2) + _FIRST_BYTES
        seconds = rng.uniform(0.5, 3.0) if size == 0 else PATIENCE_S

        def moment(passed: float, printed: int, seconds: float = seconds, size: int = size) -> bool:
            return passed >= seconds or printed >= size > 0

        run = story.read("killed", kill=moment)
        kills += run.killed
        if run.exit_code and not run.killed:
            story.outcome.wrong.append(f"a read that nobody killed fails: {run.errors}")
        if kills == KILLS // 2:
            return
        _change(setting.org)
    story.outcome.wrong.append(f"the harness: {kills} reads were killed, not {KILLS // 2}")


def deleted_after_a_kill(story: Story, setting: Setting) -> None:
    """Rows that a first read printed before it was killed, and that are gone when it is resumed.

    A destination may have them, though no state says so.
    """
    org, tables = setting.org, story.warehouse.tables
    org.knobs(latency_ms=100)
    size = setting.rng.randint(100_000, 1_500_000)
    story.read("killed", kill=lambda _, printed: printed >= size)
    org.knobs(latency_ms=0)
    deleted = 0
    for name in sorted(EDITED.keys() & story.incremental()):
        printed = sorted(tables[name].live())
        chosen = setting.rng.sample(printed, min(20, len(printed)))
        org.delete_these(name, chosen)
        deleted += len(chosen)
    if not deleted:
        story.outcome.wrong.append("the harness: no row was printed before the kill")
    story.recover()


def _change(org: Org) -> None:
    org.edit_some("Contracts", org.rng.randint(0, _MOST_EDITS))
    org.edit_some("Leads", 5)
    org.add("Contracts", 5)
    org.delete("Contracts", 3)
    org.restore(1)
    org.advance(org.rng.choice([0, 10, MARGIN_S]))


def late_rows(story: Story, setting: Setting) -> None:
    """Rows that lists, queries and exports show a while after their Modified_Time."""
    if "lookback_minutes" not in story.found.settings:
        story.outcome.skipped = "the source has no setting lookback_minutes"
        return
    org = setting.org
    story.config["lookback_minutes"] = _LOOKBACK_MINUTES
    # Until they are shown, no state is true: that is what the setting is for.
    story.held_to_states = False
    story.warehouse.strict = False
    late_s = setting.rng.choice([300, 600])
    story.read("before")
    org.knobs(visible_after_s=late_s)
    org.advance(MARGIN_S)
    org.work(0.1)
    org.advance(70)
    story.read("before-they-are-seen")
    if not story.missing():
        story.outcome.wrong.append("the harness: no row was late")
    org.advance(late_s)
    story.read("once-they-are-seen")
    org.knobs(visible_after_s=0)
    story.recover()


def other_org(story: Story, setting: Setting) -> None:
    """The states of one org given to another: an error, and no incremental stream is moved on.

    A full refresh begins anew whatever its state says.
    """
    outcome, warehouse = story.outcome, story.warehouse
    story.read("before")
    if not any(len(state["stream"]["stream_state"]) > 1 for state in warehouse.states.values()):
        outcome.skipped = "the source's states name no org"
        return
    setting.org.work(0.2)
    setting.org.advance(MARGIN_S)
    kept, mine = dict(warehouse.states), story.config
    with running(people.settings(outcome.seed + 1_000), people.KNOBS) as other:
        story.config = {
            **mine,
            "base_url": other.base_url,
            "client_id": other.client_id,
            "client_secret": other.client_secret,
            "refresh_token": other.refresh_token,
        }
        run = story.read("of-another-org")
    story.config = mine
    going_on = story.incremental()
    if not run.exit_code or {name for name, _ in run.records} & going_on:
        outcome.wrong.append("the state of another org is taken")
    if any(warehouse.states[name] != kept[name] for name in going_on):
        outcome.wrong.append("the state of another org moves on")
    story.recover()


def listed_removals(story: Story, setting: Setting) -> None:
    """Child tables whose removed rows Zoho lists, so that they are read by what changed."""
    org = setting.org
    org.knobs(child_deletes=True)
    streams = {setting.version: list_streams(story.connector, story.config)}
    story.begin(Found(streams, story.found.settings).catalog(setting.version, people.MODULES))
    children = [name for name in ("Quoted_Items", "Service_History") if name in story.incremental()]
    if not children:
        story.outcome.wrong.append("the harness: no child table is incremental")
    story.read("before")
    for name in children:
        org.remove_children(name, 20)
    org.work(0.2)
    org.advance(MARGIN_S)
    org.knobs(churn=2)
    story.read("during-edits")
    org.knobs(churn=0)
    story.recover()


STORIES = {
    "listed_removals": listed_removals,
    "deleted_after_a_kill": deleted_after_a_kill,
    "killed": killed,
    "late_rows": late_rows,
    "other_org": other_org,
}
