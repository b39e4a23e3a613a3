"""The check that "Test and save" runs: one call of each kind that the first sync will make."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, islice
from typing import Any

from source_zoho_crm.methods import AUTOMATIC, SCOPED, get_method
from source_zoho_crm.modules import get_modules
from zoho_crm.answers import accept_any_body, build_page_parser
from zoho_crm.coql import build_select
from zoho_crm.counts import count
from zoho_crm.directory import is_of_one_module
from zoho_crm.domains import quote_path_part
from zoho_crm.errors import INVALID_DATA, PERMISSION_LACKING, SCOPE_LACKING, is_not_served
from zoho_crm.manifest import counts_records, load_scopes
from zoho_crm.org import Org, describe_connection
from zoho_crm.problems import PutOffError, Refused, config_error
from zoho_crm.requester import ZohoRequester, build_requester

LOGGER = logging.getLogger("airbyte")

_TYPES = {"Production": "production", "Sandbox": "sandbox", "Developer": "developer"}
_COUNT = "count"
#: Stands in where the modules of the org are not known.
_ANY_MODULE = "Leads"
#: So many modules are tried until Zoho lists the records of one.
_MODULES_TRIED = 5


def find_needed_scopes(config: Mapping[str, Any]) -> dict[str, str]:
    """The smallest scopes for what the config reads, by what needs them."""
    calls = _name_methods(config)
    if config.get("verify_counts") and get_method(config) == AUTOMATIC:
        # Where the token lacks the scope of queries.
        calls.append(_COUNT)
    return {
        what: scope
        for what, scope in load_scopes("source").items()
        if what not in _CALLS or what in calls
    }


def check_connection(org: Org, config: Mapping[str, Any]) -> None:
    """Returns if the first sync has what it needs; raises a sentence that says what is missing.

    That is: a token, its scopes, an org of the chosen environment, modules, their fields, and a
    call for records by the chosen retrieval method.
    """
    needed = find_needed_scopes(config)
    missing: list[str] = []

    def attempt(what: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Refused as refusal:
            if refusal.code == SCOPE_LACKING:
                missing.append(needed[what])
            elif not missing:
                raise
            return None

    ask = build_requester("requester", config)
    details = attempt("org", lambda: _fetch_details(ask))
    attempt("users", lambda: ask.metadata("users", "users", type="CurrentUser"))
    modules = _iterate_modules(org, ask)
    first = attempt("settings", lambda: _find_first(modules, org)) or _ANY_MODULE
    module = attempt("modules", lambda: _find_first_listed(ask, chain([first], modules))) or first
    if needed["modules"] not in missing:
        lacking = len(missing)
        for method in _name_methods(config):
            attempt(method, partial(_CALLS[method], config, module))
        if get_method(config) == AUTOMATIC:
            _warn_of_methods_left_out(missing[lacking:])
            del missing[lacking:]
    if missing:
        raise config_error(
            f"The refresh token lacks {'a scope' if len(missing) == 1 else 'scopes'}: "
            f"{', '.join(missing)}. Make a new one in Zoho's API console with "
            f"{','.join(needed.values())}."
        )
    _compare_environment(details or {}, config["environment"])
    modules_read = count(get_modules(org).count_served(ask), "module")
    LOGGER.info(describe_connection(org, details or {}, config["schema_version"], modules_read))


def _name_methods(config: Mapping[str, Any]) -> list[str]:
    """What is read by calls that need a scope of their own, by what the scope is for."""
    method = get_method(config)
    names = [name.lower() for name in SCOPED if method in (name, AUTOMATIC)]
    # Queries count, where they are asked.
    counts = config.get("verify_counts") and "coql" not in names
    if counts and counts_records(config["schema_version"]):
        names.append(_COUNT)
    return names


def _warn_of_methods_left_out(scopes: Iterable[str]) -> None:
    for scope in scopes:
        LOGGER.warning(
            f"The refresh token lacks {scope}, so Automatic leaves out the retrieval method that "
            "needs it. That may cost more API credits."
        )


def _fetch_details(ask: ZohoRequester) -> Mapping[str, Any]:
    """Details of the org; empty where the user may not see them: records can be read anyway."""
    try:
        return ask.metadata("org", "org")[0]
    except Refused as refusal:
        if refusal.code not in PERMISSION_LACKING:
            raise
        LOGGER.warning(f"The environment cannot be checked. {refusal.message}")
        return {}


def _iterate_modules(org: Org, ask: ZohoRequester) -> Iterator[str]:
    """Those that are streams; the fields of each are known when it comes."""
    for name in get_modules(org).list_names(ask):
        if get_modules(org).read_module(name, ask).not_offered_because is None:
            yield name


def _find_first(modules: Iterator[str], org: Org) -> str:
    for module in modules:
        return module
    get_modules(org).raise_if_scope_lacking()
    raise config_error("This org has no module that Zoho's API serves to the refresh token's user.")


def _find_first_listed(ask: ZohoRequester, modules: Iterable[str]) -> str:
    """The first of the modules whose records Zoho lists for this user."""
    refusal: Refused | None = None
    for module in islice(modules, _MODULES_TRIED):
        try:
            ask.ask(
                quote_path_part(module),
                read=build_page_parser(),
                params={"fields": "id", "per_page": "1"},
            )
        except Refused as refused:
            if not is_of_one_module(refused):
                raise
            refusal = refused
        else:
            return module
    assert refusal is not None
    raise refusal


def _check_query(config: Mapping[str, Any], module: str) -> None:
    query = build_select(("id",), module, "id > 0", limit=1)
    try:
        requester = build_requester("coql_requester", config)
        requester.ask(read=build_page_parser(), body={"select_query": query})
    except Refused as refusal:
        # Such a module is read by REST, which has answered.
        if not is_not_served(refusal.code):
            raise


def _check_export(config: Mapping[str, Any], module: str) -> None:
    """Asks for a job that does not exist: creating one would cost 50 credits."""
    try:
        build_requester("bulk_requester", config).ask("0", read=accept_any_body)
    except PutOffError:
        # The service exists and is busy.
        return
    except Refused as refusal:
        if refusal.code not in ("RESOURCE_NOT_FOUND", INVALID_DATA):
            raise


def _check_count(config: Mapping[str, Any], module: str) -> None:
    try:
        path = f"{quote_path_part(module)}/actions/count"
        build_requester("requester", config).ask(path, read=accept_any_body)
    except Refused as refusal:
        # Such a module is not counted, and the log says so.
        if not is_not_served(refusal.code):
            raise


#: Calls of the retrieval methods that need a scope of their own. Lists of records are REST's.
_CALLS: Mapping[str, Callable[[Mapping[str, Any], str], None]] = {
    "coql": _check_query,
    "bulk": _check_export,
    _COUNT: _check_count,
}


def _compare_environment(details: Mapping[str, Any], environment: str) -> None:
    kind = str(details.get("type") or "").lower()
    if kind in _TYPES.values() and kind != _TYPES[environment]:
        raise config_error(
            f"The refresh token belongs to a {kind} org, and the environment is {environment}. "
            "Choose the environment that the token was made for."
        )
