"""How the model refuses."""

from zoho_crm.problems import Refused, config_error, transient_error


class AskedAmissError(AssertionError):
    """A reader asked for what Zoho's documentation says that it refuses."""


def refuse(code: str) -> Refused:
    """Zoho refuses the call."""
    return Refused(config_error(f"Zoho refuses it ({code})."), code)


def fail_for_now() -> Exception:
    """The call failed however often the requester asked."""
    return transient_error("Zoho answers with HTTP 503 however often it is asked. Try again later.")
