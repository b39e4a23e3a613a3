"""Results of bulk write jobs: which row each of their rows is of, and what it says."""

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import IO
from zoneinfo import ZoneInfo

import pytest

from destination_zoho_crm.bulk_columns import build_columns, write_datetime
from destination_zoho_crm.bulk_results import (
    BadResultError,
    RowResult,
    match_results,
    may_be_written,
    read_result,
)
from unit_tests.destination.conftest import stream
from unit_tests.destination.plans import planned

INSERT = planned(stream("Contacts", "Last_Name", "Email"))
UPSERT = planned(stream("Contacts", "Last_Name", "Email", mode="append_dedup", key="Email"))
HEADER = ("Email", "Last_Name", "STATUS", "RECORD_ID", "ERRORS")


def pack(*rows: Sequence[str], files: int = 1) -> IO[bytes]:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(files):
            archive.writestr(f"Contacts-{number}", text.getvalue())
    return packed


def match(
    *rows: Sequence[str], sent: Sequence[Sequence[str]], insert: bool = False
) -> dict[int, RowResult]:
    plan = INSERT if insert else UPSERT
    columns = build_columns(plan, None)
    if insert:
        assert [column.name for column in columns] == ["Last_Name", "Email"]
    return match_results(pack(*rows), columns, plan.key and plan.key.name, sent)


def test_a_row_is_told_by_its_key_whatever_its_letter_case() -> None:
    found = match(
        HEADER,
        ("b@x.test", "other", "Updated", "2", ""),
        ("A@x.test ", "L", "added", "1", ""),
        sent=[("a@x.test", "L"), ("B@x.test", "M"), ("c@x.test", "N")],
    )

    assert found == {0: RowResult("added", "1", ""), 1: RowResult("updated", "2", "")}


def test_equal_rows_get_equal_results_in_their_order_or_none_at_all() -> None:
    header = ("Last_Name", "Email", *HEADER[2:])
    results = [
        ("L", "", "added", "1", ""),
        ("M", "", "added", "2", ""),
        ("L", "", "skipped", "", "X"),
    ]

    found = match(header, *results, sent=[("L", ""), ("L", ""), ("M", "")], insert=True)
    fewer = match(header, *results[:2], sent=[("L", ""), ("L", ""), ("M", "")], insert=True)
    more = match(header, *results, sent=[("L", ""), ("M", "")], insert=True)

    assert [found[number].record_id for number in range(3)] == ["1", "", "2"]
    assert fewer.keys() == {2}
    assert more.keys() == {1}


def test_rows_that_only_the_result_takes_for_equal_get_no_result_of_another() -> None:
    """No page says in which order the results are."""
    header = ("Last_Name", *HEADER[2:])
    sent = [("L", "a@x.test"), ("L", "b@x.test")]
    added = ("L", "added", "1", "")

    mixed = match(header, ("L", "skipped", "", "X"), added, sent=sent, insert=True)
    alike = match(header, added, ("L", "added", "2", ""), sent=sent, insert=True)

    assert mixed == {}
    assert [alike[number].status for number in range(2)] == ["added", "added"]


def test_a_column_that_is_called_like_one_of_the_outcome_is_not_taken_for_it() -> None:
    plan = planned(stream("Contacts", "id", "Last_Name", mode="update", key="id"))
    columns = build_columns(plan, None)
    packed = pack(("id", "Last_Name", "Status", "ID", "Errors"), ("7", "L", "updated", "7", ""))

    assert match_results(packed, columns, "id", [("7", "L")]) == {0: RowResult("updated", "7", "")}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("Email", "RECORD_ID", "ERRORS")], "no column STATUS"),
        ([("Other", "STATUS", "RECORD_ID", "ERRORS")], "none of the columns"),
        ([], "no column"),
    ],
)
def test_a_result_without_its_columns_is_none(rows: list[tuple[str, ...]], words: str) -> None:
    with pytest.raises(BadResultError, match=words):
        match(*rows, sent=[])
    with pytest.raises(BadResultError, match="2 files"):
        match_results(pack(HEADER, files=2), [], None, [])


def test_a_row_of_another_length_says_nothing() -> None:
    assert match(HEADER, ("a@x.test", "L"), sent=[("a@x.test", "L")]) == {}


@pytest.mark.parametrize(
    ("errors", "code", "field", "said"),
    [
        ("DUPLICATE_DATA-Code", "DUPLICATE_DATA", "Code", "another record has this value"),
        (
            "MANDATORY_NOT_FOUND-Last_Name,Email",
            "MANDATORY_NOT_FOUND",
            "Last_Name, Email",
            "a new record needs a value",
        ),
        (
            "MANDATORY_NOT_FOUND-Last_Name:DUPLICATE_DATA-Email",
            "MULTIPLE_OR_MULTI_ERRORS",
            "Last_Name, Email",
            "Last_Name: a new record needs a value; Email: another record has this value",
        ),
        ("NOT_APPROVED", "NOT_APPROVED", None, "the record waits for approval"),
        ("BLOCKED_RECORD-id", "BLOCKED_RECORD", "id", "the record is locked"),
    ],
)
def test_errors_are_told_in_the_words_of_rest(
    errors: str, code: str, field: str | None, said: str
) -> None:
    outcome = read_result(UPSERT, RowResult("skipped", "", errors))

    assert outcome is not None
    assert (outcome.result, outcome.code, outcome.field, outcome.loggable) == (
        "rejected",
        code,
        field,
        said,
    )
    assert code not in outcome.message


@pytest.mark.parametrize(
    ("status", "errors", "written"),
    [
        ("skipped", "INVALID_DATA-Email", False),
        ("skipped", "DUPLICATE_DATA-Code:INVALID_DATA-Email", False),
        ("skipped", "", False),
        ("unprocessed", "", False),
        ("success", "", True),
        ("strange", "", True),
    ],
)
def test_what_a_result_leaves_open_is_asked_of_rest(
    status: str, errors: str, written: bool
) -> None:
    result = RowResult(status, "", errors)

    assert read_result(UPSERT, result) is None
    assert may_be_written(result) is written


@pytest.mark.parametrize(
    ("zone", "moment", "text"),
    [
        ("UTC", "2026-03-04T05:06:07+00:00", "2026-03-04 05:06:07"),
        ("Asia/Kolkata", "2026-03-04T20:06:07+00:00", "2026-03-05 01:36:07"),
        ("America/Los_Angeles", "2026-07-04T05:06:07+00:00", "2026-07-03 22:06:07"),
    ],
)
def test_a_time_is_that_of_the_users_clock(zone: str, moment: str, text: str) -> None:
    assert write_datetime(ZoneInfo(zone), moment) == text
