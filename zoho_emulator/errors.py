"""The error envelope of Zoho's CRM API."""

from collections.abc import Mapping


class ZohoError(Exception):
    """An answer of the form {"code", "details", "message", "status": "error"}."""

    def __init__(
        self,
        code: str,
        message: str,
        details: Mapping[str, object] | None = None,
        *,
        status: int = 400,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.code = code
        self.message = message
        self.details = dict(details or {})
        self.status = status

    def body(self) -> dict[str, object]:
        return {
            "code": self.code,
            "details": self.details,
            "message": self.message,
            "status": "error",
        }


class InDataError(ZohoError):
    """Refuses the whole call, but looks like the answer to a single record.

    Samples show it for LIMIT_EXCEEDED and unsupported values ("Insert Records"), and of a wrong
    module or type ("Get Deleted Records").
    """

    def body(self) -> dict[str, object]:
        return {"data": [super().body()]}


def not_emulated(what: str) -> ZohoError:
    """What Zoho has and this emulator lacks: an error that nobody can take for Zoho's answer."""
    return ZohoError(
        "NOT_EMULATED", f"zoho_emulator does not emulate {what}", {"what": what}, status=501
    )
