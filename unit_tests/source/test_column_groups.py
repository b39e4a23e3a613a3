from source_zoho_crm.readers.column_groups import group_columns
from zoho_crm.fields import Field


def fields(count: int, data_type: str = "text") -> list[Field]:
    return [Field("id", "bigint"), Field("Modified_Time", "datetime")] + [
        Field(f"F{number}", data_type) for number in range(count)
    ]


def test_forty_eight_fields_besides_id_and_cursor_fit_one_column_group() -> None:
    assert [len(s) for s in group_columns(fields(48), most=50, most_formulas=50, with_id=True)] == [
        50
    ]


def test_each_column_group_carries_id_and_cursor() -> None:
    found = group_columns(fields(100), most=50, most_formulas=50, with_id=True)
    assert [len(s) for s in found] == [50, 50, 6]
    assert all(s[:2] == ("id", "Modified_Time") for s in found)
    assert [name for s in found for name in s[2:]] == [f"F{number}" for number in range(100)]


def test_without_cursor_a_column_group_holds_one_column_more() -> None:
    found = group_columns(
        [Field("id", "bigint"), *fields(49)[2:]], most=50, most_formulas=50, with_id=True
    )
    assert [len(s) for s in found] == [50]


def test_formulas_are_spread_over_column_groups() -> None:
    mixed = fields(3) + [Field(f"C{n}", "formula", "double") for n in range(12)]
    found = group_columns(mixed, most=50, most_formulas=5, with_id=True)
    assert [sum(name.startswith("C") for name in s) for s in found] == [5, 5, 2]


def test_a_module_of_ids_only_is_one_column_group() -> None:
    assert group_columns(fields(0), most=50, most_formulas=5, with_id=True) == [
        ("id", "Modified_Time")
    ]
