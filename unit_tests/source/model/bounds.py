"""How many questions a run may ask: as few as its pages and what happened meanwhile allow.

Each bound is met by schedules, or missed by one or two questions. `deeds` are those since the run
began, what a list of a proof shows from before it, and whatever failed: of each the reader reads
something again, and never all.
"""

from collections import Counter
from dataclasses import dataclass, replace
from math import ceil

from source_zoho_crm.readers.column_groups import group_columns
from unit_tests.source.model.judge import ViolationError
from unit_tests.source.model.scenario import Scenario
from unit_tests.source.model.sizes import OFFSETS, PER_PAGE, SURE_COLUMNS
from unit_tests.source.model.traits import Traits
from unit_tests.source.model.world import World


@dataclass(frozen=True, slots=True)
class Load:
    """What a run finds when it begins."""

    #: Records of its span, with the second before it.
    rows: int
    #: The most of them in two seconds that follow each other.
    crowd: int
    #: Deletions that are listed; None: they are not asked for.
    deletions: int | None
    #: Records that are later than its span.
    later: int = 0

    @classmethod
    def weigh(cls, world: World, first: int, last: int, deleted_since: int | None) -> "Load":
        modified = [record.modified for record in world.records.values()]
        found = Counter(second for second in modified if first - 1 <= second <= last)
        crowd = max((found[second] + found[second + 1] for second in list(found)), default=0)
        listed = None
        if deleted_since is not None:
            listed = sum(gone.deleted >= deleted_since - 1 for gone in world.gone.values())
        return cls(found.total(), crowd, listed, sum(second > last for second in modified))


def judge_calls(
    scenario: Scenario, world: World, load: Load, asked: Counter[str], deeds: int
) -> None:
    """Raises if a run that ended has asked more than it had to."""
    most = bound_calls(scenario, load, deeds)
    if scenario.method in ("Bulk", "Automatic"):
        _add_crowds(scenario, world, most)
    for kind, number in asked.items():
        if number > most[kind]:
            raise ViolationError(
                f"{number} questions of the kind {kind!r} where {most[kind]} are enough for "
                f"{load.rows} rows and {deeds} deeds: {dict(asked)}"
            )


def bound_calls(scenario: Scenario, load: Load, deeds: int) -> Counter[str]:
    """Questions by their kind; all others are none."""
    traits, most = scenario.traits, Counter({"deletions": _bound_deletions(load, deeds)})
    if not scenario.incremental:
        # Its span ends now, and records are added to it.
        load = replace(load, rows=load.rows + deeds)
    refused = traits.coql_refusal if scenario.method == "COQL" else traits.bulk_refusal
    if scenario.method == "Automatic":
        # The first page is a query's or a list's; then the rows are counted and read by one method,
        # or by lists and then by exports.
        most += _bound_lists(scenario, load, deeds) + _bound_exports(scenario, load, deeds)
        most += _bound_queries(scenario, load, deeds)
        most += Counter(query=3 + ceil(load.rows / OFFSETS), list=2)
        if traits.convertible:
            tries = 1 + min(4, deeds)
            most += Counter(list=1 + 2 * tries, query=tries)
        return most
    if scenario.method == "REST" or refused:
        most += _bound_lists(scenario, load, deeds)
        # It is refused once; a first read without rows looks at some.
        most += Counter(query=1, export=1, list=1)
    elif scenario.method == "Bulk":
        most += _bound_exports(scenario, load, deeds)
    else:
        most += _bound_queries(scenario, load, deeds)
        if traits.convertible:
            # Is there a record, a converted one, does a query show it, is it still there? Where all
            # are later, what are the oldest?
            tries = 1 + min(4, deeds)
            most += Counter(list=1 + 2 * tries + (load.later > 0), query=tries)
            if not traits.coql_shows_converted:
                most += _bound_lists(scenario, load, deeds)
    return most


def _bound_deletions(load: Load, deeds: int) -> int:
    """One page, or all of several twice; twice more for each deed that moves them: a record that is
    restored was in one reading and not in the next, and may have hidden another from that one."""
    if load.deletions is None:
        return 0
    pages = max(1, ceil((load.deletions + deeds) / PER_PAGE))
    if not deeds:
        return pages if pages == 1 else 2 * pages
    return min(_REREADS, 2 + 2 * deeds) * pages


_REREADS = 5


def _bound_queries(scenario: Scenario, load: Load, deeds: int) -> Counter[str]:
    """Two windows hold as many rows as a query can skip, and each costs a query to find its end; a
    window has a page that is not full. A deed tears one row, which is read again in each group."""
    traits, rows = scenario.traits, load.rows
    groups, page = _count_groups(traits, query=True), traits.version["coql_rows"]
    if scenario.windowed:
        # A full refresh reads the last minute by itself.
        last = 0 if scenario.incremental else 1
        windows = 2 * (rows // OFFSETS) + 1 + last
        quiet = 1 + windows + groups * (rows // page + windows)
        if traits.convertible and not traits.coql_shows_converted:
            # Each window of the converted ones is one of the others, too.
            quiet += (1 + groups) * (rows // 2 + deeds)
    else:
        quiet = 2 + groups * (rows // page + 1)
    # Whether wider queries are served takes one more.
    return Counter(query=quiet + groups * deeds + (traits.version["coql_columns"] > SURE_COLUMNS))


def _bound_lists(scenario: Scenario, load: Load, deeds: int) -> Counter[str]:
    """A page takes the reader on by all its rows but one, and every other one is proven by two
    lists. A deed costs a page in each group and a proof again; a text a call of its own, and with
    several at a time one more for their times."""
    traits, rows = scenario.traits, load.rows
    groups = _count_groups(traits, query=False)
    pages = groups * (1 + rows // (PER_PAGE - 1))
    if not traits.columns.stamped:
        # A list by id is read whole again while it moves.
        pages = (2 + rows // PER_PAGE) * (1 + min(_REREADS - 1, deeds)) + deeds
    elif not scenario.windowed:
        # Where Zoho does not list what left, the rows of one second are read twice, and with the
        # next second again.
        pages = 3 * (pages + groups)
    else:
        # Lists of different columns may have the rows of one second in different orders.
        pages += 2 * (pages // groups // 2 + 1) + 2 * (groups - 1)
    if traits.columns.stamped and load.crowd >= PER_PAGE:
        # The rows of one second are read as often as one of them moves, to the page that goes
        # beyond it; a list of a proof shows what moved some seconds before, too.
        again = groups * (load.crowd // PER_PAGE + 1) + 2
        pages += again * (1 + min(_REREADS, deeds))
    texts = rows + pages + deeds if traits.columns.has_rich_text else 0
    # The proof has more pages where more is deleted.
    return Counter(list=pages + (groups + 3) * deeds, record=texts)


def _bound_exports(scenario: Scenario, load: Load, deeds: int) -> Counter[str]:
    """A chain of a window that a deed moves is exported once more, in parts of one export each; the
    seconds around a part are in its export, too, and so may be the row that the deed moved."""
    rows = load.rows
    exports = 2 + rows + 3 * deeds
    if not scenario.windowed and scenario.traits.columns.stamped:
        # Where Zoho does not list what left, each window of more than one export is cut.
        exports += 3 * (rows + deeds)
    elif (
        scenario.windowed
        and scenario.incremental
        and rows >= 3 * scenario.traits.version["bulk_rows"]
    ):
        # A chain with more than three is cut in steps. Where rows share seconds, its first step has
        # one second alone or nothing, and what is left may be such a chain again.
        exports += 3 * rows
    lists = 2 + exports * (2 + deeds // PER_PAGE)
    return Counter(export=exports, poll=3 * exports, fetch=exports, list=lists)


def _add_crowds(scenario: Scenario, world: World, most: Counter[str]) -> None:
    """More rows than an export holds, in three seconds: exports of windows beside these have no
    other rows to be cut by, and are halved down to them. With Zoho's 200,000 it does not happen.

    On both sides, each half takes a chain of the crowd again and an export without rows; two, where
    that has no file. There are 2^31 seconds since 1970."""
    traits, found = scenario.traits, Counter(world.versions.values())
    holds, empty = traits.version["bulk_rows"], 1 + traits.empty_exports_are_gone
    beside = (found[second - 1] + found[second] + found[second + 1] for second in list(found))
    halves = sum(2 * 31 * (ceil(rows / holds) + empty) for rows in beside if rows > holds)
    for kind, number in {"export": 1, "fetch": 1, "poll": 3, "list": 2}.items():
        most[kind] += number * halves


def _count_groups(traits: Traits, *, query: bool) -> int:
    """Calls that a page with all columns takes."""
    version, fields = traits.version, traits.columns.fields
    if query:
        # Those that come after a few rows are wider where that is served.
        most, formulas = SURE_COLUMNS, version["coql_formulas"]
        return len(group_columns(fields, most=most, with_id=True, most_formulas=formulas))
    return len(group_columns(fields, most=version["rest_columns"] or len(fields) + 1))
