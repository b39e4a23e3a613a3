"""Whether Zoho serves queries of more columns than its pages allow."""

import logging

from source_zoho_crm.readers.column_groups import WideQueries
from source_zoho_crm.readers.steps import Columns, Query, Sleep, Task
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

#: Columns that a query of every version may select.
SURE_COLUMNS = 50
#: Seconds until it is looked again whether another stream knows how wide queries may be.
_LOOK_S = 0.1


def are_wide_queries_served(module: str, wide: WideQueries, columns: Columns) -> Task[bool]:
    """Whether a query may select so many columns: a query for one row tells, once in a run.

    UNVERIFIED: how many columns a query of v8 may select, and how Zoho refuses more: its OpenAPI
    and a client in production say 500, its pages 50. After a refusal, whatever it is, no query of
    the run selects more than 50.
    """
    while wide.is_asked:
        # By another stream.
        yield Sleep(_LOOK_S)
    if wide.is_served is None:
        wide.is_asked = True
        try:
            yield Query(columns, 1, after="0")
            wide.is_served = True
        except Refused as refusal:
            LOGGER.info(
                f"{module}: Zoho refuses a query of more than {SURE_COLUMNS} columns "
                f"({refusal.code}), so this run selects no more at a time."
            )
            wide.is_served = False
        finally:
            wide.is_asked = False
    return wide.is_served
