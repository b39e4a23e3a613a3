"""Rows written by jobs of Bulk Write: upload, job, status, result."""

import pytest

from unit_tests.destination.bulk import Road, count
from unit_tests.destination.conftest import Json, Org, stream

VERSIONS = ("v2", "v2.1", "v4", "v8")
LEADS = ("Email", "Last_Name", "Company")


def leads(number: int, first: int = 0, **more: object) -> list[Json]:
    return [
        {"Email": f"n{n}@x.test", "Last_Name": f"N{n}", "Company": "C", **more}
        for n in range(first, first + number)
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upsert_changes_and_adds_in_one_job(bulk: Org, version: str) -> None:
    bulk.add("Leads", Email="n7@x.test", Last_Name="Old", Company="Old")
    road = Road(
        bulk, stream("Leads", *LEADS, mode="append_dedup", key="Email"), schema_version=version
    )

    outcomes = road.write(leads(150))

    assert count(outcomes) == {"created": 149, "updated": 1}
    assert bulk.record("Leads", Email="n7@x.test")["Last_Name"] == "N7"
    assert all(one and one.record_id for one in outcomes)
    assert bulk.calls("bulk_write.create") == 1
    assert bulk.calls("upsert") == 0
