"""What is written after a record, and what becomes of its row's outcome then."""

from typing import NamedTuple

from destination_zoho_crm.outcomes import Outcome


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
