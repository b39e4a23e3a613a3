"""The org that an SDK meets, and what it should find there: asked without any SDK."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import requests

from zoho_emulator.server import Running

READS = ("module", "fields", "layouts", "related_lists", "custom_views", "read", "read_one", "coql")
WRITES = ("insert", "update", "upsert", "delete", "deleted")


class Module(NamedTuple):
    name: str
    steps: tuple[str, ...]
    #: Rows that a list gives.
    rows: int
    #: Data type of each field.
    fields: Mapping[str, str]


def modules_of(server: Running, version: str) -> dict[str, Module]:
    """Every module that this version serves."""
    found = {}
    counts: Any = server.control("GET", "counts")
    get = _Caller(server, version)
    for module in get("settings/modules")["modules"]:
        if not module["api_supported"]:
            continue
        name: str = module["api_name"]
        steps: tuple[str, ...] = READS
        # An attachment is a file, and uploads are not emulated.
        if module["creatable"] and name != "Attachments":
            # Zoho lists no deletions of links.
            steps += WRITES[:-1] if module["generated_type"] == "linking" else WRITES
        fields = get("settings/fields", module=name).get("fields", [])
        shown = ("Tasks", "Events", "Calls") if name == "Activities" else (name,)
        rows = sum(counts[one]["live"] for one in shown if one in counts)
        types = {field["api_name"]: field["data_type"] for field in fields}
        found[name] = Module(name, steps, rows, types)
    return found


class _Caller:
    def __init__(self, server: Running, version: str) -> None:
        self._base = f"{server.base_url}/crm/{version}/"
        self._session = requests.Session()
        self._session.trust_env = False
        grant = {
            "grant_type": "refresh_token",
            "client_id": server.client_id,
            "client_secret": server.client_secret,
            "refresh_token": server.refresh_token,
        }
        answer = self._session.post(f"{server.base_url}/oauth/v2/token", data=grant, timeout=60)
        token = answer.json()["access_token"]
        self._session.headers["Authorization"] = f"Zoho-oauthtoken {token}"

    def __call__(self, path: str, **params: str) -> dict[str, Any]:
        response = self._session.get(self._base + path, params=params, timeout=60)
        found: dict[str, Any] = response.json() if response.content else {}
        return found
