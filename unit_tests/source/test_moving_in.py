"""Configs of Airbyte's older Zoho CRM source, in all the shapes that its form saved."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import Status

from source_zoho_crm import SourceZohoCrm
from unit_tests.source.conftest import Org, configured, rows_of

LOGGER = logging.getLogger("airbyte")

#: Start dates as the older form's examples had them, and what it saved of an empty one.
START_DATES = [
    "2000-01-01",
    "2000-01-01 13:00",
    "2000-01-01 13:00:00",
    "2000-01-01T13:00+00:00",
    "2000-01-01T13:00:00-07:00",
    None,
]
EDITIONS = ["Free", "Standard", "Professional", "Enterprise", "Ultimate"]


def older_config(org: Org, **settings: Any) -> dict[str, Any]:
    """The six keys that it required, and no other but the emulator's address."""
    return {
        **org.config,
        "dc_region": "US",
        "environment": "Production",
        "edition": "Free",
    } | settings


@pytest.mark.parametrize("start", START_DATES)
def test_an_older_config_is_checked_and_read_as_it_is(
    org: Org, tmp_path: Path, start: str | None
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(older_config(org, start_datetime=start)))
    before = path.read_bytes()
    config = SourceZohoCrm.read_config(str(path))
    stream = org.streams()["Vehicles"]

    answer = SourceZohoCrm(config=config).check(LOGGER, config)
    org.settings = {k: v for k, v in config.items() if k not in org.config}
    read = org.read(stream)

    assert (answer.status, answer.message) == (Status.SUCCEEDED, None)
    assert len(rows_of(read, "Vehicles")) == len(org.truth(stream)) > 0
    assert path.read_bytes() == before


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_edition_of_an_older_config_is_not_asked_for(org: Org, edition: str) -> None:
    config = older_config(org, edition=edition)

    answer = SourceZohoCrm(config=config).check(LOGGER, config)

    assert answer.status == Status.SUCCEEDED


def test_an_older_config_lacks_nothing_and_is_not_written_to(org: Org) -> None:
    config = older_config(org)
    given = dict(config)

    source = SourceZohoCrm(configured([org.streams()["Vehicles"]], None), config, [])

    assert config == given
    assert source._config["retrieval"] == {"use_coql": "enabled"}
    assert source._config["schema_version"] == "v4"


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_settings_that_hold_nothing_are_as_if_they_were_absent(org: Org, nothing: object) -> None:
    optional = ("start_datetime", "include_deleted", "credits_reserve_percent", "lookback_minutes")
    config = older_config(org, **dict.fromkeys((*optional, "max_concurrent_requests"), nothing))

    answer = SourceZohoCrm(config=config).check(LOGGER, config)

    assert (answer.status, answer.message) == (Status.SUCCEEDED, None)
