"""Files for Bulk Write, and the disk that they are on."""

import csv
import io
import random
import resource
import zipfile
from collections.abc import Iterator

import pytest
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm import bulk_files
from destination_zoho_crm.bulk_columns import build_columns
from destination_zoho_crm.bulk_files import BulkFile, explain_full_disk
from unit_tests.destination.conftest import stream
from unit_tests.destination.plans import planned

COLUMNS = build_columns(planned(stream("Contacts", "Last_Name", "Email")), None)


@pytest.fixture
def file() -> Iterator[BulkFile]:
    made = BulkFile("Contacts", COLUMNS)
    yield made
    made.close()


def test_a_file_holds_one_csv_whose_cells_are_the_texts(file: BulkFile) -> None:
    rows = [["=1+1", 'a "b", c'], ["two\nlines", ""], ["日本 🙂", ";|:"]]
    for cells in rows:
        file.add(cells)

    with zipfile.ZipFile(file.finish()) as archive:
        (name,) = archive.namelist()
        text = archive.read(name).decode()

    assert name == "Contacts.csv"
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == rows
    assert text.splitlines()[0] == '"Last_Name","Email"'
    assert list(file.read_rows()) == rows


def test_a_file_stays_within_what_zoho_takes_however_badly_it_packs(
    file: BulkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_files, "_MOST_BYTES", 3_000_000)
    drawn = random.Random(1)
    cells = ["", ""]
    while file.has_room(cells):
        file.add(cells)
        cells = ["".join(chr(drawn.randrange(0x4E00, 0x9FFF)) for _ in range(32_000)), "x"]

    size = file.finish().seek(0, io.SEEK_END)
    assert 1_500_000 < size < 3_000_000


def fill(file: BulkFile, drawn: random.Random) -> None:
    with explain_full_disk("Contacts"):
        for _ in range(100):
            file.add([drawn.randbytes(20_000).hex(), ""])
        file.finish()


def test_a_disk_that_fills_up_is_one_sentence(file: BulkFile) -> None:
    drawn = random.Random(1)
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, was[1]))
    try:
        with pytest.raises(AirbyteTracedException, match="cannot be saved"):
            fill(file, drawn)
        file.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
