"""The check behind "Test and save": one call of each kind that the first sync will make."""

from collections.abc import Callable, Mapping
from typing import Any

from zoho_crm.coql import select
from zoho_crm.directory import Module
from zoho_crm.org import Org
from zoho_crm.problems import Refused, config_error
from zoho_crm.requester import ZohoRequester

#: The smallest scopes, by what needs them ("Scopes").
_ORG = "ZohoCRM.org.READ"
_USERS = "ZohoCRM.users.READ"
_SETTINGS = "ZohoCRM.settings.READ"
_MODULES = "ZohoCRM.modules.READ"
_COQL = "ZohoCRM.coql.READ"
_BULK = "ZohoCRM.bulk.READ"

_TYPES = {"Production": "production", "Sandbox": "sandbox", "Developer": "developer"}


def prove(org: Org, config: Mapping[str, Any], requester: Callable[[str], ZohoRequester]) -> None:
    """Returns if the first sync has what it needs; raises a sentence that says what is missing.

    `requester` makes the manifest's requester of that name.
    """
    ask = requester("requester")
    road, scope = _road(config)
    missing: list[str] = []

    def tried(needed: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Refused as refusal:
            if refusal.code != "OAUTH_SCOPE_MISMATCH":
                raise
            missing.append(needed)
            return None

    details = tried(_ORG, lambda: ask.metadata("org", "org"))
    tried(_USERS, lambda: ask.ask("users", params={"type": "CurrentUser"}))
    module = tried(_SETTINGS, lambda: _first_module(org, ask))
    name = module.api_name if module else "Leads"
    tried(_MODULES, lambda: ask.ask(name, params={"fields": "id", "per_page": "1"}))
    if scope and _MODULES not in missing:
        tried(scope, lambda: road(requester, name))
    if missing:
        needed = [_MODULES, _SETTINGS, _USERS, _ORG, *([scope] if scope else [])]
        raise config_error(
            f"The refresh token lacks {'a scope' if len(missing) == 1 else 'scopes'}: "
            f"{', '.join(missing)}. Make a new one in Zoho's API console with {','.join(needed)}."
        )
    _compare_environment(details, config["environment"])


def _first_module(org: Org, ask: ZohoRequester) -> Module:
    modules = (org.directory.module(name, ask) for name in org.directory.names(ask))
    module = next((module for module in modules if module.refusal is None), None)
    if module is None:
        raise config_error("This org offers no module that Zoho's API serves.")
    return module


_Road = Callable[[Callable[[str], ZohoRequester], str], Any]


def _road(config: Mapping[str, Any]) -> tuple[_Road, str | None]:
    """A call of the chosen road, and the scope that it alone needs."""
    retrieval = config["retrieval"]
    if retrieval["use_coql"] == "enabled":
        return _query, _COQL
    if retrieval.get("api_type") == "Bulk":
        return _no_job, _BULK
    return _query, None


def _query(requester: Callable[[str], ZohoRequester], module: str) -> None:
    query = select(("id",), module, "id > 0", limit=1)
    requester("coql_requester").ask(body={"select_query": query})


def _no_job(requester: Callable[[str], ZohoRequester], module: str) -> None:
    """Asks for a job that is not there: making one would cost 50 credits."""
    try:
        requester("bulk_requester").ask("0")
    except Refused as refusal:
        if refusal.code not in ("RESOURCE_NOT_FOUND", "INVALID_DATA"):
            raise


def _compare_environment(details: list[dict[str, Any]] | None, environment: str) -> None:
    kind = str((details or [{}])[0].get("type") or "").lower()
    if kind in _TYPES.values() and kind != _TYPES[environment]:
        raise config_error(
            f"The refresh token belongs to a {kind} org, and the environment is {environment}. "
            "Choose the environment that the token was made for."
        )
