"""Wide rows: more columns than a call can carry come in column groups and are joined again."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from source_zoho_crm.readers import Page, Row
from source_zoho_crm.readers.steps import All, Columns, Question, Task
from source_zoho_crm.readers.windows import CURSOR_FIELD
from zoho_crm.errors import INVALID_DATA
from zoho_crm.fields import Field
from zoho_crm.problems import Refused, transient_error

LOGGER = logging.getLogger("airbyte")

_REREADS = 5


@dataclass(slots=True)
class WideQueries:
    """Whether Zoho serves, to this run, queries of more columns than its pages allow."""

    #: None: not known.
    is_served: bool | None = None
    #: One is under way that will tell.
    is_asked: bool = False


def group_columns(
    fields: Iterable[Field],
    *,
    most: int,
    with_id: bool = False,
    most_formulas: int | None = None,
) -> list[Columns]:
    """The columns in groups that one call can carry.

    Each carries Modified_Time, if the module has it: where it differs, the row has changed between
    two calls. `with_id`: the id comes only if asked for. `most` counts all columns of a call,
    `most_formulas` those that Zoho computes.
    """
    fields = list(fields)
    stamped = any(field.api_name == CURSOR_FIELD for field in fields)
    always = (*(["id"] if with_id else ()), *([CURSOR_FIELD] if stamped else ()))
    groups: list[list[Field]] = [[]]
    for field in fields:
        if field.api_name in ("id", CURSOR_FIELD):
            continue
        group = groups[-1]
        if len(group) + len(always) == most or (
            field.computed and sum(member.computed for member in group) == most_formulas
        ):
            group = []
            groups.append(group)
        group.append(field)
    return [(*always, *(field.api_name for field in group)) for group in groups]


def join_columns(page: Iterable[Row], others: dict[str, Row]) -> set[str]:
    """Adds another column group's columns to the rows of a page.

    Returns the ids of the torn rows: those that changed between the two, or that the other lacks.
    """
    torn = set()
    for row in page:
        other = others.get(row["id"])
        if other is None or other.get(CURSOR_FIELD) != row.get(CURSOR_FIELD):
            torn.add(row["id"])
        else:
            row.update(other)
    return torn


def read_until_unchanged(
    ids: Sequence[str],
    column_groups: Sequence[Columns],
    build_question: Callable[[Columns, Sequence[str]], Question],
    wanted: Callable[[Row], bool],
    *,
    at_once: int,
    at_last: bool = False,
    read: Callable[[Page], list[Row]] = lambda page: page.rows,
) -> Task[dict[str, Row]]:
    """Whole rows by id, read until none changes between its column groups.

    Without those that are gone, and those that are not `wanted` any longer, by their id and
    Modified_Time: a row that keeps being edited is not waited for, where it comes later.
    `at_last`: no later read brings it, so it is emitted as it was read last, with a warning.
    `read`: the rows of an answer.
    """
    found: dict[str, Row] = {}
    for start in range(0, len(ids), at_once):
        some = ids[start : start + at_once]
        for _ in range(_REREADS):
            groups = yield from _ask_groups(some, column_groups, build_question, read)
            first, *rest = _drop_elsewhere(groups, wanted)
            torn: set[str] = set().union(*(first.keys() ^ others.keys() for others in rest))
            for others in rest:
                torn |= join_columns(first.values(), others)
            found |= {key: row for key, row in first.items() if key not in torn}
            if not torn:
                break
            some = sorted(torn)
        else:
            if not at_last:
                raise transient_error(
                    f"Records {', '.join(some[:3])} changed each of the {_REREADS} times they were "
                    "read. The next sync continues from the saved state."
                )
            found |= _join_torn(some, first, rest)
    return found


def _ask_groups(
    ids: Sequence[str],
    column_groups: Sequence[Columns],
    build_question: Callable[[Columns, Sequence[str]], Question],
    read: Callable[[Page], list[Row]],
) -> Task[list[list[Row]]]:
    """The rows of these ids, by column group.

    UNVERIFIED: that a list of `ids` leaves out those that are gone. Where it refuses them, halves
    of it show which they are.
    """
    try:
        pages: list[Page] = yield All([build_question(group, ids) for group in column_groups])
    except Refused as refusal:
        if refusal.code != INVALID_DATA:
            raise
    else:
        return [read(page) for page in pages]
    if len(ids) == 1:
        return [[] for _ in column_groups]
    half = len(ids) // 2
    first = yield from _ask_groups(ids[:half], column_groups, build_question, read)
    second = yield from _ask_groups(ids[half:], column_groups, build_question, read)
    return [rows + others for rows, others in zip(first, second, strict=True)]


def _drop_elsewhere(
    groups: Sequence[list[Row]], wanted: Callable[[Row], bool]
) -> list[dict[str, Row]]:
    """The rows of each column group by id, without those that are not wanted in one of them."""
    elsewhere = {row["id"] for rows in groups for row in rows if not wanted(row)}
    return [{row["id"]: row for row in rows if row["id"] not in elsewhere} for rows in groups]


def _join_torn(
    ids: Sequence[str], first: dict[str, Row], rest: Sequence[dict[str, Row]]
) -> dict[str, Row]:
    LOGGER.warning(
        f"Records {', '.join(ids[:3])} changed each of the {_REREADS} times they were read. They "
        "are emitted as they were read last, and their columns may be from two versions of the "
        "record; the next refresh of the stream reads them again."
    )
    for others in rest:
        first = {key: row | others[key] for key, row in first.items() if key in others}
    return first
