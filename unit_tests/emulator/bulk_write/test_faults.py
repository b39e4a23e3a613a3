"""Answers of bulk write that are lost or damaged, while the work is done."""

import io
import zipfile

import pytest
import requests

from unit_tests.emulator.bulk_write.conftest import Writer, pack, write_csv

LOST = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
ROWS = [["Last_Name", "Company"], ["Ash", "Lost"], ["Elm", "Lost"]]


def count_lost(writer: Writer) -> int:
    return sum(row["Company"] == "Lost" for row in writer.zoho.truth("Leads"))


def plan(writer: Writer, match: str, do: str, **args: object) -> None:
    writer.zoho.control("POST", "faults", {"match": match, "do": do, "times": 1, "args": args})


@pytest.mark.parametrize("do", ["reset", "cut"])
def test_the_answer_of_each_call_can_be_lost(writer: Writer, do: str) -> None:
    before = count_lost(writer)
    content = pack({"rows.csv": write_csv(ROWS)})
    plan(writer, "upload", do)
    with pytest.raises(LOST):
        writer.post_file(content)
    file_id = writer.upload(ROWS)
    body = {"operation": "insert", "resource": [writer.resource("Leads", file_id)]}
    plan(writer, "bulk_write.create:Leads", do)
    with pytest.raises(LOST):
        writer.post(body)
    job = writer.post(body).json()["details"]["id"]
    plan(writer, "bulk_write.status:Leads", do)
    with pytest.raises(LOST):
        writer.job(job)
    details = writer.finish(job)
    plan(writer, "bulk_write.result:Leads", do)
    with pytest.raises(LOST):
        writer.tell(details)
    assert len(writer.tell(details)) == 2
    # The job whose answer was lost has written its rows as well.
    assert count_lost(writer) - before == 4


def test_a_job_that_is_refused_by_a_fault_writes_nothing(writer: Writer) -> None:
    before = count_lost(writer)
    plan(writer, "bulk_write.create", "status", status=500)
    assert writer.ask("insert", "Leads", ROWS).status_code == 500
    assert count_lost(writer) == before


def test_a_result_can_be_cut_in_half(writer: Writer) -> None:
    details = writer.finish(writer.create("insert", "Leads", ROWS))
    address = details["result"]["download_url"]
    whole = writer.download(address).content
    plan(writer, "bulk_write.result", "cut", after_bytes=len(whole) // 2)
    with pytest.raises(LOST):
        writer.download(address)
    plan(writer, "bulk_write.result", "shorten", bytes=len(whole) // 2)
    half = writer.download(address).content
    assert 0 < len(half) < len(whole)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(half))
