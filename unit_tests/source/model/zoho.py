"""Zoho in memory: answers what readers ask, as its documentation says, while its records move."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from source_zoho_crm.readers.steps import (
    Count,
    CreateExport,
    FetchExport,
    GetRecords,
    ListDeletions,
    ListRecords,
    Moment,
    PollExport,
    Query,
    Question,
)
from unit_tests.source.model.exports import Exports
from unit_tests.source.model.lists import Lists
from unit_tests.source.model.queries import Queries
from unit_tests.source.model.refusals import fail_for_now
from unit_tests.source.model.traits import Traits
from unit_tests.source.model.world import World
from zoho_crm.answers import Page

#: As the calls have it: a second for a header that may not include its own, and five for a clock
#: that was read some time ago.
_EARLIER_S, _CLOCK_S = 1, 5
#: Seconds before a moment of which a list since then shows deeds, with the fraction of one.
_SHOWN_S = _EARLIER_S + _CLOCK_S + 2

_KINDS = {
    Query: "query",
    Count: "query",
    ListRecords: "list",
    GetRecords: "record",
    CreateExport: "export",
    PollExport: "poll",
    FetchExport: "fetch",
}


def _name_kind(question: Question) -> str:
    """What a question is for."""
    if isinstance(question, ListDeletions):
        return "list" if _proves(question) else "deletions"
    return _KINDS[type(question)]


def _proves(question: Question) -> bool:
    """Whether it asks for one of the two lists of a proof: they begin at a moment of our clock."""
    return isinstance(question, ListRecords | ListDeletions) and isinstance(question.since, float)


class ModelZoho:
    """Answers of one module. Its clock moves, and its records do, before each answer.

    `convert`: Zoho's time at a moment of ours, as the run knows it.
    """

    #: Rows that were promised are asked for twice.
    asks_again = True

    def __init__(self, world: World, traits: Traits, convert: Callable[[Moment], datetime]) -> None:
        self._world = world
        self._traits = traits
        self._convert = convert
        self._queries = Queries(world, traits)
        self._lists = Lists(world, traits)
        self._exports = Exports(world, traits)
        self._random = world.rng.random
        #: Deeds for each answer, on average.
        self.rate = 0.0
        #: Deeds until people rest.
        self.deeds_left = 0
        #: A first read has no rows yet, so that an answer without any is not believed.
        self.begins = False
        #: That the question is answered by no rows is not believed. A proof that shows none is:
        #: nothing contradicts it.
        self._is_doubted = False
        #: The latest answer wrongly had no content; the next one has.
        self._was_false = False
        #: A run that has no rows yet was answered so once; a second time would prove that there are
        #: none.
        self._has_lied = False
        #: Questions of the run that were answered, by their kind.
        self.asked: Counter[str] = Counter()
        self._begun = 0.0

    def begin_run(self, *, begins: bool) -> None:
        self.begins = begins
        self._has_lied = False
        self.asked = Counter()
        self._world.troubles = 0
        self._world.restores = True
        self._begun = self._world.now

    def count_deeds(self) -> int:
        """Of the run, and of the seconds before it that lists of a proof show, too; and what failed
        in it."""
        moments = self._world.moments
        # Where our clock is behind, Zoho's time at a moment of ours is taken for as early.
        shown_s = _SHOWN_S + max(0.0, -self._traits.ahead_s)
        done = len(moments) - bisect_left(moments, self._begun - shown_s)
        return done + self._world.troubles

    def now(self) -> Moment:
        """Of our clock."""
        return self._world.now + self._traits.ahead_s

    def answer(self, question: Question) -> Any:
        """As the requester has it. Raises what it raises."""
        kind = _name_kind(question)
        self.asked[kind] += 1
        self._is_doubted = self.begins and not _proves(question)
        self._begin(question)
        if isinstance(question, Query):
            query = question
            return self._ask_for_rows(lambda: self._queries.answer(query), query.promised)
        if isinstance(question, Count):
            return self._queries.count(question)
        if isinstance(question, ListRecords):
            since, params = self._find_header(question.since), question.params
            promised = question.promised or "page_token" in params or params.get("page", "1") != "1"
            return self._ask_for_rows(lambda: self._lists.list_records(params, since), promised)
        if isinstance(question, ListDeletions):
            after, number = self._find_header(question.since) or 0, question.page
            page = self._ask_for_rows(lambda: self._lists.list_deletions(after, number), number > 1)
            self._world.restores = not (_proves(question) and page.more)
            return page
        if isinstance(question, GetRecords):
            below, params = question.below, question.params
            return self._ask_for_rows(lambda: self._lists.get_records(below, params), True).rows
        if isinstance(question, CreateExport):
            return self._exports.create(question.query)
        if isinstance(question, PollExport):
            return self._exports.poll(question.job)
        assert isinstance(question, FetchExport)
        return self._exports.fetch(question.job)

    def _begin(self, question: Question) -> None:
        """Time passes before the call; and the call may fail."""
        world, rate = self._world, self._traits.call_fails
        proves = _proves(question)
        if proves and isinstance(question, ListDeletions):
            world.restores = False
        self.live()
        if proves:
            # Until its deletions have been listed, whatever else is asked meanwhile: a record that
            # is restored between the two lists of a proof would be in neither, and one that is
            # between two pages of the second would hide another. Where that is refused, nothing is
            # proven.
            world.restores = self._traits.deletions == "refused"
        if rate and not world.calm and self._random() < rate:
            raise fail_for_now()

    def live(self) -> None:
        """Time passes, and people work."""
        world, random = self._world, self._random
        chance = random()
        if chance > 0.5:
            world.now += 0.3 if chance < 0.7 else 1.0 if chance < 0.95 else 7.0
        if self.deeds_left > 0 and not world.calm:
            deeds = random() * 2 * self.rate
            for _ in range(int(deeds) + (random() < deeds % 1)):
                self.deeds_left -= 1
                world.move()

    def _ask_for_rows(self, ask: Callable[[], Page], promised: bool) -> Page:
        """A page; without the rows that were promised, Zoho is asked a second time."""
        page, believed = ask(), not (promised or self._is_doubted)
        if page.rows and not (believed or self._was_false or self._world.calm):
            lies = self._random() < self._traits.false_answers
            self._was_false = lies and not (self.begins and self._has_lied)
            if self._was_false:
                self._has_lied = True
                self._world.troubles += 1
                page = Page([], more=False)
        else:
            self._was_false = False
        if promised and not page.rows and self.asks_again:
            self._was_false = False
            self.live()
            page = ask()
        return page

    def _find_header(self, since: datetime | Moment | None) -> int | None:
        if since is None:
            return None
        if isinstance(since, datetime):
            return int(since.timestamp()) - _EARLIER_S
        return int(self._convert(since).timestamp() - _CLOCK_S - _EARLIER_S)
