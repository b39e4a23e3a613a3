"""What each call of a session need not find out again."""

from typing import Any
from urllib.parse import urlsplit

import requests


def remember_environment(session: requests.Session) -> None:
    """Proxies and certificates of the environment are looked up once for each host.

    `requests` goes through all variables of the environment at each call, which is a fifth of what
    a call costs.
    """
    look_up, known = session.merge_environment_settings, dict[tuple[Any, ...], dict[str, Any]]()

    def merge(url: str, proxies: Any, stream: Any, verify: Any, cert: Any) -> dict[str, Any]:
        if proxies:
            return dict(look_up(url, proxies, stream, verify, cert))
        parts = urlsplit(url)
        key = (parts.scheme, parts.netloc, stream, verify, cert)
        if key not in known:
            known[key] = dict(look_up(url, {}, stream, verify, cert))
        return {**known[key], "proxies": dict(known[key]["proxies"])}

    setattr(session, "merge_environment_settings", merge)  # noqa: B010 - mypy takes it for a method
