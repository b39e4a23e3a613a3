"""What an answer of Zoho is: a page, a documented "no rows", or unreadable. Only this file decides.

"No rows" is HTTP 204, or 304 if `If-Modified-Since` was sent, or an empty list. Anything else that
lacks the content that Zoho documents is an UndocumentedError: the requester repeats the call, and
gives up after some tries. It never ends a list, and never means "not there" ("Status Codes and
Error Handling").
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import requests

from zoho_crm.json_text import parse_json

Row = dict[str, Any]

T = TypeVar("T")

#: Lists that no org has empty. Without modules, all streams would end silently; without users, a
#: full refresh would empty their table.
_NEVER_EMPTY = frozenset({"modules", "org", "profiles", "roles", "users"})


class UndocumentedError(Exception):
    """The answer lacks what Zoho documents; the text completes "that cannot be read: "."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one call gives of a list or of a query."""

    rows: list[Row]
    more: bool
    next_token: str | None = None
    #: Bytes of the answer, unpacked.
    size: int = 0


#: None: no rows.
Body = Mapping[str, Any] | None


def parse_body(response: requests.Response) -> Body:
    """The JSON object of a good answer; None: it has no rows, and says so."""
    if response.status_code == requests.codes.no_content:
        return None
    if response.status_code == requests.codes.not_modified:
        if "If-Modified-Since" in response.request.headers:
            return None
        raise UndocumentedError("it was not asked what was modified")
    try:
        body = parse_json(response.content)
    except ValueError:
        raise UndocumentedError("it is not JSON" if response.content else "it is empty") from None
    except (requests.RequestException, RuntimeError) as error:
        # Of a streamed answer; what was broken off once is consumed, which is a RuntimeError.
        raise UndocumentedError(f"it broke off ({type(error).__name__})") from error
    if not isinstance(body, dict):
        raise UndocumentedError("it is not a JSON object")
    return body


def measure(found: T, response: requests.Response) -> T:
    """What was read of an answer; a page with the answer's size."""
    if isinstance(found, Page):
        return replace(found, size=len(response.content))
    return found


def accept_any_body(body: Body) -> Body:
    return body


def build_entries_parser(key: str) -> Callable[[Body], list[Row]]:
    """Reads the list under a key: settings, or records that no others follow."""

    def read(body: Body) -> list[Row]:
        return build_page_parser(key, infos=False)(body).rows

    return read


def build_page_parser(
    key: str = "data", *, infos: bool = True, after_first: bool = False
) -> Callable[[Body], Page]:
    """Reads a page of a list. `infos`: Zoho documents that it says whether more rows follow;
    `after_first`: it is not the first page."""

    def read(body: Body) -> Page:
        rows, info = _find_rows(body, key), (body or {}).get("info")
        if not rows and key in _NEVER_EMPTY and not after_first:
            raise UndocumentedError(f"its list {key!r} is empty")
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
            raise UndocumentedError(
                f"it counts {count:,} {'row' if count == 1 else 'rows'} and has {len(rows):,}"
            )
        return Page(rows, more, info.get("next_page_token"))

    return read


def _find_rows(body: Body, key: str) -> list[Row]:
    rows = [] if body is None else body.get(key)
    if not isinstance(rows, list):
        raise UndocumentedError(f"it has no list {key!r}")
    # An odd entry of a settings list is left out by its reader.
    if key == "data" and not all(type(row) is dict and type(row.get("id")) is str for row in rows):
        raise UndocumentedError("some of its rows have no id")
    return rows
