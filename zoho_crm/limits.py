"""What Zoho allows an org and what it charges ("API Limits"; the same table in every version)."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import orjson
import requests


class Edition(NamedTuple):
    credits: int
    credits_per_user: int
    most_credits: int | None
    calls_at_once: int


EDITIONS = {
    "free": Edition(5_000, 0, 5_000, 5),
    "standard": Edition(50_000, 250, 100_000, 10),
    "starter": Edition(50_000, 250, 100_000, 10),
    "professional": Edition(50_000, 500, 3_000_000, 15),
    "enterprise": Edition(50_000, 1_000, 5_000_000, 20),
    "zohoone": Edition(50_000, 1_000, 5_000_000, 20),
    "ultimate": Edition(50_000, 2_000, None, 25),
    "crmplus": Edition(50_000, 2_000, None, 25),
}

#: What every edition allows.
LEAST_CALLS_AT_ONCE = 5
#: Of the class that `Weight.sub` tells, in every edition.
SUB_CALLS_AT_ONCE = 10
#: A write of more records is in the class.
_SMALL_WRITE = 10
#: Records that one credit pays for when they are inserted, updated or upserted. UNVERIFIED: that a
#: deletion of up to a hundred records costs one credit; no page of Zoho's says.
RECORDS_PER_CREDIT = 10


def compute_calls_at_once(org: Mapping[str, Any], now: datetime) -> int:
    """From the answer of "Get Organization"; an unknown edition gets what every edition allows.

    `now` is Zoho's: a trial has the limits of its edition for as long as it runs.
    """
    edition = _find_edition(org, now)
    return edition.calls_at_once if edition else LEAST_CALLS_AT_ONCE


def compute_daily_credits(org: Mapping[str, Any], now: datetime) -> int | None:
    """The org's credits of a rolling day; None where its edition is not known.

    UNVERIFIED: that no answer names credits that an org has bought beside those of its edition. No
    page says how one would, so they are not counted here, and a reserve is a share of too small a
    number. Where Zoho says that more are left than these, `Usage` takes that number for the total.
    Until then a sync that keeps a reserve may end too early.
    """
    edition = _find_edition(org, now)
    if edition is None:
        return None
    users = int((org.get("license_details") or {}).get("users_license_purchased") or 0)
    credits_ = edition.credits + edition.credits_per_user * users
    return credits_ if edition.most_credits is None else min(credits_, edition.most_credits)


def name_edition(org: Mapping[str, Any], now: datetime) -> str:
    """As Zoho spells it; empty where it does not say."""
    return str(_read_edition(org, now) or "")


def _find_edition(org: Mapping[str, Any], now: datetime) -> Edition | None:
    name = str(_read_edition(org, now)).lower()
    return EDITIONS.get(re.sub(r"[^a-z]", "", name))


def _read_edition(org: Mapping[str, Any], now: datetime) -> object:
    details = org.get("license_details") or {}
    paid = details.get("paid") is not False
    name = details.get("paid_type")
    tried, doubtful = details.get("trial_type"), not (paid and name)
    if tried and _is_on_trial(details.get("trial_expiry"), now, unknown=doubtful):
        name = tried
    elif not paid:
        name = "Free"
    return name


def _is_on_trial(expiry: object, now: datetime, *, unknown: bool) -> bool:
    """Whether a trial that ends then is running; `unknown`: the answer where that is not known."""
    try:
        ends = datetime.fromisoformat(str(expiry))
    except ValueError:
        return unknown
    return (ends if ends.tzinfo else ends.replace(tzinfo=UTC)) > now


#: Records that one credit pays for when tags are added to them.
TAGGED_PER_CREDIT = 50
#: A bulk read job, with any number of rows ("Bulk Read").
CREDITS_OF_AN_EXPORT = 50

#: A bulk write job, with any number of rows ("API Limits").
CREDITS_OF_A_BULK_WRITE = 500


def compute_query_credits(limit: int) -> int:
    """What a COQL query costs. UNVERIFIED: that it is charged by its LIMIT, not by its rows."""
    return 1 if limit <= 200 else 2 if limit <= 1_000 else 3


class Weight(NamedTuple):
    """What a call counts for."""

    credits: int
    #: It is in the class of which Zoho serves ten at a time ("API Limits: Sub-concurrency"): COQL,
    #: sorted lists, and inserts, updates and upserts of many records.
    sub: bool


_LIMIT = re.compile(rb"\blimit (?:\d+, ?)?(\d+)")
_SUB_PARAMETERS = re.compile(r"[?&](sort_by|cvid)=")


def weigh(request: requests.PreparedRequest) -> Weight:
    """Tells by the request itself.

    UNVERIFIED: that what the page does not name is outside of the class: single records,
    deletions and bulk jobs.
    """
    url = request.url or ""
    path = url.partition("?")[0]
    if path.endswith("/coql"):
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        limit = _LIMIT.findall(body)
        return Weight(compute_query_credits(int(limit[-1]) if limit else 200), sub=True)
    if request.method == "POST" and path.endswith("/read"):
        return Weight(CREDITS_OF_AN_EXPORT, sub=False)
    if request.method == "POST" and path.endswith("/write"):
        return Weight(CREDITS_OF_A_BULK_WRITE, sub=False)
    if path.endswith("/upload"):
        # UNVERIFIED: no page names the price of an upload.
        return Weight(1, sub=False)
    if path.endswith("/add_tags"):
        return Weight(max(1, math.ceil(_count_ids(request) / TAGGED_PER_CREDIT)), sub=False)
    if request.method in ("POST", "PUT"):
        records = _count_records(request.body)
        credits_ = max(1, math.ceil(records / RECORDS_PER_CREDIT))
        return Weight(credits_, sub=records > _SMALL_WRITE)
    return Weight(1, sub=_SUB_PARAMETERS.search(url) is not None)


def _count_ids(request: requests.PreparedRequest) -> int:
    """The records that a call names in its body, or in its address."""
    named = parse_qs(urlsplit(request.url or "").query).get("ids")
    return named[0].count(",") + 1 if named else _count_list(request.body, "ids")


def _count_records(body: object) -> int:
    return _count_list(body, "data")


def _count_list(body: object, key: str) -> int:
    try:
        items = orjson.loads(body)[key]  # type: ignore[arg-type]  # no body is a TypeError
    except (ValueError, TypeError, KeyError):
        return 0
    return len(items) if isinstance(items, list) else 0
