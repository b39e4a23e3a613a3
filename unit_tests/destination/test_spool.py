"""Rows that wait on disk: they come back as they were, weigh little and leave nothing behind."""

import gc
import io
import json
import random
import tempfile
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.bulk_files import MOST_ROWS
from destination_zoho_crm.lookup_values import Sought
from destination_zoho_crm.protocol import read_messages
from destination_zoho_crm.row_counts import Segment
from destination_zoho_crm.row_order import RowOrder
from destination_zoho_crm.rows import EncodedRow
from destination_zoho_crm.spool import Chunk
from destination_zoho_crm.spooled_rows import Part, build_parts
from unit_tests.destination.conftest import row

Record = Mapping[str, Any]

_OPEN: list[Chunk] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


def make_chunk() -> Chunk:
    """Closed when the test ends."""
    _OPEN.append(Chunk())
    return _OPEN[-1]


def encode(record: Record, key: str | None = None, segment: Segment | None = None) -> EncodedRow:
    (message,) = read_messages([row("Leads", {"Sent": str(record)})])
    return EncodedRow(segment or Segment(), message, record, key)  # type: ignore[arg-type]


def spool(records: Sequence[Record], *fields: str, key: str | None = None) -> Chunk:
    """A chunk of these records; `key` is the field by which rows are of one record."""
    chunk, order = make_chunk(), RowOrder(fields)
    for record in records:
        found = str(record[key]).lower() if key else None
        chunk.append(encode(record, found), order.find_match_values(record))
    chunk.seal()
    return chunk


def group(records: Sequence[Record], *fields: str, key: str | None = "k") -> list[list[Any]]:
    """The texts of the rows, by record and part."""
    parts = build_parts(spool(records, *fields, key=key), RowOrder(fields))
    return [[[one.row.data["Sent"] for one in rows.rows] for rows in part] for part in parts]  # type: ignore[index]


def texts(*places: Sequence[Sequence[int]], of: Sequence[Record]) -> list[list[list[str]]]:
    return [[[str(of[n]) for n in rows] for rows in part] for part in places]


def test_rows_come_back_as_they_came() -> None:
    sent = [
        b'{"type": "RECORD", "record": {"stream": "Leads", "data": {"a": "\xc3\xa9\\n"}}}',
        b'{"type":"RECORD","record":{"stream":"Leads","namespace":"x","data":{"a":NaN}}}',
        b'{"type":"RECORD","rejected":{"code":"C"},"record":{"stream":"Leads","data":{}}}',
    ]
    rows = list(read_messages(sent))
    records: list[Record] = [
        {"a": "é\n", "b": None, "c": [1, 2.5, True], "d": Sought("Accounts", "Name", "x")},
        {"big": 2**70, "exact": Decimal("1.50")},
        {},
    ]
    chunk = make_chunk()
    for one, record in zip(rows, records, strict=True):
        chunk.append(EncodedRow(Segment(), one, record, "key"), [])  # type: ignore[arg-type]
    chunk.seal()

    assert list(chunk.read_all()) == [(record, "key") for record in records]
    assert [type(chunk.read(0)[0]["d"]), type(chunk.read(1)[0]["exact"])] == [Sought, Decimal]
    back = [chunk.read_row(number) for number in range(3)]
    assert [one.line for one in back] == sent
    assert [(one.stream, one.rejected_by) for one in back] == [
        ((None, "Leads"), None),
        (("x", "Leads"), None),
        ((None, "Leads"), "C"),
    ]


def test_each_row_is_of_the_segment_it_came_in() -> None:
    segments = [Segment() for _ in range(4)]
    sizes = [3, 1, 250, 2]
    chunk = make_chunk()
    for segment, size in zip(segments, sizes, strict=True):
        for _ in range(size):
            chunk.append(encode({}, segment=segment), [])

    found = [chunk.find_segment(number) for number in range(len(chunk))]

    assert chunk.segments == segments
    assert [found.count(segment) for segment in segments] == sizes
    assert found == sorted(found, key=segments.index)


def test_a_chunk_is_full_at_what_a_job_takes() -> None:
    chunk, one = make_chunk(), encode({"a": 1})
    for _ in range(MOST_ROWS):
        assert not chunk.is_full
        chunk.append(one, [])
    assert chunk.is_full


def test_a_waiting_row_weighs_a_few_bytes() -> None:
    segment, number = Segment(), 20_000
    rows = [encode({"x": "y" * 500}, segment=segment) for _ in range(100)]
    chunk = make_chunk()
    tracemalloc.start()
    for n in range(number):
        chunk.append(rows[n % 100], [("id", f"{n}")])
    weight, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # Two places and the number of one value.
    assert weight / number < 30


def test_the_disk_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    chunk = Chunk()
    chunk.append(encode({"a": 1}), [])
    chunk.seal()

    # No name leads to the file, so not even a process that is killed leaves it behind.
    assert list(tmp_path.iterdir()) == []
    assert chunk.read(0) == ({"a": 1}, None)
    chunk.close()
    gc.collect()
    with pytest.raises(ValueError, match="closed"):
        chunk.read(0)


@pytest.mark.parametrize("rows", [1, 1_000], ids=["seen by the last", "seen amid them"])
def test_a_disk_without_room_is_a_sentence(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    full = lambda **_: io.BufferedRandom(io.FileIO("/dev/full", "r+"))  # noqa: E731
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    chunk = make_chunk()

    def fill() -> None:
        for _ in range(rows):
            chunk.append(encode({"a": "x" * 50}), [])
        chunk.seal()

    with pytest.raises(AirbyteTracedException) as caught:
        fill()

    assert caught.value.failure_type == FailureType.config_error
    assert caught.value.message == (
        f"Rows that wait for Bulk Write cannot be kept in {tempfile.gettempdir()} (No space left "
        "on device). Nothing is lost: the next sync brings them again. Free space there, set "
        "TMPDIR to another folder, or choose REST in Write method (write_method)."
    )


def test_a_folder_that_is_gone_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    with pytest.raises(Exception, match=r"gone \(No such file or directory\). Nothing is lost"):
        Chunk()


def test_rows_of_one_key_are_one_record_with_the_last_values() -> None:
    sent = [{"k": "A", "x": 1, "y": 1}, {"k": "b", "x": 2}, {"k": "a", "x": 3}]

    (part,) = build_parts(spool(sent, "k", key="k"), RowOrder(["k"]))

    assert isinstance(part, Part)
    assert [rows.record for rows in part] == [{"k": "a", "x": 3, "y": 1}, {"k": "b", "x": 2}]
    assert [len(rows.rows) for rows in part] == [2, 1]
    assert [half.record for half in part[0].split()] == [sent[0], sent[2]]


def test_rows_that_share_another_value_are_in_parts_in_their_order() -> None:
    sent = [
        {"k": "1", "e": "a"},
        {"k": "2", "e": "a"},
        {"k": "3", "e": "c"},
        {"k": "4", "e": "A "},
        {"k": "3", "e": "c"},
    ]

    assert group(sent, "k", "e") == texts([[0], [2, 4]], [[1]], [[3]], of=sent)


def test_a_row_is_not_merged_past_one_that_is_linked_with_it() -> None:
    sent = [{"k": "1", "e": "a"}, {"k": "2", "e": "a"}, {"k": "1"}]

    assert group(sent, "k", "e") == texts([[0]], [[1]], [[2]], of=sent)


def test_rows_of_one_key_are_apart_where_each_may_find_another_record() -> None:
    sent = [{"k": "1", "e": "a"}, {"k": "1"}, {"k": "1", "e": "b"}, {"k": "1", "e": "b"}]

    assert group(sent, "k", "e") == texts([[0, 1]], [[2, 3]], of=sent)


def test_a_row_that_links_others_comes_after_all_of_them() -> None:
    sent = [
        {"k": "1", "e": "a"},
        {"k": "2", "e": "b"},
        {"k": "3", "e": "b"},
        {"k": "1", "e": "b"},
        {"k": "2"},
        {"k": "4"},
    ]

    assert group(sent, "k", "e") == texts([[0], [1], [5]], [[2]], [[3]], [[4]], of=sent)


def test_inserts_are_records_of_their_own() -> None:
    sent = [{"e": "a"}, {"e": "b"}, {"e": "a"}, {}]

    assert group(sent, "e", key=None) == texts([[0], [1], [3]], [[2]], of=sent)


def test_parts_keep_the_order_that_batches_keep() -> None:
    """Against the definition, on rows at random: of two rows that are linked by rows up to the
    later one, the later is in a later part, or merged behind it."""
    for seed in range(60):
        rng = random.Random(seed)
        sent = [
            {"k": rng.choice("abcdef"), "e": rng.choice("uvwxyz"), "n": n}
            if rng.random() < 0.6
            else {"k": rng.choice("abcdef"), "n": n}
            for n in range(14)
        ]
        where = {
            json.dumps(text): (number, place, order)
            for number, part in enumerate(group(sent, "k", "e"))
            for place, rows in enumerate(part)
            for order, text in enumerate(rows)
        }
        for later in range(len(sent)):
            linked = _find_linked(sent[: later + 1])
            for earlier in range(later):
                if earlier in linked[later]:
                    before = where[json.dumps(str(sent[earlier]))]
                    behind = where[json.dumps(str(sent[later]))]
                    assert before[0] < behind[0] or (
                        before[:2] == behind[:2] and before[2] < behind[2]
                    ), (seed, earlier, later)


def _find_linked(sent: Sequence[Record]) -> list[set[int]]:
    """Of each row, all that it is linked with by way of values of these rows."""
    groups: list[tuple[set[tuple[str, Any]], set[int]]] = []
    for number, record in enumerate(sent):
        values = {(name, record[name]) for name in ("k", "e") if name in record}
        touching = [one for one in groups if one[0] & values]
        groups = [one for one in groups if one not in touching]
        groups.append(
            (
                values.union(*(one[0] for one in touching)),
                {number}.union(*(one[1] for one in touching)),
            )
        )
    return [next(rows for _, rows in groups if number in rows) for number in range(len(sent))]
