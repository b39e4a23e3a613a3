from source_zoho_crm.roads.slices import slices
from zoho_crm.fields import Field


def fields(count: int, data_type: str = "text") -> list[Field]:
    return [Field("id", "bigint"), Field("Modified_Time", "datetime")] + [
        Field(f"F{number}", data_type) for number in range(count)
    ]


def test_forty_eight_fields_besides_id_and_cursor_fit_one_slice() -> None:
    assert [len(s) for s in slices(fields(48), most=50, most_formulas=50, with_id=True)] == [50]


def test_each_slice_carries_id_and_cursor() -> None:
    found = slices(fields(100), most=50, most_formulas=50, with_id=True)
    assert [len(s) for s in found] == [50, 50, 6]
    assert all(s[:2] == ("id", "Modified_Time") for s in found)
    assert [name for s in found for name in s[2:]] == [f"F{number}" for number in range(100)]


def test_without_cursor_a_slice_holds_one_column_more() -> None:
    found = slices(
        [Field("id", "bigint"), *fields(49)[2:]], most=50, most_formulas=50, with_id=True
    )
    assert [len(s) for s in found] == [50]


def test_formulas_are_spread_over_slices() -> None:
    mixed = fields(3) + [Field(f"C{n}", "formula", "double") for n in range(12)]
    found = slices(mixed, most=50, most_formulas=5, with_id=True)
    assert [sum(name.startswith("C") for name in s) for s in found] == [5, 5, 2]


def test_a_module_of_ids_only_is_one_slice() -> None:
    assert slices(fields(0), most=50, most_formulas=5, with_id=True) == [("id", "Modified_Time")]
