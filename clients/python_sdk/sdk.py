"""The SDK that this environment has: started, asked, and its answers taken apart."""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from clients.python_sdk.values import unwrap

JOB: dict[str, Any] = json.load(sys.stdin)
NEW = JOB["sdk"] == "8.0"
ROOT = ("zohocrmsdk" if NEW else "zcrmsdk") + ".src.com.zoho"
LOG = Path(JOB["folder"]) / "sdk.log"


class UnusableError(Exception):
    """The SDK gave something else than what was asked for."""


class RefusedError(UnusableError):
    """Zoho refused, and the SDK understood that."""

    def __init__(self, found: Any) -> None:
        self.code, self.details = unwrap(found.get_code()), unwrap(found.get_details())
        super().__init__(f"{self.code} {unwrap(found.get_message())} {self.details}")


def package(name: str) -> Any:
    return import_module(f"{ROOT}.crm.api.{name}")


def start() -> None:
    url, token_url = JOB["base_url"], JOB["base_url"] + "/oauth/v2/token"
    environment = package("dc.data_center").DataCenter.Environment
    logger = import_module(f"{ROOT}.api.logger").Logger
    token = import_module(f"{ROOT}.api.authenticator.oauth_token").OAuthToken
    store = import_module(f"{ROOT}.api.authenticator.store.file_store").FileStore
    older: dict[str, Any] = {}
    if not NEW:
        older["user"] = package("user_signature").UserSignature("sdk@example.com")
    package("initializer").Initializer.initialize(
        environment=environment(url, token_url, url, *([] if NEW else ["loopback"])),
        token=token(**{key: JOB[key] for key in ("client_id", "client_secret", "refresh_token")}),
        store=store(str(LOG.with_name("tokens.csv"))),
        sdk_config=package("sdk_config").SDKConfig(),
        resource_path=JOB["folder"],
        logger=logger.get_instance(level=logger.Levels.INFO, file_path=str(LOG)),
        **older,
    )


def answer(response: Any) -> Any:
    """The object in an answer; None where Zoho has nothing to say."""
    if response is None:
        # What the SDK cannot read, it writes into its log, and gives None.
        raise UnusableError(f"no answer; the SDK's log says: {last_log()}")
    if response.get_status_code() in (204, 304):
        return None
    found = response.get_object()
    if found is None:
        raise UnusableError(f"HTTP {response.get_status_code()} without an object")
    if type(found).__name__ == "APIException":
        raise RefusedError(found)
    return found


def last_log() -> str:
    said = [line for line in LOG.read_text().splitlines() if "xception" in line]
    return said[-1][-400:] if said else "nothing"


def params(operations: Any, **values: object) -> Any:
    """A ParameterMap; `operations` is the class that names the parameters."""
    chosen = package("parameter_map").ParameterMap()
    for name, value in values.items():
        chosen.add(getattr(operations, name), value)
    return chosen
