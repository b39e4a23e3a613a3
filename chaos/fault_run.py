"""One run of a connector that meets a planned fault."""

import re
from collections.abc import Callable
from contextlib import nullcontext

from chaos.org import Moment, Org
from chaos.process import Run
from chaos.setting import BADLY, WELL, Plan
from zoho_emulator.knobs import Knobs


def run_under(plan: Plan, org: Org, go: Callable[[], Run], wrong: list[str], *, ends: str) -> Run:
    """Runs it while the fault lasts. It must have hit, and the run must end as it has to; what is
    not so is put into `wrong`, in sentences."""
    if plan.knobs:
        org.knobs(**plan.knobs)
    if plan.rules:
        org.control("POST", "faults", plan.rules)
    moment = Moment(org, 0, plan.act) if plan.act else None
    with moment or nullcontext():
        run = go()
    hits = org.control("GET", "faults")
    if missed := [rule["match"] for rule in hits if not rule["hits"]]:
        wrong.append(f"the harness: no call of {', '.join(missed)} was hit")
    if moment and not moment.came:
        wrong.append(f"the harness: nothing was done amid the run ({moment.error})")
    if plan.hit and not plan.hit():
        wrong.append("the harness: the fault was not seen to hit")
    if plan.unseen and plan.unseen.encode() in run.out.read_bytes():
        wrong.append("the harness: the fault changed nothing")
    org.control("DELETE", "faults")
    org.knobs(**{name: getattr(Knobs(), name) for name in plan.knobs})
    if ends == WELL and run.exit_code and not run.hung:
        wrong.append(f"the fault ends the run: {'; '.join(run.errors)[:500]}")
    if ends == BADLY and not run.exit_code:
        wrong.append("the run ends as if nothing had been wrong")
    if plan.says and run.errors and not any(re.search(plan.says, e) for e in run.errors):
        wrong.append(f"no error says {plan.says!r}: {'; '.join(run.errors)[:500]}")
    return run
