"""Streams of settings: a lacking feature costs nothing, a lacking permission is reported."""

import logging
import re
from typing import Any

import pytest
from airbyte_cdk.models import FailureType

from unit_tests.source.conftest import Org, Row, rows_of
from zoho_crm.casts import to_utc
from zoho_crm.manifest import load_settings_parameters
from zoho_crm.org import begin_run
from zoho_crm.requester import ZohoRequester, build_requester
from zoho_crm.settings import ConnectionSettings

#: Streams that ask once for each module.
OF_MODULES = ("tags", "custom_views", "layouts", "related_lists", "fields", "picklist_values")


def refused(org: Org, match: str, code: str, status: int = 403) -> None:
    body = {"code": code, "details": {}, "message": "no", "status": "error"}
    fault = {"match": match, "do": "status", "args": {"status": status, "body": body}}
    org.control("POST", "faults", [fault])


def log(output: Any, level: int = logging.INFO) -> list[str]:
    return [
        entry.log.message
        for entry in output.logs
        if logging.getLevelName(entry.log.level.value.replace("WARN", "WARNING")) >= level
    ]


@pytest.mark.parametrize("code", ["NO_PERMISSION", "AUTHORIZATION_FAILED"])
def test_a_permission_that_the_user_lacks_for_the_whole_org_is_an_error(
    org: Org, code: str
) -> None:
    streams = org.streams()
    refused(org, "users", code)

    output = org.read(streams["users"], streams["roles"], expecting_exception=True)

    assert rows_of(output, "roles")
    (sentence,) = {
        error.trace.error.message
        for error in output.errors
        if error.trace.error.stream_descriptor and error.trace.error.message
    }
    assert f"({code}: no). The user who made the refresh token needs a profile with" in sentence


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
@pytest.mark.parametrize(
    ("feature", "code"),
    [
        ("currencies", "CURRENCIES_NOT_ENABLED"),
        ("currencies", "FEATURE_NOT_ENABLED"),
        ("territories", "TERRITORY_NOT_ENABLED"),
        ("territories", "TERRITORY_DISABLED"),
        ("roles", "FEATURE_NOT_ENABLED"),
    ],
)
def test_a_feature_that_the_org_lacks_empties_its_stream_with_one_line_in_the_log(
    org: Org, version: str, feature: str, code: str
) -> None:
    org.settings = {"schema_version": version}
    org.control("POST", "knobs", {"features_refused": [f"{feature}:{code}"]})
    streams = org.streams()

    output = org.read(streams[feature], streams["org"])

    assert rows_of(output, feature) == []
    assert rows_of(output, "org")
    assert output.errors == []
    reported = [line for line in log(output) if code in line]
    assert reported == [f"{feature}: not available in this org ({code})."]
    assert log(output, logging.WARNING) == []


def test_a_code_of_a_missing_feature_that_is_new_to_us_empties_the_stream_too(org: Org) -> None:
    streams = org.streams()
    refused(org, "settings.territories", "SANDBOX_NOT_ENABLED")

    output = org.read(streams["territories"])

    assert rows_of(output, "territories") == []
    assert output.errors == []
    assert "territories: not available in this org (SANDBOX_NOT_ENABLED)." in log(output)


@pytest.mark.parametrize("body", [{}, {"info": {}}, {"KEY": None}, {"KEY": {}}])
@pytest.mark.parametrize(
    ("stream", "call", "key"),
    [
        ("roles", "settings.roles", "roles"),
        ("tags", "settings.tags", "tags"),
        ("pipelines", "settings.layouts", "layouts"),
        ("pipelines", "settings.pipeline", "pipeline"),
    ],
)
def test_an_answer_without_its_list_is_none_that_says_that_there_are_none(
    org: Org, stream: str, call: str, key: str, body: dict[str, Any]
) -> None:
    streams = org.streams()
    reported = {key if name == "KEY" else name: value for name, value in body.items()}
    fault = {"match": call, "do": "status", "args": {"status": 200, "body": reported}}
    org.control("POST", "faults", [fault])

    output = org.read(streams[stream], expecting_exception=True)

    assert output.errors[0].trace.error.failure_type == FailureType.transient_error
    assert f"cannot be read: it has no list '{key}'." in output.errors[0].trace.error.message


@pytest.mark.parametrize(
    ("stream", "call"),
    [("tags", "settings.tags"), ("pipelines", "settings.layouts")],
)
def test_an_answer_that_has_nothing_to_say_leaves_its_stream_empty(
    org: Org, stream: str, call: str
) -> None:
    streams = org.streams()
    fault = {"match": call, "do": "status", "args": {"status": 204}}
    org.control("POST", "faults", [fault])

    output = org.read(streams[stream])

    assert rows_of(output, stream) == []
    assert output.errors == []


@pytest.mark.parametrize("code", ["NO_PERMISSION", "INVALID_DATA"])
def test_a_stream_that_no_module_serves_ends_with_the_refusal_whatever_some_of_them_lack(
    org: Org, code: str
) -> None:
    streams = org.streams()
    refused(org, "settings.tags:Vendors", "FEATURE_NOT_SUPPORTED", 400)
    refused(org, "settings.tags", code)

    output = org.read(streams["tags"], expecting_exception=True)

    assert code in str(output.errors[0].trace.error.message)


def test_a_feature_that_every_module_lacks_leaves_its_stream_empty(org: Org) -> None:
    streams = org.streams()
    refused(org, "settings.tags", "FEATURE_NOT_SUPPORTED", 400)

    output = org.read(streams["tags"])

    assert rows_of(output, "tags") == []
    assert output.errors == []


def test_a_request_that_zoho_calls_invalid_is_no_lacking_feature(org: Org) -> None:
    streams = org.streams()
    refused(org, "settings.currencies", "INVALID_REQUEST", 400)

    output = org.read(streams["currencies"], expecting_exception=True)

    assert "INVALID_REQUEST" in str(output.errors[0].trace.error.message)


def test_a_module_that_the_user_may_not_see_is_reported_and_the_others_come(org: Org) -> None:
    streams = org.streams()
    refused(org, "settings.tags:Vendors", "NO_PERMISSION")

    output = org.read(streams["tags"])

    assert {row["module"] for row in rows_of(output, "tags")} > {"Leads", "Contacts"}
    (line,) = [line for line in log(output, logging.WARNING) if line.startswith("tags: ")]
    assert line.startswith("tags: nothing for Vendors. Zoho refuses ")
    assert "NO_PERMISSION" in line


def test_modules_that_lack_a_feature_are_reported_in_one_line(org: Org) -> None:
    streams = org.streams()
    refused(org, "settings.tags:Vendors", "FEATURE_NOT_SUPPORTED", 400)
    refused(org, "settings.tags:Cases", "INVALID_MODULE", 400)

    output = org.read(streams["tags"])

    assert {row["module"] for row in rows_of(output, "tags")} > {"Leads", "Contacts"}
    (line,) = [line for line in log(output) if line.startswith("tags: not available")]
    assert "Vendors (FEATURE_NOT_SUPPORTED)" in line
    assert "Cases (INVALID_MODULE)" in line
    assert not [line for line in log(output, logging.WARNING) if line.startswith("tags")]


def test_a_permission_that_is_lacking_for_every_module_is_an_error(org: Org) -> None:
    streams = org.streams()
    refused(org, "settings.tags", "NO_PERMISSION")

    output = org.read(streams["tags"], expecting_exception=True)

    assert "NO_PERMISSION" in str(output.errors[0].trace.error.message)


def test_pipelines_of_an_org_without_deals_are_empty(org: Org) -> None:
    streams = org.streams()
    refused(org, "settings.layouts:Deals", "INVALID_MODULE", 400)

    output = org.read(streams["pipelines"])

    assert rows_of(output, "pipelines") == []
    assert "pipelines: not available in this org (INVALID_MODULE)." in log(output)


def test_calls_for_each_module_are_booked_on_the_streams_own_line(org: Org) -> None:
    org.settings = {"schema_version": "v8"}
    streams = org.streams()
    modules = [name for name in streams if not name.islower()]

    output = org.read(*(streams[name] for name in OF_MODULES), streams["pipelines"])

    booked = {
        stream: int(calls.replace(",", ""))
        for line in log(output)
        for stream, calls in re.findall(r"^(?:Cost: )?(\w+)[:,] .*?([\d,]+) calls?,", line)
    }
    # What the streams of modules were made of serves two more.
    shared = {"fields", "picklist_values"}
    assert {name: booked[name] for name in OF_MODULES} == {
        name: 0 if name in shared else len(modules) for name in OF_MODULES
    }
    assert booked["metadata"] >= len(modules)
    # The layouts of deals, and each of them.
    assert booked["pipelines"] == 1 + len(
        {row["layout_id"] for row in rows_of(output, "pipelines")}
    )


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_a_related_list_keeps_the_module_that_it_shows(org: Org, version: str) -> None:
    org.settings = {"schema_version": version}

    rows = rows_of(org.read(org.stream("related_lists")), "related_lists")

    shown = {
        (row["module"], row["api_name"]): name_of(row["related_module"])
        for row in rows
        if row["module"] in ("Leads", "Accounts")
    }
    assert shown[("Leads", "Products_Wanted")] == "Products"
    assert shown[("Accounts", "Contacts")] == "Contacts"
    assert shown[("Accounts", "Notes")] == "Notes"
    plain = version in ("v2", "v2.1")
    assert {type(row["related_module"]) for row in rows} == {str if plain else dict}


def name_of(module: Any) -> str:
    return module if isinstance(module, str) else module["api_name"]


def requester_of(config: Row) -> ZohoRequester:
    """What asks Zoho for metadata, without the source."""
    ConnectionSettings(parameters=load_settings_parameters()).transform(config)
    begin_run(config)
    return build_requester("requester", config)


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_no_stream_of_settings_loses_a_value_of_zohos(org: Org, version: str) -> None:
    """Every value of the answers for one module is in its rows, by its name or as related_*."""
    org.settings = {"schema_version": version}
    names = ("tags", "custom_views", "layouts", "related_lists", "fields")
    streams = [org.stream(name) for name in names]
    output = org.read(*streams)
    zoho = requester_of(org.config)

    for name in names:
        rows = {row["id"]: row for row in rows_of(output, name) if row["module"] == "Leads"}
        entries = zoho.metadata(f"settings/{name}", name, module="Leads")
        assert len(rows) == len(entries)
        for entry in entries:
            for key, value in entry.items():
                if value is not None:
                    kept = rows[entry["id"]].get(f"related_{key}", rows[entry["id"]].get(key))
                    assert as_zoho_has_it(key, kept) == as_zoho_has_it(key, value), (name, key)


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_a_field_of_rows_within_a_record_says_why_records_do_not_carry_it(
    org: Org, version: str
) -> None:
    org.settings = {"schema_version": version}

    rows = rows_of(org.read(org.stream("fields")), "fields")

    of_rows = ("subform", "multiselectlookup", "multiuserlookup")
    reported = {row["not_offered_because"] for row in rows if row["data_type"] in of_rows}
    assert reported == {
        "Lists carry the record without its rows. Where Zoho offers these, they are a module."
    }


def as_zoho_has_it(key: str, value: Any) -> Any:
    return to_utc(value) if key.endswith("_time") else value


@pytest.mark.parametrize(("stream", "call"), [("roles", "settings.roles"), ("users", "users")])
@pytest.mark.parametrize(("times", "reported"), [(1, True), (None, False)])
def test_what_every_org_has_is_never_taken_for_empty(
    org: Org, stream: str, call: str, times: int | None, reported: bool
) -> None:
    """A full refresh with Overwrite would empty its table."""
    streams = org.streams()
    args = {"status": 204, "body": ""}
    fault = {"match": call, "do": "status", "times": times, "args": args}
    org.control("POST", "faults", [fault])

    output = org.read(streams[stream], expecting_exception=not reported)

    assert bool(rows_of(output, stream)) == reported
    assert bool(output.errors) != reported
