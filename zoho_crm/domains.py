"""Zoho's own addresses."""

import re
from collections.abc import Collection
from urllib.parse import quote, urlsplit, urlunsplit

from zoho_crm.problems import Unreadable

#: They do not name a part of a path, and quoting does not change them.
DOTS = frozenset({".", ".."})
#: Letters of a host of Zoho's; one with others is none.
_HOST = re.compile(r"[a-z0-9.-]+", re.ASCII)


def quote_path_part(name: str) -> str:
    """A name of Zoho's as one part of a path, quoted.

    Unquoted, a name like `//example.com` would be an address of its own, to which the token goes.
    """
    if not name or name in DOTS:
        raise Unreadable(f"Zoho names something {name!r}, which cannot be asked for.")
    return quote(name, safe="")


def find_api_address(api: str, api_domain: str, known: Collection[str]) -> str | None:
    """The address that takes the place of `api` when the token answer names `api_domain`.

    None: there is nothing to follow. The environment's part of the host stays, for the answer names
    the data center and not the sandbox. Raises ValueError for a domain that is not Zoho's, that is,
    not that of any address in `known`.
    """
    here, there = urlsplit(api), urlsplit(api_domain)
    if there.scheme != "https" or not there.hostname or not here.hostname:
        raise ValueError(api_domain)
    if there.netloc.lower() != there.hostname:
        # Zoho's addresses have no port or user beside the host.
        raise ValueError(api_domain)
    domains = {_strip_environment(urlsplit(address).hostname or "") for address in known}
    if _strip_environment(there.hostname) not in domains:
        raise ValueError(api_domain)
    if _strip_environment(here.hostname) == _strip_environment(there.hostname):
        return None
    host = f"{here.hostname.partition('.')[0]}.{_strip_environment(there.hostname)}"
    return urlunsplit((here.scheme, host, here.path, "", ""))


def is_zoho_address(url: str, api: str, known: Collection[str]) -> bool:
    """Whether the address is within Zoho's own domains, those of any address in `known`, or one
    of the API's address `api`. Others would get rows, and the token that signs the call."""
    try:
        there, home = urlsplit(url), urlsplit(api)
        host = there.hostname or ""
        if (there.scheme, there.netloc.lower()) == (home.scheme, home.netloc.lower()):
            return True
        if there.scheme != "https" or there.netloc.lower() != host or not _HOST.fullmatch(host):
            return False
    except ValueError:
        return False
    domains = {_strip_environment(urlsplit(address).hostname or "") for address in known} - {""}
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _strip_environment(host: str) -> str:
    """The host without its first label, which names the environment."""
    return host.partition(".")[2]
