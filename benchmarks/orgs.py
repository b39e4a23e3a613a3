"""The orgs that are read and written."""

from datetime import UTC, datetime, timedelta

from benchmarks.zoho import Org, Zoho

#: Rows of one second in Vehicles: a page of a list ends inside of it.
_IN_A_SECOND = 190
_ROWS = 30_000
_WIDE = 87


def leads(rows: int) -> Org:
    """Ten rows in each module, and so many leads."""
    return Org(f"leads {rows}", ("--rows", "10", "--rows", f"Leads={rows}"))


def _without_tables_of_their_own(zoho: Zoho) -> None:
    """Takes from Leads two fields that no query returns: rows of another table each.

    Airbyte's old source offers no module with a field whose metadata lacks `json_type` or `length`
    (airbytehq/airbyte, issue 27422), as subforms and multi-select lookups have it.
    """
    for field in ("Products_Wanted", "Project_Details"):
        zoho.control("DELETE", f"fields/Leads/{field}")


def _make_dense(zoho: Zoho) -> None:
    begin = datetime(2024, 3, 1, tzinfo=UTC)
    rows = [
        {"id": id_, "Modified_Time": (begin + timedelta(seconds=n // _IN_A_SECOND)).isoformat()}
        for n, id_ in enumerate(zoho.ids("Vehicles"))
    ]
    zoho.control("PATCH", "records/Vehicles", rows)


SMALL = Org("leads 4000", leads(4_000).options, _without_tables_of_their_own)
#: Readers are measured here, and not how fast the emulator renders rows: it keeps them.
_KEPT = ("--knob", "keep_rows=true")
MEDIUM = Org("leads 30000", (*leads(30_000).options, *_KEPT))
LARGE = Org("leads 100000", (*leads(100_000).options, *_KEPT))
EMPTY = Org("empty", ("--rows", "10"))
MODULES = Org("modules", ("--rows", "10", "--modules", "200"))
ACCOUNTS = Org(
    "accounts",
    ("--rows", "0", "--rows", f"Accounts={_ROWS}", "--rows", f"Vehicles={_ROWS}"),
    _make_dense,
)
WIDE = Org(
    "wide",
    (
        *("--rows", "10", "--rows", f"Leads={_ROWS}", "--fields", f"Leads={_WIDE}"),
        *("--knob", "coql_columns=500"),
    ),
)
