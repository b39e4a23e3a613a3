import pytest

from zoho_crm.coql import (
    build_and,
    build_between,
    build_select,
    format_datetime,
    quote_column,
    quote_string,
)


@pytest.mark.parametrize(
    ("value", "literal"),
    [("plain", "'plain'"), ("O'Hara", "'O''Hara'"), ("' or '1", "''' or ''1'")],
)
def test_quotes_are_doubled(value: str, literal: str) -> None:
    assert quote_string(value) == literal


@pytest.mark.parametrize(
    ("name", "written"), [("Email", "Email"), ("Order", "'Order'"), ("External", "'External'")]
)
def test_reserved_words_are_quoted(name: str, written: str) -> None:
    assert quote_column(name) == written


def test_datetimes_carry_a_numeric_offset() -> None:
    assert format_datetime("2024-06-05T02:04:09Z") == "'2024-06-05T02:04:09+00:00'"


def test_a_query_is_written_out() -> None:
    where = build_and(
        build_between("Modified_Time", "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"), "id > 5"
    )
    assert build_select(("id", "Email"), "Leads", where, limit=200) == (
        "select id, Email from Leads where (Modified_Time between '2024-01-01T00:00:00+00:00' "
        "and '2024-01-02T00:00:00+00:00' and id > 5) order by id asc limit 200"
    )
