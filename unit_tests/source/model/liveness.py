"""Whether a run asks no more than it has to, and gives up only where it may."""

from collections import Counter

from airbyte_cdk.utils import AirbyteTracedException

from unit_tests.source.model.judge import ViolationError
from unit_tests.source.model.scenario import Scenario
from unit_tests.source.model.sizes import PER_PAGE
from unit_tests.source.model.world import World

_REREADS = 5


def judge_failure(
    failure: AirbyteTracedException, scenario: Scenario, world: World, deeds: int
) -> None:
    """Raises unless the readers say it themselves, and had to. `deeds`: of the run."""
    exports = scenario.method in ("Bulk", "Automatic")
    sentence, traits, calm = failure.message or "", scenario.traits, world.calm
    version = traits.version
    if "HTTP 503" in sentence:
        allowed = traits.call_fails > 0 and not calm
    elif "the list of deleted records was read" in sentence:
        # A record that is restored was in one reading and not in the next; so is another that this
        # moved across a border of pages, one reading later.
        allowed = deeds >= _REREADS // 2
    elif f"each of the {_REREADS} times" in sentence:
        unreached = _find_crowd(scenario, world) > version["bulk_rows"] * version["bulk_pages"]
        expired = traits.token_expires > 0 and not calm
        allowed = deeds >= _REREADS or expired or (exports and unreached)
    elif "the same page twice" in sentence:
        allowed = deeds >= PER_PAGE
    elif "and so 3 times" in sentence:
        allowed = traits.job_fails > 0 and not calm
    elif "listed some right after" in sentence:
        allowed = not calm and (traits.false_answers > 0 or deeds > 0)
    elif "cannot reach" in sentence:
        allowed = _find_crowd(scenario, world) > version["rest_chain_rows"] - PER_PAGE
    else:
        allowed = False
    if not allowed:
        raise ViolationError(f"the run gives up after {deeds} deeds: {sentence}")


def _find_crowd(scenario: Scenario, world: World) -> int:
    """The most records that cannot be asked for apart, each counted as often as it was edited."""
    if not scenario.traits.columns.stamped:
        return len(world.versions)
    crowds = Counter(world.versions.values())
    # A list of a second has those before it, too, and an export those beside it; so has that of a
    # second without any.
    beside = (-1, 0, 1) if scenario.method in ("Bulk", "Automatic") else (-1, 0)
    seconds = {second - s for second in crowds for s in beside}
    return max(sum(crowds[second + s] for s in beside) for second in seconds)
