"""Which deletions are emitted as tombstones."""

from datetime import UTC, datetime

import pytest

from source_zoho_crm.readers.steps import ListDeletions
from source_zoho_crm.readers.tombstones import read_tombstones
from unit_tests.source.reading import play
from zoho_crm.answers import Page

SINCE = datetime(2024, 6, 5, 2, 4, 9, tzinfo=UTC)
END = datetime(2024, 6, 5, 3, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timestamp", "reported"),
    [
        ("2024-06-05T02:04:08Z", False),
        ("2024-06-05T02:04:09Z", True),
        ("2024-06-05T04:04:09+02:00", True),
        ("2024-06-05T03:00:00Z", True),
        ("2024-06-05T03:00:01Z", False),
    ],
)
def test_the_first_and_the_last_second_of_a_run_are_emitted(timestamp: str, reported: bool) -> None:
    listed = Page([{"id": "1", "deleted_time": timestamp}], more=False)

    pages = play(read_tombstones("Leads", SINCE, END), lambda _: listed)

    assert [row["id"] for page in pages for row in page] == (["1"] if reported else [])


def test_a_deletion_that_two_readings_miss_is_in_the_next() -> None:
    """A record is restored between two pages of both, and another is deleted between them; each
    time this moves the same row across the border."""
    late = "2024-06-05T03:00:09Z"
    pages = iter(["43", "1", "53", "1", "32", "1", "32", "1"])

    def list_deletions(question: ListDeletions) -> Page:
        times = {key: f"2024-06-05T02:30:0{key}Z" for key in "1234"} | {"5": late}
        rows = [{"id": key, "deleted_time": times[key]} for key in next(pages)]
        return Page(rows, more=question.page == 1)

    read = play(read_tombstones("Leads", SINCE, END), list_deletions)

    assert [row["id"] for page in read for row in page] == ["4", "3", "1", "2"]
    assert not list(pages)
