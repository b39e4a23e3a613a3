"""Packs, and the CDK's queue, which is private: a CDK without it, or one that drops it, must be
noticed."""

import logging
import threading
from collections.abc import Callable
from queue import Full
from typing import Any

import orjson
import pytest
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.sources.types import Record

from source_zoho_crm import SourceZohoCrm
from source_zoho_crm.packed_records import (
    ENOUGH,
    MOST_WAITING,
    ByteQueue,
    PackedEntrypoint,
    PackedRecords,
    pack,
)
from unit_tests.source.conftest import METHODS, Org, configured


def make_record(number_of_bytes: int) -> Record:
    """What the CDK makes of a pack of so many bytes."""
    (data,) = pack("Leads", [{"id": "1"}], None)
    data = {name: value for name, value in data.items() if not isinstance(value, PackedRecords)}
    return Record(data | {"_packed": PackedRecords(bytes(number_of_bytes), 1)}, "Leads")


@pytest.mark.parametrize("retrieval", METHODS)
def test_what_the_cdk_reads_passes_the_queue_whose_size_is_limited(
    org: Org, monkeypatch: pytest.MonkeyPatch, retrieval: dict[str, str]
) -> None:
    org.settings = {"retrieval": retrieval}
    catalog = configured([org.streams()["Vehicles"]], "full_refresh")
    source = SourceZohoCrm(catalog, org.config, [])
    queue, passed = source._concurrent_source._queue, []
    put = queue.put

    def passing(item: Any, *arguments: Any, **named: Any) -> None:
        passed.append(item)
        put(item, *arguments, **named)

    monkeypatch.setattr(queue, "put", passing)
    rows = [
        message
        for message in source.read(logging.getLogger("airbyte"), org.config, catalog, [])
        if message.record
    ]

    packs = [item for item in passed if isinstance(item, Record)]
    assert packs
    assert len(rows) > len(packs)


def test_all_of_the_cdk_shares_one_queue_that_counts_bytes(org: Org) -> None:
    source = SourceZohoCrm(None, org.config, None)
    queue = source._concurrent_source._queue

    assert type(queue) is ByteQueue
    assert queue.maxsize == MOST_WAITING
    assert source._message_repository._queue is queue


def test_the_queue_takes_packs_until_their_bytes_reach_its_limit() -> None:
    queue = ByteQueue(maxsize=10_000)

    for _ in range(4):
        queue.put_nowait(make_record(2_500))
        assert not queue.empty()
    with pytest.raises(Full):
        queue.put_nowait(make_record(1))

    queue.get_nowait()
    queue.put_nowait(make_record(1))


def test_a_pack_that_is_larger_than_all_that_may_wait_passes_alone() -> None:
    queue = ByteQueue(maxsize=10_000)

    queue.put_nowait(make_record(1_000_000))
    assert queue.full()

    assert len(queue.get_nowait().data["_packed"].lines) == 1_000_000
    assert queue.empty()


def test_messages_without_packs_take_room_too() -> None:
    queue = ByteQueue(maxsize=10_000)

    number = 0
    while not queue.full():
        queue.put_nowait(object())
        number += 1

    assert 1 < number < 100
    for _ in range(number):
        assert not queue.empty()
        queue.get_nowait()
    assert queue.empty()


def test_threads_that_wait_for_room_all_get_it() -> None:
    queue = ByteQueue(maxsize=5_000)
    sizes = [1, 4_000, 60_000, 2_500] * 50

    def put_all() -> None:
        for size in sizes:
            queue.put(make_record(size), timeout=20)

    threads = [threading.Thread(target=put_all, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    got = [
        len(queue.get(timeout=20).data["_packed"].lines) for _ in range(len(sizes) * len(threads))
    ]
    for thread in threads:
        thread.join(20)

    assert sorted(got) == sorted(sizes * len(threads))
    assert queue.qsize() == 0
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize(
    "size",
    [lambda number: 10, lambda number: 60_000, lambda number: 900_000 if number == 2 else 10],
    ids=["short rows", "long rows", "one huge row"],
)
def test_a_pack_ends_with_the_row_that_makes_it_large_enough(size: Callable[[int], int]) -> None:
    rows = [{"id": str(number), "Text": "x" * size(number)} for number in range(40)]

    packs = [entry["_packed"] for entry in pack("Leads", rows, None)]

    lines = [entry.lines.splitlines() for entry in packs]
    assert [entry.rows for entry in packs] == [len(some) for some in lines]
    assert [orjson.loads(line)["record"]["data"] for some in lines for line in some] == rows
    for entry, some in zip(packs, lines, strict=True):
        assert len(entry.lines) - len(some[-1]) - 1 < ENOUGH
    assert all(len(entry.lines) >= ENOUGH for entry in packs[:-1])


def test_no_rows_are_no_pack() -> None:
    assert list(pack("Leads", [], None)) == []


def test_the_memory_of_the_container_is_looked_at_more_often_than_by_messages(org: Org) -> None:
    source = SourceZohoCrm(None, org.config, None)

    monitor = PackedEntrypoint(source)._memory_monitor

    assert 1 <= monitor._check_interval <= 20
    assert AirbyteEntrypoint(source)._memory_monitor._check_interval > 1_000
