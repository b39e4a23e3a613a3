"""Bulk write jobs: how they are made, go on, end and are paid."""

import pytest

from unit_tests.emulator.bulk_write.conftest import Writer

DAY_S = 86_400


def build_leads(*names: str) -> list[list[object]]:
    return [["Last_Name", "Company"], *([name, "Ltd."] for name in names)]


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_rows_of_a_file_become_records(writer: Writer, version: str) -> None:
    writer.version = version
    rows = writer.write("insert", "Leads", build_leads("Ash", "Elm"))
    assert [(row["Last_Name"], row["STATUS"], row["ERRORS"]) for row in rows] == [
        ("Ash", "added", ""),
        ("Elm", "added", ""),
    ]
    for row in rows:
        assert writer.read("Leads", row["RECORD_ID"])["Last_Name"] == row["Last_Name"]
