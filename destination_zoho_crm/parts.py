"""What is written after a record, and what becomes of its row's outcome then."""

from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import closing
from typing import Any, NamedTuple

from destination_zoho_crm.existing_records import changes_nothing
from destination_zoho_crm.outcomes import Outcome
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.stream_writer import Send


class Written(NamedTuple):
    """What became of a part of one record, such as its links in one field."""

    changed: bool
    problem: Outcome | None


def add_part(outcome: Outcome, field: str, missing: str, written: Written) -> Outcome:
    """The outcome of a row, with what became of the part in the field. `missing`: in words, what is
    not written if there is a problem."""
    if outcome.result == "rejected":
        return outcome
    if problem := written.problem:
        done = "" if outcome.result == "unchanged" else "the record is written, but "
        said = f"{done}{missing}"
        return problem._replace(
            record_id=outcome.record_id,
            field=field,
            message=f"{said}: {problem.message}",
            loggable=": ".join(filter(None, [said, problem.loggable])),
        )
    if written.changed and outcome.result == "unchanged":
        return outcome._replace(result="updated")
    return outcome


def send_rests(
    plan: StreamPlan,
    send: Send,
    rests: Mapping[int, Mapping[str, Any]],
    with_parts: Collection[int],
    unnamed: Outcome,
    explain: Callable[[int, Outcome], Outcome] = lambda place, outcome: outcome,
) -> Generator[tuple[int, Outcome], None, dict[int, Outcome]]:
    """Writes records without their parts. Yields the outcomes that are final, and returns by place
    those of records that are there and wait for their parts, each with the record's id. `unnamed`:
    the outcome where Zoho does not say which record that is; `explain`: adds to the rejection of a
    record with parts, by its place, what Zoho does not say. What is but an id is not sent.
    """
    waiting = {
        place: Outcome("unchanged", str(rests[place]["id"]))
        for place in with_parts
        if "id" in rests[place] and changes_nothing(plan, rests[place])
    }
    places = [place for place in rests if place not in waiting]
    if places:
        with closing(send([rests[place] for place in places])) as outcomes:
            for number, outcome in outcomes:
                place = places[number]
                if place not in with_parts:
                    yield place, outcome
                elif outcome.result == "rejected":
                    yield place, explain(place, outcome)
                elif outcome.record_id is None:
                    yield place, unnamed
                else:
                    waiting[place] = outcome
    return waiting
