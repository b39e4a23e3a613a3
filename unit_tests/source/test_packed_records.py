"""The CDK's queue is private: a CDK without it, or one that drops it, must be noticed."""

import logging
from queue import Queue
from typing import Any

import pytest
from airbyte_cdk.sources.types import Record

from source_zoho_crm import SourceZohoCrm
from source_zoho_crm.packed_records import PACKS_IN_FLIGHT
from unit_tests.source.conftest import METHODS, Org, configured


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


def test_the_queue_takes_no_more_packs_than_its_limit(org: Org) -> None:
    queue = SourceZohoCrm(None, org.config, None)._concurrent_source._queue

    assert type(queue) is Queue
    for _ in range(PACKS_IN_FLIGHT):
        assert not queue.full()
        queue.put_nowait(object())

    assert queue.full()
