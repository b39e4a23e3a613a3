"""What Zoho's documentation leaves open, and what it says of a module and a version."""

from dataclasses import dataclass
from typing import Any, Literal

from unit_tests.source.model.columns import NARROW, Columns
from unit_tests.source.model.sizes import VERSIONS

Deletions = Literal["listed", "none", "refused"]


@dataclass(frozen=True, slots=True)
class Traits:
    """An org as the schedule finds it. Each comment names what is not documented."""

    version_name: str = "v4"
    columns: Columns = NARROW
    #: Records can be converted; whether COQL shows those is not documented.
    convertible: bool = False
    coql_shows_converted: bool = True
    #: Rows belong to records of another module. Whether Zoho lists their deletions is not
    #: documented: it does, it shows none, or it refuses.
    child: bool = False
    deletions: Deletions = "listed"
    #: `If-Modified-Since` includes its own second, and `between` of exports its ends.
    inclusive: bool = True
    #: A page token stands behind the last row of its page, counts rows as they are when it is used,
    #: or pages through what there was when the list began.
    tokens: Literal["stand", "count", "snapshot"] = "count"
    #: The order of the list of deletions, and of the rows of an export.
    deletions_order: Literal["newest", "oldest", "any"] = "newest"
    export_order: Literal["id", "modified", "any"] = "id"
    #: Lists of different columns have the rows of one second in different orders.
    own_orders: bool = True
    #: Pages that lists without page tokens reach; None: all.
    reach: int | None = None
    #: An id that is not there is left out, or refuses the call.
    unknown_ids: Literal["left out", "refused"] = "left out"
    #: Queries of v8 that select more columns than those of other versions are refused.
    wide_refused: bool = False
    #: Queries count ids.
    counts_ids: bool = True
    #: The codes with which COQL and exports refuse the module.
    coql_refusal: str | None = None
    bulk_refusal: str | None = None
    #: An export shows the rows of when its job was made, or of when it ran.
    exports_begin_late: bool = False
    #: A completed job says how many rows it has.
    exports_count: bool = True
    #: An export without rows has a file, or none.
    empty_exports_are_gone: bool = False
    #: How often an answer wrongly has no content, a page token has expired, a job or its result
    #: fails, and a call ends with an error that passes.
    false_answers: float = 0.0
    token_expires: float = 0.0
    job_fails: float = 0.0
    call_fails: float = 0.0
    #: Seconds that our clock is ahead of Zoho's.
    ahead_s: float = 0.0

    @property
    def version(self) -> Any:
        return VERSIONS[self.version_name]
