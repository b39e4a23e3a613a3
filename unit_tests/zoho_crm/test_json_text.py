"""Answers in which a value is odd."""

import json
import math

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho_crm.json_text import parse_json

LONE = ["\\ud800", "\\uDC00", "\\ud800\\ud800", "\\ud83dx"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.text(), some),
    max_leaves=10,
)


@pytest.mark.parametrize("lone", LONE)
def test_half_of_a_surrogate_pair_becomes_a_replacement_character(lone: str) -> None:
    (text,) = parse_json(f'["a{lone}b"]'.encode())

    assert text.startswith("a\ufffd")
    assert text.endswith("b")
    assert orjson.dumps(text)


def test_whole_pairs_beside_it_and_keys_are_read() -> None:
    read = parse_json(b'{"k\\udfff": ["\\ud83d\\ude00 \\ud83d", "\\\\ud800", "\xc3\xa4"]}')
    assert read == {"k\ufffd": ["😀 \ufffd", "\\ud800", "ä"]}


@pytest.mark.parametrize("control", ["\x00", "\x01", "\t", "\n", "\x1f"])
def test_a_raw_control_character_stands_for_itself(control: str) -> None:
    assert parse_json(f'{{"a": "x{control}y"}}'.encode()) == {"a": f"x{control}y"}


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" * 400, "1" * 5_000, "NaN", "Infinity"])
def test_a_number_that_is_none_costs_itself(number: str) -> None:
    read = parse_json(f'{{"a": {number}, "b": 1}}'.encode())

    assert read["b"] == 1
    assert not math.isfinite(read["a"])
    assert orjson.dumps(read) == b'{"a":null,"b":1}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b'{"a": "x',
        b'{"a": 1} 2',
        b"\xff",
        b'{"a": 1\xff}',
        '"a"'.encode("utf-16"),
        b"[" * 3_000 + b"]" * 3_000,
        b'"\x01' + b"[" * 3_000,
    ],
)
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_json(content)


@pytest.mark.parametrize(
    ("odd", "read"),
    [
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
        (b"\xff", "\ufffd"),
        (b"\xc3", "\ufffd"),
        (b"\xf0\x9f\x98", "\ufffd"),
        (b"\xc0\x80", "\ufffd\ufffd"),
    ],
)
def test_bytes_that_are_no_utf_8_cost_themselves(odd: bytes, read: str) -> None:
    content = b'{"id": "1", "a": "x' + odd + b'y", "b": "\xc3\xa4"}'
    assert parse_json(content) == {"id": "1", "a": f"x{read}y", "b": "ä"}


@given(ANYTHING)
def test_an_odd_value_changes_no_other(value: object) -> None:
    """An odd neighbour has the whole text read in another way."""
    text = json.dumps(value)
    alone = orjson.loads(text) if _plain(text) else parse_json(text.encode())
    assert parse_json(f'["\\ud800", {text}]'.encode()) == ["\ufffd", alone]


def _plain(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
