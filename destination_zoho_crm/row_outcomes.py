"""What becomes of rows of a record, where the record's outcome does not say it. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from destination_zoho_crm.outcomes import Outcome, list_row_places
from destination_zoho_crm.wanted_rows import WantedRows


def reject_orphans(record: Mapping[str, Any], rejected: Outcome) -> Outcome:
    """Of rows of a table whose record is not there: those that are to be deleted went with it."""
    gone = Outcome("deleted", found_no_record=True)
    (wanted,) = (value for value in record.values() if type(value) is WantedRows)
    of_rows = [gone if "_delete" in row else rejected for row in wanted.rows]
    return rejected._replace(of_rows=of_rows)


def name_rows(outcome: Outcome, numbers: Mapping[str, Sequence[int | None]]) -> Outcome:
    """The outcome of a rejected record with the numbers of the rows that are the reason."""
    if outcome.result != "rejected":
        return outcome
    found = []
    for name, place in list_row_places(outcome.details):
        of_subform = numbers.get(name)
        number = of_subform[place] if of_subform and place < len(of_subform) else place + 1
        if number is not None:
            found.append(number)
    if not found:
        return outcome
    rows = ", ".join(map(str, dict.fromkeys(found)))
    return outcome._replace(message=f"row{'s' if ',' in rows else ''} {rows}: {outcome.message}")
