"""A call under /crm, as the code that answers it sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from zoho_emulator.auth.tokens import module_scopes, scope_mismatch
from zoho_emulator.emulator import Emulator
from zoho_emulator.errors import ZohoError
from zoho_emulator.knobs import Knobs
from zoho_emulator.localtime import parse_epoch
from zoho_emulator.store.model import Module
from zoho_emulator.store.store import Store
from zoho_emulator.versions import Version

#: Zoho's samples are of curl, which calls a body a form unless an option says otherwise.
_JSON = ("application/json", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class Call:
    """It has passed authentication and limits; scopes are checked where the module is known."""

    emulator: Emulator
    version: Version
    #: As usage counts it, with the module where the path names it.
    name: str
    counted_module: str | None
    path: str
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    #: The rows that it sees, if they are not the latest ones.
    shown: Store | None = field(default=None, repr=False)

    @property
    def store(self) -> Store:
        return self.shown or self.emulator.store

    @property
    def knobs(self) -> Knobs:
        return self.emulator.knobs

    def spend_more(self, credits_: int) -> None:
        """What the call costs beyond the one credit that each call has paid already."""
        self.emulator.spend(credits_, self.name, self.counted_module)

    def module(
        self, name: str, details: Mapping[str, object], *, outside: ZohoError | None = None
    ) -> Module:
        """The module if this version has it and the API serves it.

        `details` go into the error for an unknown one; `outside` is raised for one outside the API.
        """
        module = self.emulator.find_module(name)
        if module is None or not module.exists_in(self.version.number):
            raise ZohoError("INVALID_MODULE", "the module name given seems to be invalid", details)
        if not module.api_supported:
            raise outside or ZohoError("INVALID_MODULE", "The given module is not supported in API")
        return module

    def check_readable(self, module: Module) -> None:
        """Raises unless scope and profile allow to read the module's records."""
        self.emulator.accounts.require(*module_scopes(module.api_name, module.generated_type))
        self.check_not_refused(module)
        if not (module.viewable and module.permitted):
            raise no_permission(module)
        if module.api_name == "Notes" and not self.knobs.admin_user:
            raise ZohoError("NOT_SUPPORTED", "permission denied", status=403)

    def check_not_refused(self, module: Module, denied: str = "permission denied") -> None:
        """Raises if the knob `refused_modules` names it; `denied` is the text of a 403."""
        codes = dict(entry.partition(":")[::2] for entry in self.knobs.refused_modules)
        if module.api_name not in codes:
            return
        match codes[module.api_name]:
            # UNVERIFIED: texts and details, and that all calls answer the same.
            case "INVALID_MODULE":
                raise ZohoError("INVALID_MODULE", "The given module is not supported in API")
            case "INVALID_QUERY":
                raise ZohoError("INVALID_QUERY", "Invalid query formed")
            case "OAUTH_SCOPE_MISMATCH":
                raise scope_mismatch()
        raise no_permission(module, denied)

    def read_object(self) -> dict[str, object]:
        """The body, which must be one JSON object and say so in its Content-Type."""
        self._refuse_media_type()
        try:
            body = orjson.loads(self.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ZohoError(
                "UNABLE_TO_PARSE_DATA_TYPE",
                "either the request body or parameters is in wrong format",
            )
        return body

    def _refuse_media_type(self) -> None:
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in _JSON or (not kind and self.version.name in self.knobs.json_unsaid):
            return
        raise ZohoError(
            "MEDIA_TYPE_NOT_SUPPORTED", "the content type given is not supported", status=415
        )

    def read_modified_since(self) -> float | None:
        """The header `If-Modified-Since`, in Zoho's APIs an ISO 8601 datetime."""
        text = self.headers.get("if-modified-since")
        if text is None:
            return None
        try:
            return parse_epoch(text)
        except ValueError:
            # UNVERIFIED: what Zoho answers; ignoring the header would read everything in silence.
            raise ZohoError(
                "INVALID_DATA", "invalid data", {"header_name": "If-Modified-Since"}
            ) from None

    def read_number(self, param: str, default: int, *, most: int | None = None) -> int:
        """A positive number of the query, or the error that names it."""
        text = self.query.get(param)
        if text is None:
            return default
        # UNVERIFIED: code and details of a number that is none or too big; the docs give ranges.
        if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
            raise ZohoError("INVALID_DATA", "invalid data", {"param_name": param})
        if most is not None and int(text) > most:
            raise ZohoError(
                "LIMIT_EXCEEDED", "limit exceeded", {"limit": most, "param_name": param}
            )
        return int(text)


def no_permission(module: Module, message: str = "permission denied") -> ZohoError:
    details = {"permissions": [f"Crm_Implied_View_{module.api_name}"]}
    return ZohoError("NO_PERMISSION", message, details, status=403)
