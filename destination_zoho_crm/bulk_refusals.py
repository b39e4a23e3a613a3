"""What follows from Zoho's refusal of an upload or a job ("Create Bulk Write Job": errors)."""

import logging
import threading

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException

from zoho_crm.errors import INVALID_DATA, SCOPE_LACKING, TOKEN_REFUSED
from zoho_crm.problems import Refused, config_error

LOGGER = logging.getLogger("airbyte")

#: The layout requires a field that the job does not write.
FIELDS_LACKING = "MANDATORY_FIELDS_NOT_MAPPED"
#: Codes that concern one file: another one may be taken. UNVERIFIED: INVALID_DATA is of a file that
#: is too large, and of a number of the org that is wrong.
_OF_ONE_FILE = frozenset(
    {
        INVALID_DATA,
        "FILE_NOT_FOUND",
        "FILE_TOO_LARGE",
        "INVALID_FILE_FORMAT",
        "INVALID_FILE_ID",
        "LIMIT_EXCEEDED",
    }
)
#: A file has more rows than Zoho takes.
TOO_MANY_ROWS = "LIMIT_EXCEEDED"
#: Codes of which a connection that asks for Bulk must know.
_ERRORS = {
    SCOPE_LACKING: "Make a new refresh token with the scopes on the connector's page",
    FIELDS_LACKING: "Write these fields, or make them optional in the module's layout",
}


class Refusals:
    """Of the jobs of one stream. Safe to use from several threads."""

    def __init__(self, stream: str, *, strict: bool) -> None:
        """`strict`: Bulk is asked for, so some refusals are config errors."""
        self._stream = stream
        self._strict = strict
        self._lock = threading.Lock()
        #: No further job of the stream would be taken.
        self.is_final = False

    def take(self, refusal: Refused) -> None:
        """The rows go by REST, and a line says so; raises what REST cannot mend."""
        code = refusal.code
        if code in TOKEN_REFUSED or refusal.failure_type == FailureType.transient_error:
            raise refusal
        if self._strict and code in _ERRORS:
            raise config_error(
                f"{self._stream}: Zoho refuses to write it by Bulk Write. {refusal.message} "
                f"{_ERRORS[code]}, or choose REST in Write method (write_method)."
            )
        if code in _OF_ONE_FILE:
            LOGGER.info(
                f"{self._stream}: Zoho refuses a file of Bulk Write, and its rows go by REST. "
                f"{refusal.message}"
            )
            return
        self._give_up(
            f"Zoho takes no jobs of Bulk Write of it, so its rows go by REST. {refusal.message}"
        )

    def take_failed_upload(self, failure: AirbyteTracedException) -> None:
        """Nothing takes files, be it for something between us and Zoho: rows go by REST, and a line
        says so. Raises the failure where Bulk is asked for."""
        if self._strict:
            raise failure
        self._give_up(
            f"Files for Bulk Write find no way to Zoho, so its rows go by REST. {failure.message}"
        )

    def _give_up(self, sentence: str) -> None:
        with self._lock:
            said, self.is_final = self.is_final, True
        if not said:
            LOGGER.warning(f"{self._stream}: {sentence}")
