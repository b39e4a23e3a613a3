"""What `make bench` measures of a process, and the file that every such process loads."""

import math
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from benchmarks.builds import AIRBYTE, HERE, Build
from benchmarks.commands import CHECKOUT, RecordCounter, RunError, run, surroundings
from benchmarks.lab import COLLECTOR, opened
from benchmarks.orgs import leads
from benchmarks.runs import Ceiling, Read
from benchmarks.writing import Write
from benchmarks.zoho import Org

SHIM = str(CHECKOUT / "benchmarks" / "shim")
RECORDS = b'{"type":"LOG"}\n{"type":"RECORD","record":1}\n{"type": "RECORD"}\n{"type":"RECORD"}\n'


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize("size", [1, 7, 18, 19, len(RECORDS)])
def test_records_are_counted_wherever_the_output_is_cut(size: int) -> None:
    counter = RecordCounter()

    for begin in range(0, len(RECORDS), size):
        counter.feed(RECORDS[begin : begin + size])

    assert counter.records == 3


def test_a_text_that_looks_like_a_record_inside_a_line_is_none() -> None:
    counter = RecordCounter()

    counter.feed(b'{"type":"LOG","log":{"message":"{\\"type\\":\\"RECORD\\""}} {"type":"RECORD"\n')

    assert counter.records == 0


def test_a_command_is_measured(tmp_path: Path) -> None:
    """By a process that took little memory so far, as that of the tests may not be."""
    code = "import time; end = time.process_time() + .3; much = bytearray(b'x') * 100_000_000\n"
    code += 'while time.process_time() < end: pass\nprint(\'{"type":"RECORD"}\')'
    out = tmp_path / "out"
    measure = "import sys; from pathlib import Path; from benchmarks.commands import run\n"
    measure += "print(*run([sys.executable, '-c', sys.argv[1]], {}, keep=Path(sys.argv[2])))"

    said = subprocess.check_output([*python(measure), code, str(out)], text=True, cwd=CHECKOUT)

    wall_s, cpu_s, peak_mb, records = map(float, said.split())
    assert records == 1
    assert 0.3 <= cpu_s <= wall_s + 0.1
    assert 95 <= peak_mb < 130
    assert out.read_text() == '{"type":"RECORD"}\n'


def test_a_command_that_fails_says_what_it_said() -> None:
    with pytest.raises(RunError, match=r"ended with 3: before\s+after"):
        run(python("import sys; print('before'); sys.stderr.write('after'); sys.exit(3)"), {})


def test_a_build_that_could_not_be_installed_fails_its_own_runs_alone(tmp_path: Path) -> None:
    missing = Build("missing", "a build", tmp_path)

    with opened() as lab, pytest.raises(RunError, match="source-zoho-crm is not installed"):
        Read(missing, leads(10)).sample(lab)


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.commands.MOST_S", 1.0)

    with pytest.raises(RunError, match="ended after 1 s"):
        run(python("import time; time.sleep(60)"), {})


def test_memory_below_that_of_the_benchmark_is_no_figure() -> None:
    much = bytearray(b"x") * 300_000_000

    used = run([sys.executable, "-c", ""], surroundings())

    assert math.isnan(used.peak_mb)
    assert len(much) == 300_000_000


def test_the_collector_is_that_of_the_benchmark_whatever_a_command_sets() -> None:
    code = "import gc; gc.freeze(); gc.set_threshold(1); gc.disable()\n"
    code += "print(gc.get_freeze_count(), gc.get_threshold(), gc.isenabled())"
    code += "; import sys; sys.exit(1)"
    environment = surroundings(PYTHONPATH=SHIM, BENCH_COLLECTOR=COLLECTOR)

    with pytest.raises(RunError, match=r"0 \(50000, 20, 100\) True"):
        run(python(code), environment)


def test_requests_to_any_host_go_to_the_emulator() -> None:
    code = "import requests, sys\ntry: requests.get('https://zohoapis.eu/crm/v2/org?a=1')\n"
    code += "except requests.ConnectionError as error: sys.exit(str(error.request.url))"
    environment = surroundings(PYTHONPATH=SHIM, BENCH_ZOHO="http://127.0.0.1:9")

    with pytest.raises(RunError, match=r"http://127\.0\.0\.1:9/crm/v2/org\?a=1"):
        run(python(code), environment)


def test_the_old_source_gets_a_state_of_the_stream_it_has() -> None:
    (state,) = AIRBYTE.future("Leads")

    assert state["stream"]["stream_descriptor"]["name"] == "incremental_leads_zoho_crm_stream"


@pytest.mark.long
def test_the_runs_of_this_build_measure_all_rows() -> None:
    org, empty = leads(300), Org("empty", ("--rows", "10"))
    with opened() as lab:
        read = Read(HERE, org, 1, columns=30).sample(lab)
        credits_ = Read(HERE, org, columns=2, gross=True).sample(lab)
        ceiling = Ceiling(org, 30, 5_000).sample(lab)
        write = Write(HERE, empty, 1_500).sample(lab)
        rows = lab.ready_rows(HERE, org, 30).read_bytes().splitlines()

    assert read.rows == 300
    assert read.zoho_cpu_s > 0
    assert credits_.credits > 0
    assert ceiling.rows == 5_000
    assert (write.rows, write.credits) == (1_500, 150)
    assert {len(orjson.loads(row)) for row in rows} == {30}
