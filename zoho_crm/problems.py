"""The errors that users read."""

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException


class Refused(AirbyteTracedException):
    """Zoho refused a call, with this code of its own."""

    def __init__(
        self, error: AirbyteTracedException, code: str, *, scopes_held: bool | None = None
    ) -> None:
        super().__init__(
            message=error.message,
            internal_message=error.internal_message,
            failure_type=error.failure_type,
        )
        self.code = code
        #: Of a refusal because of a missing scope: the token has all that can be asked for. None:
        #: Zoho does not say.
        self.scopes_held = scopes_held


class PutOffError(Refused):
    """A call too many at a time, which the manifest lets pass: the same one will be served."""


class NoTokenError(AirbyteTracedException):
    """The token endpoint gives no access token, and its reason is a sentence for users."""

    def __init__(self, sentence: str, kind: FailureType) -> None:
        super().__init__(message=sentence, internal_message=sentence, failure_type=kind)


class Unreadable(AirbyteTracedException):
    """Zoho's answer is none that it documents."""

    def __init__(self, sentence: str) -> None:
        super().__init__(
            message=sentence,
            internal_message=sentence,
            failure_type=FailureType.transient_error,
        )


def config_error(sentence: str, *, internal: str | None = None) -> AirbyteTracedException:
    """The user can fix it."""
    return _problem(sentence, internal, FailureType.config_error)


def transient_error(sentence: str, *, internal: str | None = None) -> AirbyteTracedException:
    """It passes: the next sync may succeed."""
    return _problem(sentence, internal, FailureType.transient_error)


def system_error(sentence: str, *, internal: str | None = None) -> AirbyteTracedException:
    """A bug: the connector must be fixed."""
    return _problem(sentence, internal, FailureType.system_error)


def _problem(sentence: str, internal: str | None, kind: FailureType) -> AirbyteTracedException:
    return AirbyteTracedException(
        message=sentence, internal_message=internal or sentence, failure_type=kind
    )
