"""The command `destination-zoho-crm`."""

import zoho_crm.quick_start  # noqa: F401, I001 - before the CDK

import sys

from destination_zoho_crm.destination import DestinationZohoCrm
from zoho_crm.process import prepare_process, relax_collector


def run() -> None:
    """spec | check | discover | write, as the Airbyte protocol has them."""
    prepare_process()
    relax_collector()
    DestinationZohoCrm().run(sys.argv[1:])
