"""What an export's file becomes."""

import csv
import io
import json
import logging
import tracemalloc
import zipfile

import orjson
import pytest
from airbyte_cdk.utils import AirbyteTracedException
from hypothesis import given
from hypothesis import strategies as st

from source_zoho_crm.readers import export_file
from unit_tests.zoho_crm.test_fields import FIELDS, NEAR_TIMESTAMPS
from zoho_crm.fields import Field, build_caster


def field(data_type: str, **more) -> Field:
    return Field.from_metadata({"api_name": "X", "data_type": data_type, **more})


def zipped(text: str | bytes, *more: str) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.csv", text)
        for name in more:
            archive.writestr(name, "")
    return file


def table(*lines: list[str]) -> io.BytesIO:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return zipped(text.getvalue())


def read(file: io.BytesIO, *fields: Field, most_rows: int = 200_000) -> list[dict]:
    pages = export_file.read_rows(file, "Leads", fields, most_rows=most_rows)
    return [row for page in pages for row in page]


TAG = {"api_name": "Tag", "json_type": "jsonarray"}


@pytest.mark.parametrize(
    ("described", "cell", "value"),
    [
        (field("text"), "plain", "plain"),
        (field("text"), "0012", "0012"),
        (field("text"), 'a, "b"\r\nc', 'a, "b"\r\nc'),
        (field("textarea"), "x" * 200_000, "x" * 200_000),
        (field("text"), "", None),
        (field("integer"), "0", 0),
        (field("integer"), "-12", -12),
        (field("integer"), "12.0", 12),
        (field("integer"), "", None),
        (field("currency"), "12.5", 12.5),
        (field("currency"), "12", 12),
        (field("currency"), "12.0", 12),
        (field("double"), "1.0E7", 10_000_000),
        (field("double"), "1.5E-7", 1.5e-07),
        (field("percent"), "0.1", 0.1),
        (field("percent"), "", None),
        (field("boolean"), "true", True),
        (field("boolean"), "false", False),
        (field("boolean"), "1", True),
        (field("boolean"), "0", False),
        (field("boolean"), "yes", None),
        (field("integer"), "12.5", None),
        (field("integer"), "9223372036854775808", None),
        (field("currency"), "1_000", None),
        (field("currency"), "nan", None),
        (field("currency"), "1e999", None),
        (field("boolean"), "", None),
        (field("bigint"), "9007199254740993", "9007199254740993"),
        (field("autonumber"), "A-1", "A-1"),
        (field("lookup"), "8009622001000000959", "8009622001000000959"),
        (field("ownerlookup"), "7", "7"),
        (field("lookup"), "", None),
        (field("multiselectpicklist", json_type="jsonarray"), "a;b", ["a", "b"]),
        (field("multiselectpicklist", json_type="jsonarray"), "a", ["a"]),
        (field("multiselectpicklist", json_type="jsonarray"), "", None),
        (field("text", **TAG), "VIP;Größe XL", ["VIP", "Größe XL"]),
        (field("date"), "1961-02-03", "1961-02-03"),
        (field("datetime"), "2024-06-05T02:04:09-07:00", "2024-06-05T09:04:09Z"),
        (field("datetime"), "2024-06-05T02:04:09+05:30", "2024-06-04T20:34:09Z"),
        (field("datetime"), "", None),
        (field("datetime"), "2024-06-05", "2024-06-05T00:00:00Z"),
        (field("date"), "31/12/2024", None),
        (field("formula", formula={"return_type": "double"}), "1.50", 1.5),
        (field("formula", formula={"return_type": "boolean"}), "true", True),
        (field("rollup_summary", json_type="integer"), "7", 7),
        (field("never_heard_of"), "x", "x"),
    ],
)
def test_cells_become_typed_values(described: Field, cell: str, value) -> None:
    file = table(["Id", described.api_name], ["1", cell])

    (row,) = read(file, described)

    assert row == {"id": "1", described.api_name: value}
    assert type(row[described.api_name]) is type(value)


@pytest.mark.parametrize(
    ("described", "cell", "content"),
    [
        (field("currency"), "12", b"12.0"),
        (field("currency"), "12.0", b"12"),
        (field("double"), "1.0E7", b"10000000"),
        (field("double"), "123456789.12", b"123456789.12"),
        (field("double"), "1E3", b"1000"),
        (field("double"), "-0.0", b"-0.0"),
        (field("currency"), "9999999999999999", b"9999999999999999"),
        (field("currency"), "9007199254740993", b"9007199254740993"),
        (field("currency"), "12345678901234567.89", b"12345678901234567.89"),
        (field("currency"), "99999999999999999999", b"99999999999999999999"),
        (field("integer"), "1e3", b"1e3"),
        (field("text"), "", b'""'),
        (field("lookup"), "5", b'{"id": "5", "name": "Five"}'),
        (field("multiselectpicklist", json_type="jsonarray"), "", b"[]"),
        (field("text", **TAG), "VIP", b'[{"name": "VIP", "id": "1"}]'),
        (field("datetime"), "2024-06-05T02:04:09-07:00", b'"2024-06-05T02:04:09-07:00"'),
    ],
)
def test_a_line_is_the_same_from_csv_and_from_json(
    described: Field, cell: str, content: bytes
) -> None:
    from_json, from_csv = both(described, orjson.loads(content), cell)
    assert orjson.dumps(from_csv) == orjson.dumps(from_json)


def both(described: Field, json: object, cell: str) -> tuple[object, object]:
    """What becomes of a value of JSON, and of the cell that says the same."""
    name = described.api_name
    (from_csv,) = read(table(["Id", name], ["1", cell]), described)
    return build_caster([described])({"id": "1", name: json}), from_csv


@given(st.sampled_from(FIELDS), NEAR_TIMESTAMPS | st.floats().map(str) | st.text())
def test_a_text_becomes_the_same_from_a_cell_and_from_json(described: Field, text: str) -> None:
    from_json, from_csv = both(described, text, text)
    assert from_json == from_csv


@given(
    st.sampled_from(FIELDS),
    st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
)
def test_a_number_or_boolean_becomes_the_same_from_a_cell_and_from_json(
    described: Field, value: object
) -> None:
    text = json.dumps(value)
    from_json, from_csv = both(described, orjson.loads(text), text)
    assert orjson.dumps(from_json) == orjson.dumps(from_csv)


@pytest.mark.parametrize("header", ["Id", "id", "ID"])
def test_the_id_is_found_however_it_is_spelled(header: str) -> None:
    assert read(table(["X", header], ["a", "1"]), field("text")) == [{"id": "1", "X": "a"}]


def test_columns_that_nobody_asked_for_are_left_out() -> None:
    file = table(["Id", "LAST_ACTION", "X"], ["1", "EDIT", "a"])
    assert read(file, field("text")) == [{"id": "1", "X": "a"}]


def test_a_column_that_did_not_come_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "airbyte"):
        assert read(table(["Id"], ["1"]), field("text")) == [{"id": "1"}]
    assert "Leads: Zoho's export came without X; these are null." in caplog.text


def test_a_byte_order_mark_is_no_part_of_the_header() -> None:
    assert read(zipped("\ufeffId,X\r\n1,ä\r\n"), field("text")) == [{"id": "1", "X": "ä"}]


@pytest.mark.parametrize("text", ["", "Id,X\r\n"])
def test_an_empty_export_has_no_rows(text: str) -> None:
    assert read(zipped(text), field("text")) == []


def test_rows_come_some_at_a_time() -> None:
    file = table(["Id", "X"], *([str(key), "a"] for key in range(1_000)))
    sizes = [
        len(page) for page in export_file.read_rows(file, "L", [field("text")], most_rows=1_000)
    ]
    assert sum(sizes) == 1_000
    assert max(sizes) < 1_000


def test_more_rows_than_an_export_can_have_are_refused() -> None:
    file = table(["Id", "X"], ["1", "a"], ["2", "b"], ["3", "c"])
    with pytest.raises(AirbyteTracedException, match="more than the 2 rows"):
        read(file, field("text"), most_rows=2)


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_file, "MOST_BYTES", 1_000)
    with pytest.raises(
        AirbyteTracedException, match=r"unpacks to 1,001 bytes, more than the 1,000"
    ):
        read(zipped("x" * 1_001), field("text"))


def test_more_files_than_one_are_refused() -> None:
    with pytest.raises(AirbyteTracedException, match="holds 2 files"):
        read(zipped("Id,X\r\n", "2.csv"), field("text"))


def test_a_header_without_an_id_is_refused() -> None:
    with pytest.raises(AirbyteTracedException, match="no column Id, but X"):
        read(table(["X"], ["a"]), field("text"))


def test_rows_of_another_length_than_the_header_are_refused() -> None:
    with pytest.raises(AirbyteTracedException, match="shorter or longer"):
        read(zipped("Id,X\r\n1,a\r\n2\r\n"), field("text"))


def test_a_blank_line_is_no_row() -> None:
    assert read(zipped("Id,X\r\n1,a\r\n\r\n"), field("text")) == [{"id": "1", "X": "a"}]


@pytest.mark.parametrize(
    ("odd", "value"),
    [(b"\xfc", "\ufffd"), (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"), (b"\xc3", "\ufffd")],
)
def test_bytes_that_are_no_utf_8_cost_themselves(odd: bytes, value: str) -> None:
    lines = b"\xef\xbb\xbfId,X\r\n1,M" + odd + b"ller\r\n2,M\xc3\xbcller\r\n"

    assert read(zipped(lines), field("text")) == [
        {"id": "1", "X": f"M{value}ller"},
        {"id": "2", "X": "Müller"},
    ]


def test_a_damaged_file_is_reported_as_one() -> None:
    file = table(["Id", "X"], *([str(key), "abc"] for key in range(5_000)))
    damaged = bytearray(file.getvalue())
    damaged[200:210] = bytes(10)
    with pytest.raises(AirbyteTracedException, match="damaged"):
        read(io.BytesIO(bytes(damaged)), field("text"))


# --- Sizes


def test_a_long_value_that_a_field_can_hold_is_read() -> None:
    text = "long\n" * 200_000
    assert read(table(["Id", "X"], ["1", text]), field("textarea")) == [{"id": "1", "X": text}]


@pytest.mark.parametrize(
    ("what", "cells"),
    [
        ("value", ["x" * 1_001]),
        ("value", ["a\nb\n" * 251]),
        ("record", ["x" * 900] * 5),
        ("record", ["x\n" * 450] * 5),
        ("record", ["x" * 300] * 20),
    ],
)
def test_what_no_field_of_zohos_can_hold_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, what: str, cells: list[str]
) -> None:
    monkeypatch.setattr(export_file, "MOST_OF_A_CELL", 1_000)
    monkeypatch.setattr(export_file, "MOST_OF_A_ROW", 3_000)
    monkeypatch.setattr(export_file, "_ENOUGH", 500)
    names = [f"X{number}" for number in range(len(cells))]
    fine = ["1" for _ in names]
    file = table(["Id", *names], *(["1", *fine] for _ in range(3)), ["2", *cells])
    most = 1_000 if what == "value" else 3_000

    with pytest.raises(AirbyteTracedException) as caught:
        read(file, field("textarea"))

    assert caught.value.message == (
        f"Leads: Zoho's export holds a {what} of more than {most:,} characters, which no field of "
        "Zoho's can hold. Choose fewer columns, or enable COQL."
    )


@pytest.mark.parametrize("letter", ["x", '"', "\n", "ä"])
def test_a_value_without_end_does_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    monkeypatch.setattr(export_file, "MOST_OF_A_CELL", 50_000)
    monkeypatch.setattr(export_file, "MOST_OF_A_ROW", 100_000)
    file = zipped('Id,X\r\n1,"' + letter * 20_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(AirbyteTracedException, match="Leads: Zoho's export holds a"):
            read(file, field("textarea"))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 3_000_000


@pytest.mark.parametrize("letters", [40, 40_000])
def test_rows_come_at_once_until_they_are_many_or_long(
    monkeypatch: pytest.MonkeyPatch, letters: int
) -> None:
    monkeypatch.setattr(export_file, "_ENOUGH", 100_000)
    file = table(["Id", "X"], *([str(key), "x" * letters] for key in range(260)))

    pages = list(export_file.read_rows(file, "L", [field("textarea")], most_rows=260))

    assert [int(row["id"]) for page in pages for row in page] == list(range(260))
    assert max(len(page) for page in pages) == (250 if letters == 40 else 3)


@pytest.mark.parametrize("key", ["", "x", "-1", "1.0", "²", "123456789012345678901"])
def test_a_record_whose_id_is_no_number_is_refused(key: str) -> None:
    with pytest.raises(
        AirbyteTracedException, match=r"Leads: .* a record whose Id is not a number"
    ):
        read(table(["Id", "X"], ["1", "a"], [key, "b"]), field("text"))
