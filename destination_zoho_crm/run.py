"""The command `destination-zoho-crm`."""

import zoho_crm.quick_start  # noqa: F401, I001 - before the CDK

import gc
import sys

from destination_zoho_crm.destination import DestinationZohoCrm


#: A row makes some twenty objects, none of which is part of a cycle. With Python's own figures, a
#: third of a write is spent on looking for cycles.
_COLLECTOR = (50_000, 20, 100)


def run() -> None:
    """spec | check | discover | write, as the Airbyte protocol has them."""
    gc.freeze()
    gc.set_threshold(*_COLLECTOR)
    DestinationZohoCrm().run(sys.argv[1:])
