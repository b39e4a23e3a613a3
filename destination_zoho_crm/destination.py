"""The destination. This version answers `spec`; `check` and `write` say that they do not."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from airbyte_cdk.destinations import Destination
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    ConfiguredAirbyteCatalog,
    Status,
)

from zoho_crm.problems import config_error

_NOT_YET = "This version of the Zoho CRM destination does not write yet."


class DestinationZohoCrm(Destination):
    """Writes rows into a Zoho CRM org; as yet only its connection settings are defined."""

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        return AirbyteConnectionStatus(status=Status.FAILED, message=_NOT_YET)

    def write(
        self,
        config: Mapping[str, Any],
        configured_catalog: ConfiguredAirbyteCatalog,
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterable[AirbyteMessage]:
        raise config_error(_NOT_YET)
