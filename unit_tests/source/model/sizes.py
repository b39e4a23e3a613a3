"""The limits of Zoho and of the readers, so small that a few rows meet all of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest

from source_zoho_crm import prices
from source_zoho_crm.readers import (
    automatic,
    blocks,
    bulk,
    chosen_reader,
    coql,
    lists,
    rest,
    rich_text,
    row_count,
    whole_rows,
    windows,
)

#: Rows of a page of a list, ids of a query or a list, characters of a rich text in a list.
PER_PAGE = 3
IDS_AT_ONCE = 2
#: Columns of a query that each version serves.
SURE_COLUMNS = 5
CUT = 8
#: Rows that a query skips at most.
OFFSETS = 6

#: What the manifest says of the versions, with small numbers.
VERSIONS: Mapping[str, Mapping[str, int]] = {
    "v2": {
        "coql_rows": 3,
        "coql_columns": SURE_COLUMNS,
        "coql_formulas": 1,
        "coql_aggregates": 0,
        "rest_columns": 0,
        "rest_tokens": 0,
        "rest_chain_rows": 12,
        "rich_ids": 0,
        "bulk_plain_names": 1,
        "bulk_rows": 4,
        "bulk_pages": 3,
    },
    "v4": {
        "coql_rows": 4,
        "coql_columns": SURE_COLUMNS,
        "coql_formulas": 1,
        "coql_aggregates": 1,
        "rest_columns": 4,
        "rest_tokens": 1,
        "rest_chain_rows": 15,
        "rich_ids": 0,
        "bulk_plain_names": 0,
        "bulk_rows": 4,
        "bulk_pages": 3,
    },
}
VERSIONS = {
    "v2": VERSIONS["v2"],
    "v2.1": {**VERSIONS["v2"], "bulk_plain_names": 0},
    "v4": VERSIONS["v4"],
    "v8": {**VERSIONS["v4"], "coql_columns": 12, "rich_ids": 2, "bulk_pages": 0},
}

_CONSTANTS: Mapping[ModuleType, Mapping[str, Any]] = {
    lists: {"PER_PAGE": PER_PAGE},
    blocks: {"PER_PAGE": PER_PAGE},
    whole_rows: {"PER_PAGE": PER_PAGE, "_IDS_AT_ONCE": IDS_AT_ONCE},
    chosen_reader: {"PER_PAGE": PER_PAGE},
    rich_text: {"_CUT": CUT, "_IDS_AT_ONCE": IDS_AT_ONCE},
    windows: {"MOST_ROWS": OFFSETS, "_FEWEST_ROWS": 2},
    row_count: {"MOST_ROWS": OFFSETS},
    automatic: {"MOST_ROWS": OFFSETS, "_HOP": 1},
    # An export costs as much as a few pages.
    prices: {
        "PER_PAGE": PER_PAGE,
        "MOST_ROWS": OFFSETS,
        "CREDITS_OF_AN_EXPORT": 3,
        "_POLLS": 1,
        "_SEARCH": 1,
        "_STEPS": (2, 3),
        "_LONGEST_CHAIN": 2,
    },
    coql: {"_FEW": 2, "_IDS_AT_ONCE": IDS_AT_ONCE, "SURE_COLUMNS": SURE_COLUMNS},
    rest: {"PER_PAGE": PER_PAGE, "_FEW": 1, "_ROWS_OF_A_BLOCK": 9, "_ROWS_OF_A_WINDOW": 6},
    bulk: {"_LONGEST_CHAIN": 2, "_AIM": 1.8},
}


@contextmanager
def small() -> Iterator[None]:
    """The readers' constants are these; the only place that sets them."""
    with pytest.MonkeyPatch.context() as patch:
        for module, constants in _CONSTANTS.items():
            for name, value in constants.items():
                patch.setattr(module, name, value)
        defaults = blocks.Rereading.__init__.__kwdefaults__ or {}
        patch.setitem(defaults, "page", PER_PAGE)
        yield
