"""What the figures are to reach. A mark out of reach, or not measured, is a line like any other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.commands import RunError
from benchmarks.experiments import SHAPES, SIZES, Figures
from benchmarks.runs import METHODS

#: A process that works for more than this share of a run may be what binds it.
BUSY = 0.85
WRITERS = 8
_ROWS_A_WRITE = 100
_FEWER, _MOST = SIZES[-2:]
_ID_MB = 8 * _MOST / 2**20
#: Methods that must keep the ids of what they have read.
_KEEPS_IDS = ("REST",)


@dataclass(frozen=True)
class Mark:
    """`limit` None: the figure alone is wanted. `side`: the runs that say what binds it."""

    name: str
    says: str
    experiment: str
    value: Callable[[Figures], float]
    limit: float | None
    side: str = "here"
    at_least: bool = False


@dataclass(frozen=True)
class Outcome:
    """`value` None: not measured, and `why`. The shares: of the time, each at work."""

    mark: Mark
    value: float | None
    why: str = ""
    cpu_share: float | None = None
    zoho_share: float | None = None

    @property
    def bound(self) -> str:
        """What may bind it."""
        shares = {"the connector's CPU": self.cpu_share, "the emulator": self.zoho_share}
        return " and ".join(name for name, share in shares.items() if (share or 0) > BUSY)

    @property
    def reached(self) -> bool | None:
        """None where there is no limit."""
        if self.mark.limit is None:
            return None
        if self.value is None:
            return False
        if self.mark.at_least:
            return self.value >= self.mark.limit
        return self.value <= self.mark.limit

    @property
    def result(self) -> dict[str, object]:
        """As results.json has it."""
        value = None if self.value is None else round(self.value, 3)
        mark = {"mark": self.mark.name, "value": value, "limit": self.mark.limit}
        return {**mark, "reached": self.reached}


def judge(marks: Sequence[Mark], figures: Mapping[str, Figures]) -> list[Outcome]:
    """An outcome for each mark of the experiments that were conducted."""
    return [_judge(mark, figures[mark.experiment]) for mark in marks if mark.experiment in figures]


def _judge(mark: Mark, figures: Figures) -> Outcome:
    try:
        value = mark.value(figures)
    except RunError as error:
        return Outcome(mark, None, str(error))
    cpu, zoho = (figures.find_median(mark.side, f"{of}_share") for of in ("cpu", "zoho"))
    return Outcome(mark, value, cpu_share=cpu, zoho_share=zoho)


def ratio(side: str, other: str, of: str) -> Callable[[Figures], float]:
    return lambda figures: figures.ratio(side, other, of)


def median(side: str, of: str) -> Callable[[Figures], float]:
    return lambda figures: figures.median(side, of)


def _share_of_writers(latency_ms: int) -> Callable[[Figures], float]:
    """Rows per second as a share of what the writers can send if nothing but latency binds."""
    most = WRITERS * _ROWS_A_WRITE / (latency_ms / 1_000)
    return lambda figures: figures.median("here", "rows_per_s") / most


def _growth(method: str) -> Callable[[Figures], float]:
    ids_mb = _ID_MB if method in _KEEPS_IDS else 0.0

    def compute(figures: Figures) -> float:
        most = figures.median(f"{method} {_MOST}", "peak_mb") - ids_mb
        return most / figures.median(f"{method} {_FEWER}", "peak_mb")

    return compute


def _dearest_shape(figures: Figures) -> float:
    shapes = [" ".join(shape) for shape in SHAPES]
    return max(figures.ratio(f"here: {s}", f"before: {s}", "credits") for s in shapes)


MARKS = (
    Mark(
        "coql_100ms_vs_before",
        "COQL, all columns, 100 ms: rows per second, times those of 869e041",
        "coql-100",
        ratio("here", "before", "rows_per_s"),
        3.0,
        at_least=True,
    ),
    Mark(
        "coql_300ms_vs_before",
        "COQL, all columns, 300 ms: rows per second, times those of 869e041",
        "coql-300",
        ratio("here", "before", "rows_per_s"),
        4.0,
        at_least=True,
    ),
    Mark(
        "coql_100ms_vs_airbyte",
        "COQL, all columns, 100 ms: rows per second, times those of Airbyte's source",
        "coql-100",
        ratio("here", "airbyte", "rows_per_s"),
        15.0,
        at_least=True,
    ),
    Mark(
        "rest_100ms_vs_before",
        "REST with cut texts, 100 ms: rows per second, times those of 869e041",
        "rest-100",
        ratio("here", "before", "rows_per_s"),
        8.0,
        at_least=True,
    ),
    Mark(
        "rest_100ms_vs_airbyte",
        "REST with cut texts, 100 ms: rows per second, times those of Airbyte's source",
        "rest-100",
        ratio("here", "airbyte", "rows_per_s"),
        1.0,
        at_least=True,
    ),
    Mark(
        "cpu_coql_30_vs_ceiling",
        "COQL, 30 columns: CPU per row, times the CDK's ceiling",
        "cpu-30",
        ratio("here COQL", "ceiling", "cpu_us"),
        1.1,
        "here COQL",
    ),
    Mark(
        "cpu_rest_30_vs_ceiling",
        "REST, 30 columns: CPU per row, times the CDK's ceiling",
        "cpu-30",
        ratio("here REST", "ceiling", "cpu_us"),
        1.1,
        "here REST",
    ),
    Mark(
        "cpu_bulk_30_vs_ceiling",
        "Bulk, 30 columns: CPU per row, times the CDK's ceiling",
        "cpu-30",
        ratio("here Bulk", "ceiling", "cpu_us"),
        1.0,
        "here Bulk",
    ),
    Mark(
        "cpu_coql_73_vs_before",
        "COQL, all columns: CPU per row, times that of 869e041",
        "cpu-73",
        ratio("here", "before", "cpu_us"),
        0.7,
    ),
    Mark(
        "cpu_airbyte_vs_here",
        "All columns: CPU per row of Airbyte's source, times ours by COQL",
        "cpu-73",
        ratio("airbyte", "here", "cpu_us"),
        25.0,
        at_least=True,
    ),
    Mark(
        "destination_cpu_us",
        "Destination, 7 columns: µs of CPU per row",
        "destination-cpu",
        median("here", "cpu_us"),
        60.0,
    ),
    Mark(
        "destination_300ms_share",
        "Destination, 300 ms: rows per second, as a share of 8 writers × 100 rows ÷ latency",
        "destination-300",
        _share_of_writers(300),
        0.85,
        at_least=True,
    ),
    Mark(
        "destination_100ms_share",
        "Destination, 100 ms: the same",
        "destination-100",
        _share_of_writers(100),
        None,
    ),
    *(
        Mark(
            f"memory_2m_{method.lower()}_mb",
            f"{method}, 2,000,000 rows of 30 columns: most memory, MB",
            "memory",
            median(f"{method} {_MOST}", "peak_mb"),
            200.0,
            f"{method} {_MOST}",
        )
        for method in METHODS
    ),
    *(
        Mark(
            f"memory_growth_{method.lower()}",
            f"{method}: most memory of 2,000,000 rows"
            f"{', less 8 bytes for each id,' if method in _KEEPS_IDS else ''}"
            " times that of 200,000",
            "memory",
            _growth(method),
            1.1,
            f"{method} {_MOST}",
        )
        for method in METHODS
    ),
    Mark(
        "memory_all_columns_mb",
        "COQL, 100,000 rows of all columns, 300 ms: most memory, MB",
        "coql-300",
        median("here", "peak_mb"),
        200.0,
    ),
    Mark(
        "slow_reader_memory",
        "Most memory with a reader that waits 12 s, times that without",
        "slow-reader",
        ratio("here waits", "here", "peak_mb"),
        1.05,
    ),
    Mark(
        "discover_200_s",
        "Discover of 200 modules, 100 ms: seconds beyond start-up",
        "discover",
        median("here", "wall_s"),
        3.0,
    ),
    Mark(
        "spec_vs_import",
        "`spec`: CPU, times that of `import airbyte_cdk`",
        "spec",
        ratio("here", "import", "cpu_s"),
        1.1,
    ),
    Mark(
        "credits_vs_before",
        "Credits, times those of 869e041: the worst of all shapes",
        "credits",
        _dearest_shape,
        1.04,
        f"here: {' '.join(SHAPES[0])}",
    ),
    Mark(
        "credits_87_columns_v8",
        "87 columns by COQL with v8: credits, times those of 869e041",
        "credits-wide",
        ratio("here", "before", "credits"),
        0.6,
    ),
)
