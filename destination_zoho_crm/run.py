"""The command `destination-zoho-crm`."""

import sys

from destination_zoho_crm.destination import DestinationZohoCrm


def run() -> None:
    """spec | check | discover | write, as the Airbyte protocol has them."""
    DestinationZohoCrm().run(sys.argv[1:])
