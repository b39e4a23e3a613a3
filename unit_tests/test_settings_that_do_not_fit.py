"""What Airbyte's form lets pass, and what a hand may write: `check` answers in one sentence."""

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from destination_zoho_crm.destination import DestinationZohoCrm
from destination_zoho_crm.run import run as run_destination
from source_zoho_crm.run import run as run_source
from zoho_crm.form import complete_config, warn_of_unknown
from zoho_crm.manifest import load_settings_parameters

ACCOUNT = {
    "client_id": "1000.C",
    "client_secret": "5f3c1e",
    "refresh_token": "1000.r",
    "dc_region": "US",
    "environment": "Production",
    "schema_version": "v4",
}
SOURCE_FORM = load_settings_parameters()["form"]
DESTINATION_FORM = DestinationZohoCrm().spec(logging.getLogger()).connectionSpecification
COMMANDS = {"source": run_source, "destination": run_destination}

BOTH = [
    ({"client_id": "  "}, "Client ID (client_id) is missing."),
    ({"refresh_token": None}, "Refresh token (refresh_token) is missing."),
    (
        {"client_secret": 5},
        "Client secret (client_secret) is not text; write it in quotes.",
    ),
    (
        {"credits_reserve_percent": True},
        "Credits reserved for people (credits_reserve_percent) is true, which is not a whole "
        "number.",
    ),
    (
        {"dc_region": "Mars"},
        "Region (dc_region) is 'Mars', which is none of US, EU, IN, AU, CN, JP, CA, SA, UK, AE.",
    ),
    (
        {"schema_version": "v3", "credits_reserve_percent": 91},
        "Schema (schema_version) is 'v3', which is none of v2, v2.1, v4, v8. "
        "Credits reserved for people (credits_reserve_percent) is 91, and 90 is the most.",
    ),
    (
        {"credits_reserve_percent": 1.5},
        "Credits reserved for people (credits_reserve_percent) is 1.5, which is not a whole "
        "number.",
    ),
    (
        {"base_url": "http://example.com"},
        "base_url 'http://example.com' is not https. "
        "Plain http is taken for addresses of this machine only.",
    ),
    *(
        (
            {"base_url": url},
            f"base_url {url!r} is not an address. Write it like https://host:port, or for this "
            "machine like http://localhost:port.",
        )
        for url in (
            "http://[::1",
            "http://127.0.0.1:abc",
            "https://",
            "localhost:8765",
            "http://a?b",
        )
    ),
]
OF_THE_SOURCE = [
    (
        {"max_concurrent_requests": 1.5},
        "Maximum calls at once (max_concurrent_requests) is 1.5, which is not a whole number.",
    ),
    (
        {"max_concurrent_requests": 0},
        "Maximum calls at once (max_concurrent_requests) is 0, and 1 is the least.",
    ),
    *(
        (
            {"lookback_minutes": value},
            f"Lookback window (lookback_minutes) is {value!r}, {said}.",
        )
        for value, said in (
            (1441, "and 1440 is the most"),
            (-1, "and 0 is the least"),
            (0.5, "which is not a whole number"),
            ("10", "which is not a whole number"),
        )
    ),
    (
        {"include_deleted": "yes"},
        "Include deleted records (include_deleted) is 'yes', which is neither true nor false.",
    ),
    (
        {"start_datetime": "01/02/2021"},
        "Start date (start_datetime) is '01/02/2021'; "
        "write it like 2021-01-01T00:00:00Z or 2021-01-01.",
    ),
    (
        {"start_datetime": "2021-02-30"},
        "Start date (start_datetime) is '2021-02-30', which is not a date. "
        "Write it like 2021-01-01T00:00:00Z, or leave it empty.",
    ),
    (
        {"start_datetime": "2999-01-01"},
        "Start date (start_datetime) is '2999-01-01', in the future, so nothing would be read. "
        "Choose a past time, or leave it empty to read everything.",
    ),
    (
        {"retrieval": {"use_coql": True}},
        "Use COQL (retrieval) needs use_coql: enabled or disabled or automatic, not true.",
    ),
    (
        {"retrieval": {"api_type": "Bulk"}},
        "Use COQL (retrieval) needs use_coql: enabled or disabled or automatic.",
    ),
    (
        {"retrieval": "REST"},
        "Use COQL (retrieval) is 'REST', which is not a JSON object; "
        'write it as {"use_coql": "enabled"}.',
    ),
    (
        {"retrieval": {"use_coql": "disabled ", "api_type": " SOAP"}},
        "Use COQL (retrieval): API type (api_type) is 'SOAP', which is none of REST, Bulk.",
    ),
]
MAPPING = {"stream": "people", "module": "Leads", "operation": {"operation": "insert"}}
OF_THE_DESTINATION = [
    ({"mappings": {}}, "Mappings (mappings) is {}, which is not a list."),
    ({"mappings": ["Leads"]}, "Mapping 1 is not a JSON object."),
    (
        {"mappings": [MAPPING, MAPPING | {"module": ""}]},
        "Mapping 2: Module (module) is missing.",
    ),
    (
        {"mappings": [MAPPING | {"operation": {"operation": "upsert"}}]},
        "Mapping 1: Operation (operation): Matching key (matching_key) is missing.",
    ),
    (
        {"mappings": [MAPPING | {"operation": {"operation": "overwrite"}}]},
        "Mapping 1: Operation (operation) needs operation: upsert or update or insert or delete, "
        "not 'overwrite'.",
    ),
    (
        {"mappings": [MAPPING | {"operation": {"operation": "upsrt"}}]},
        "Mapping 1: Operation (operation) needs operation: upsert or update or insert or delete, "
        "not 'upsrt'. Did you mean upsert?",
    ),
    *(
        (
            {"mappings": [MAPPING | {"operation": text}]},
            f"Mapping 1: Operation (operation) is {text!r}, which is not a JSON object; write it "
            f"as {example}.",
        )
        for text, example in (
            ("upsert", '{"operation": "upsert", "matching_key": "Email"}'),
            ("upsrt", '{"operation": "upsert", "matching_key": "Email"}'),
            ("delete", '{"operation": "delete", "matching_key": "id"}'),
            ("insert", '{"operation": "insert"}'),
        )
    ),
    (
        {"automations": "selected"},
        "Automations (automations) is 'selected', which is not a JSON object; "
        'write it as {"run": "selected", "kinds": ["workflow"]}.',
    ),
    (
        {"null_values": {"a": True}},
        'Null values (null_values) is {"a": true}, which is not text.',
    ),
    (
        {"mappings": [MAPPING | {"fields": [{"column": "a"}]}]},
        "Mapping 1: Field 1: Field (field) is missing.",
    ),
    (
        {"mappings": [MAPPING | {"modul": "Leads", "feilds": []}]},
        "2 things must be fixed before a row is written. "
        "(1) Mapping 1 has a key modul that no setting has. Did you mean module? "
        "(2) Mapping 1 has a key feilds that no setting has. Did you mean fields?",
    ),
    (
        {"mappings": [MAPPING | {"operation": {"operation": "insert", "maching_key": "Email"}}]},
        "Mapping 1: Operation (operation) has a key maching_key that no setting has. "
        "Did you mean matching_key?",
    ),
    (
        {"mappings": [MAPPING | {"fields": [{"column": "a", "field": "b", "x": 1}]}]},
        "Mapping 1: Field 1 has a key x that no setting has.",
    ),
    (
        {"mappings": [MAPPING | {"lar_id": "the first"}]},
        "Mapping 1: Assignment rule (lar_id) is 'the first'; write it like 4150868000000112009.",
    ),
    (
        {"mappings": [MAPPING | {"lar_id": 4150868000000112009}]},
        "Mapping 1: Assignment rule (lar_id) is 4150868000000112009, which is not text; "
        "write it in quotes.",
    ),
    *(
        (
            {"mappings": [MAPPING | {"lar_id": "1", "operation": how | {"matching_key": "id"}}]},
            "The mapping of people names an assignment rule (lar_id), which goes with insert or "
            f"upsert and not with {how['operation']}. Take it out.",
        )
        for how in ({"operation": "update"}, {"operation": "delete"})
    ),
    (
        {"null_values": "keep"},
        "Null values (null_values) is 'keep', which is none of ignore, clear.",
    ),
    (
        {"automations": {"run": "selected", "kinds": []}},
        "Automations (automations): Kinds (kinds) is empty; "
        "choose among workflow, approval, blueprint.",
    ),
    (
        {"automations": {"run": "some"}},
        "Automations (automations) needs run: all or none or selected, not 'some'.",
    ),
    ({"max_deletes": -1}, "Maximum deletions per sync (max_deletes) is -1, and 0 is the least."),
    (
        {"max_rejected": "5 %"},
        "Maximum rejected rows (max_rejected) is '5 %'; write it like 50 or 10%.",
    ),
    (
        {"object_storage_config": {"storage_type": "Local"}},
        "Rejected rows (object_storage_config): Folder (folder) is missing.",
    ),
]
CASES = [
    *[(connector, *case) for connector in COMMANDS for case in BOTH],
    *[("source", *case) for case in OF_THE_SOURCE],
    *[("destination", *case) for case in OF_THE_DESTINATION],
]

Check = Callable[[str, object], dict[str, Any]]


@pytest.fixture
def check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Check:
    # The commands hang theirs in for good.
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def run(connector: str, config: object) -> dict[str, Any]:
        path = tmp_path / "config.json"
        path.write_text(json.dumps(config))
        monkeypatch.setattr(sys, "argv", [connector, "check", "--config", str(path)])
        COMMANDS[connector]()
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return next(line for line in lines if line["type"] == "CONNECTION_STATUS")

    return run


@pytest.mark.parametrize(("connector", "changes", "sentence"), CASES)
def test_check_says_which_setting_does_not_fit_and_what_would(
    check: Check, connector: str, changes: dict[str, Any], sentence: str
) -> None:
    answer = check(connector, ACCOUNT | changes)

    assert answer["connectionStatus"] == {"status": "FAILED", "message": sentence}


@pytest.mark.parametrize(
    ("connector", "sentence"),
    [("source", "is not an object"), ("destination", "The config is not a JSON object.")],
)
def test_a_config_that_is_no_object_is_refused(check: Check, connector: str, sentence: str) -> None:
    answer = check(connector, ["Leads"])

    assert answer["connectionStatus"]["status"] == "FAILED"
    assert sentence in answer["connectionStatus"]["message"]


@pytest.mark.parametrize(
    ("form", "key", "meant"),
    [
        (SOURCE_FORM, "schema_versoin", "schema_version"),
        (DESTINATION_FORM, "max_rejcted", "max_rejected"),
    ],
)
def test_a_key_that_no_setting_has_is_told(form: dict[str, Any], key: str, meant: str) -> None:
    assert warnings(form, {"edition": "Free", "_ours": 1, key: "x"}) == [
        f"The config has a key {key} that no setting has; it is ignored. Did you mean {meant}?"
    ]


@pytest.mark.parametrize(
    ("form", "settings", "said"),
    [
        (
            SOURCE_FORM,
            {"retrieval": {"use_coql": "disabled", "api_typ": "Bulk"}},
            "Use COQL (retrieval) has a key api_typ that no setting has; it is ignored. "
            "Did you mean api_type?",
        ),
        (
            DESTINATION_FORM,
            {"automations": {"run": "none", "sorts": []}},
            "Automations (automations) has a key sorts that no setting has; it is ignored.",
        ),
    ],
)
def test_a_key_that_no_choice_has_is_told(
    form: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    assert warnings(form, settings) == [said]


@pytest.mark.parametrize(
    ("form", "settings"),
    [
        (SOURCE_FORM, {"retrieval": {"use_coql": "enabled", "api_type": "Bulk"}}),
        (DESTINATION_FORM, {"automations": {"run": "all", "kinds": ["workflow"]}}),
        (
            DESTINATION_FORM,
            {"mappings": [MAPPING | {"operation": {"operation": "insert", "matching_key": "id"}}]},
        ),
    ],
    ids=["retrieval", "automations", "operation"],
)
def test_what_the_form_keeps_of_an_option_that_was_chosen_before_is_none_of_them(
    form: dict[str, Any], settings: dict[str, Any]
) -> None:
    assert warnings(form, settings) == []


def warnings(form: dict[str, Any], settings: dict[str, Any]) -> list[str]:
    """What is logged of a completed config."""
    said: list[str] = []
    heard = logging.Handler()
    heard.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("airbyte")
    logger.addHandler(heard)
    try:
        warn_of_unknown(complete_config(ACCOUNT | settings, form), form)
    finally:
        logger.removeHandler(heard)
    return said
