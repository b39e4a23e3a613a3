"""Connection settings: defaults, and the addresses that follow from them."""

import logging
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import InitVar, dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pendulum
from airbyte_cdk.sources.declarative.transformations.config_transformations import (
    config_transformation,
)
from pendulum.parsing.exceptions import ParserError

from zoho_crm.form import complete_config
from zoho_crm.problems import config_error

LOGGER = logging.getLogger("airbyte")

#: Older than any record: the start of a read without a start date.
BEGINNING = "1970-01-01T00:00:00Z"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass
class ConnectionSettings(config_transformation.ConfigTransformation):
    """Completes a config in memory; the user's file stays as it is.

    Missing settings get their defaults, so that a config of Airbyte's older Zoho CRM source works
    unchanged; a config that does not fit the form is an error with a sentence for each setting.
    `start_datetime` becomes UTC. `_zoho` holds the addresses `accounts`, `crm` and `bulk`, taken
    from the manifest's table of regions, and for each address of the API its `uploads`; each
    connector adds its `scopes`.

    Why not in YAML: a table handed down as `$parameters` is copied into every component of every
    stream, and a lookup in Jinja answers an unknown region with a traceback instead of a sentence.
    """

    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._regions: Mapping[str, Mapping[str, Any]] = parameters["regions"]
        self._form: Mapping[str, Any] = parameters["form"]

    def transform(self, config: MutableMapping[str, Any]) -> None:
        whole = complete_config(config, self._form)
        # What is null is absent from now on, too: the CDK validates the config once more.
        config.clear()
        config.update(whole)
        config["start_datetime"] = _parse_start(config.get("start_datetime"))
        config["_zoho"] = self._addresses(config)

    def _addresses(self, config: Mapping[str, Any]) -> dict[str, Any]:
        region = self._regions[config["dc_region"]]
        api = region["api"][config["environment"]]
        version = config["schema_version"]
        accounts = region["accounts"]
        uploads = {
            known: each["upload"]
            for each in self._regions.values()
            for known in each["api"].values()
        }
        if base_url := config.get("base_url"):
            api = accounts = _check_base_url(base_url)
            chosen = config["dc_region"]
            if chosen != self._form["properties"]["dc_region"]["default"]:
                _warn_once(f"base_url is set, so dc_region, which is {chosen}, has no effect.")
            uploads[api] = [api]
        return {
            "accounts": accounts,
            "api": api,
            "known": [known for each in self._regions.values() for known in each["api"].values()],
            "crm": f"{api}/crm/{version}",
            "bulk": f"{api}/crm/bulk/{version}",
            "uploads": {
                known: [f"{host}/crm/{version}/upload" for host in hosts]
                for known, hosts in uploads.items()
            },
        }


@cache
def _warn_once(sentence: str) -> None:
    """In a process: several commands complete a config more than once."""
    LOGGER.warning(sentence)


def _check_base_url(url: str) -> str:
    try:
        return check_address(url)
    except AddressError as error:
        raise config_error(f"base_url {error}") from None


class AddressError(ValueError):
    """The rest of a sentence that begins with a setting's name."""


def check_address(url: str) -> str:
    """The address without a slash at its end. Raises `AddressError` where it is none, or is plain
    http to another machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    # Some parsers read what is beside the host as another host, or as part of the path.
    beside = re.search(r"[\s\\@?#]", url)
    if not host or beside:
        # Without the part before the host, which may be a password.
        shown = url.rpartition("@")[2]
        raise AddressError(
            f"{shown!r} is not an address. Write it like https://host:port, or for this machine "
            "like http://localhost:port."
        )
    if parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK):
        return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))
    raise AddressError(
        f"{url!r} is not https. Plain http is taken for addresses of this machine only."
    )


def _parse_start(value: object) -> str:
    """The start date in UTC; a date before the beginning means all records.

    Zoho's times have no fractions of a second, so they are cut off.
    """
    if value is None:
        return BEGINNING
    timestamp = _parse_timestamp(str(value))
    if timestamp is None:
        raise config_error(
            f"Start date (start_datetime) is {value!r}, which is not a date. "
            "Write it like 2021-01-01T00:00:00Z, or leave it empty."
        )
    if timestamp > datetime.now(UTC):
        raise config_error(
            f"Start date (start_datetime) is {value!r}, in the future, so nothing would be read. "
            "Choose a past time, or leave it empty to read everything."
        )
    if timestamp < datetime.fromisoformat(BEGINNING):
        return BEGINNING
    return timestamp.in_timezone("UTC").format("YYYY-MM-DDTHH:mm:ss[Z]")


def _parse_timestamp(text: str) -> pendulum.DateTime | None:
    # pendulum also reads weeks, durations and bare times; they are not meant here.
    if not re.match(r"\d{4}-\d{2}-\d{2}($|[T ])", text):
        return None
    try:
        timestamp = pendulum.parse(text, tz="UTC")
    except (ParserError, ValueError):
        return None
    return timestamp if isinstance(timestamp, pendulum.DateTime) else None
