"""What an answer of Zoho is: a page, a documented "no rows", or unreadable. Nobody else decides.

"No rows" is HTTP 204, or 304 where `If-Modified-Since` leaves none, or an empty list. Whatever else
lacks the content that Zoho documents is an UndocumentedError: the requester asks again, and gives
up in the end. It never ends a list, and never means "not there" ("Status Codes and Error
Handling").
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from zoho_crm.json_text import parsed

Row = dict[str, Any]

_NO_ROWS = (requests.codes.no_content, requests.codes.not_modified)
#: Lists that no org has empty: without them, all streams would end in silence.
_NEVER_EMPTY = frozenset({"modules", "org"})


class UndocumentedError(Exception):
    """The answer lacks what Zoho documents; the text completes "that cannot be read: "."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one call gives of a list or of a query."""

    rows: list[Row]
    more: bool
    next_token: str | None = None


#: None: no rows.
Body = Mapping[str, Any] | None


def body_of(response: requests.Response) -> Body:
    """The JSON object of a good answer; None: it has no rows, and says so."""
    if response.status_code in _NO_ROWS:
        return None
    try:
        body = parsed(response.content)
    except ValueError:
        raise UndocumentedError("it is no JSON" if response.content else "it is empty") from None
    except (requests.RequestException, RuntimeError) as error:
        # Of a streamed answer; what was broken off once is consumed, which is a RuntimeError.
        raise UndocumentedError(f"it broke off ({type(error).__name__})") from error
    if not isinstance(body, dict):
        raise UndocumentedError("it is no JSON object")
    return body


def anything(body: Body) -> Body:
    return body


def entries(key: str) -> Callable[[Body], list[Row]]:
    """Reads the list under a key: settings, or records without any behind them."""

    def read(body: Body) -> list[Row]:
        return page(key, infos=False)(body).rows

    return read


def page(key: str = "data", *, infos: bool = True) -> Callable[[Body], Page]:
    """Reads a page of a list. `infos`: Zoho documents that it says whether more rows follow."""

    def read(body: Body) -> Page:
        rows, info = _rows(body, key), (body or {}).get("info")
        if body is None or (info is None and not infos):
            return Page(rows, more=False)
        if not isinstance(info, Mapping):
            raise UndocumentedError("it has no info about the rows that follow")
        more, count = info.get("more_records", None if infos else False), info.get("count")
        if not isinstance(more, bool):
            raise UndocumentedError("its info does not say whether more rows follow")
        if more and not rows:
            raise UndocumentedError("it has no rows and promises more")
        # UNVERIFIED: that the count of a settings list is of its page; that of tags is of the org.
        if infos and isinstance(count, int) and count != len(rows):
            raise UndocumentedError(f"it counts {count:,} rows and has {len(rows):,}")
        return Page(rows, more, info.get("next_page_token"))

    return read


def _rows(body: Body, key: str) -> list[Row]:
    rows = [] if body is None else body.get(key)
    if not isinstance(rows, list):
        raise UndocumentedError(f"it has no list {key!r}")
    if not rows and key in _NEVER_EMPTY:
        raise UndocumentedError(f"its list {key!r} is empty")
    if not all(type(row) is dict for row in rows):
        raise UndocumentedError(f"its list {key!r} has entries that are no objects")
    if key == "data" and not all(type(row.get("id")) is str for row in rows):
        raise UndocumentedError("some of its rows have no id")
    return rows
