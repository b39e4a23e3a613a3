"""Both forms against the rules of Airbyte's connection form, as its code and behaviour show them.

The form is built from the spec alone: what it cannot draw breaks the page, or saves nothing and
says nothing.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
import yaml
from airbyte_cdk.models import ConnectorSpecificationSerializer
from jinja2 import Environment

CHECKOUT = Path(__file__).parents[1]
MANIFEST = yaml.safe_load((CHECKOUT / "manifest.yaml").read_text())
SOURCE = {
    "connectionSpecification": MANIFEST["spec"]["connection_specification"],
    "advanced_auth": MANIFEST["spec"]["advanced_auth"],
}
DESTINATION = json.loads((CHECKOUT / "destination_zoho_crm" / "spec.json").read_text())
SPECS = {"source": SOURCE, "destination": DESTINATION}

Schema = dict[str, Any]
Place = tuple[str, Schema]


def form(connector: str) -> Schema:
    return SPECS[connector]["connectionSpecification"]


def fields(schema: Schema, place: str = "", *, required: bool = True) -> Iterator[Place]:
    """Every field of a form, those of options and of list items too, with its path."""
    for name, child in schema.get("properties", {}).items():
        path = f"{place}.{name}".strip(".")
        must = required and name in schema.get("required", ())
        yield path, child | {"required_here": must}
        yield from fields(child, path, required=must)
        yield from fields(child.get("items", {}), f"{path}[]")
        for number, option in enumerate(child.get("oneOf", ())):
            # The form always chooses one, and holds it to what it requires.
            yield from fields(option, f"{path}<{number}>")


def choices(connector: str) -> list[Place]:
    return [(path, field) for path, field in fields(form(connector)) if "oneOf" in field]


def objects(connector: str) -> Iterator[Place]:
    """Everything that has fields: the form, its options and the items of its lists."""
    yield "", form(connector)
    for path, field in fields(form(connector)):
        if "properties" in field.get("items", {}):
            yield f"{path}[]", field["items"]
        for number, option in enumerate(field.get("oneOf", ())):
            yield f"{path}<{number}>", option


both = pytest.mark.parametrize("connector", SPECS)


@both
def test_the_spec_is_one_that_the_protocol_knows(connector: str) -> None:
    spec = ConnectorSpecificationSerializer.load(SPECS[connector])

    assert spec.advanced_auth is not None


@both
def test_every_field_has_a_title_and_those_that_are_filled_in_a_tooltip(connector: str) -> None:
    lacking = [
        path
        for path, field in fields(form(connector))
        if not field.get("title") or not (field.get("description") or "const" in field)
    ]

    assert lacking == []


@both
def test_titles_are_words_as_a_person_writes_them(connector: str) -> None:
    names = {"COQL", "ID", "URL"}
    odd = [
        field["title"]
        for _, field in fields(form(connector))
        for first, *others in [field["title"].split()]
        if not first[0].isupper() or not all(w.islower() or w in names for w in others)
    ]

    assert odd == []
    assert not any("_" in field["title"] for _, field in fields(form(connector)))


@both
def test_tooltips_are_plain_text_or_html_but_no_markdown(connector: str) -> None:
    markdown = re.compile(r"`|\*\*|\]\(|^#|__")
    texts = [field.get("description", "") for _, field in fields(form(connector))]
    texts += [option["description"] for _, field in choices(connector) for option in field["oneOf"]]

    assert [text for text in texts if markdown.search(text)] == []
    assert {tag for text in texts for tag in re.findall(r"</?(\w+)", text)} <= {"a", "b"}


@both
def test_cards_are_account_then_the_work_then_advanced(connector: str) -> None:
    titles = [group["title"] for group in form(connector)["groups"]]
    cards = {group["id"] for group in form(connector)["groups"]}

    assert titles == ["Account", "Reading" if connector == "source" else "Writing", "Advanced"]
    assert {field["group"] for field in form(connector)["properties"].values()} == cards
    nested = [path for path, field in fields(form(connector)) if "." in path and "group" in field]
    assert nested == []


def test_settings_of_writing_come_in_the_order_of_the_pages_steps() -> None:
    properties = form("destination")["properties"]
    writing = [name for name in properties if properties[name]["group"] == "writing"]

    assert writing == sorted(writing, key=lambda name: properties[name]["order"])
    assert writing == [
        "schema_version",
        "mappings",
        "null_values",
        "unknown_picklist_values",
        "automations",
        "write_method",
        "max_rejected",
        "object_storage_config",
    ]


@both
def test_fields_that_stand_together_have_an_order_each(connector: str) -> None:
    for path, holder in objects(connector):
        places = Counter(
            (field.get("group"), field.get("order")) for field in holder["properties"].values()
        )
        assert not any(order is None for _, order in places), path
        assert max(places.values()) == 1, path


@both
def test_a_choice_is_an_object_told_apart_by_the_first_text_of_each_option(connector: str) -> None:
    for path, field in choices(connector):
        firsts = [next(iter(option["properties"].items())) for option in field["oneOf"]]
        constants = [first["const"] for _, first in firsts]

        assert field["type"] == "object", path
        assert len({name for name, _ in firsts}) == 1, path
        assert all(isinstance(constant, str) and constant for constant in constants), path
        assert len(set(constants)) == len(constants), path
        for option, (name, _) in zip(field["oneOf"], firsts, strict=True):
            others = [key for key, value in option["properties"].items() if "const" in value]
            assert others == [name], path
            # An empty object, which some forms save of a choice that a config lacks, is the first
            # option of a choice that has a default, and no option of another.
            default = "default" in field and option is field["oneOf"][0]
            assert (name in option.get("required", ())) != default, path


@both
def test_options_have_short_titles_and_say_what_they_do(connector: str) -> None:
    for path, field in choices(connector):
        # An option's tooltip shows only where the choice itself has one.
        assert field["description"], path
        for option in field["oneOf"]:
            assert len(option["title"]) < 20, path
            assert option["description"], path


@both
def test_no_setting_is_a_silent_dead_end(connector: str) -> None:
    """The form saves nothing and says nothing where a required switch or hidden field is empty."""
    stuck = [
        path
        for path, field in fields(form(connector))
        if field["required_here"]
        and (field.get("type") == "boolean" or field.get("airbyte_hidden"))
        and "default" not in field
    ]
    lists = [
        path
        for path, field in fields(form(connector))
        if field.get("type") == "array" and field["required_here"] and "default" in field
    ]
    unchoosable = [
        path
        for path, field in fields(form(connector))
        if any(value in (0, False, "") for value in field.get("enum", ()))
    ]

    assert (stuck, lists, unchoosable) == ([], [], [])


#: Without these no call can be made; all else has a default, or a meaning when it is absent.
CREDENTIALS = {"client_id", "client_secret", "refresh_token"}
#: A config of Airbyte's older source, with what it saved of an empty date.
OLDER = {
    **dict.fromkeys(CREDENTIALS, "x"),
    "dc_region": "EU",
    "environment": "Sandbox",
    "edition": "Enterprise",
    "start_datetime": None,
}


@both
def test_only_the_credentials_are_required(connector: str) -> None:
    assert set(form(connector)["required"]) == CREDENTIALS


@both
def test_settings_of_the_first_two_cards_stay_in_sight_though_they_may_be_absent(
    connector: str,
) -> None:
    collapsed = [
        name
        for name, field in form(connector)["properties"].items()
        if name not in CREDENTIALS and field["group"] != "advanced" and not field.get("always_show")
    ]
    within = [
        path
        for path, field in fields(form(connector))
        if "<" in path and not (field["required_here"] or "const" in field)
        if not (field.get("always_show") or "[]" in path)
    ]

    assert (collapsed, within) == ([], [])


@both
@pytest.mark.parametrize(
    "changes",
    [
        {"edition": "Free", "start_datetime": "2000-01-01 13:00"},
        {"start_datetime": ""},
        {"retrieval": {}},
        {"retrieval": {"use_coql": "disabled"}},
        {"retrieval": {"use_coql": "automatic"}},
        {"automations": {}, "object_storage_config": {}},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_a_config_of_the_older_source_fits_before_the_connector_runs(
    connector: str, changes: Schema
) -> None:
    """Airbyte's server and PyAirbyte hold a config to the spec themselves."""
    jsonschema.validate(OLDER | changes, form(connector))
    jsonschema.validate(dict.fromkeys(CREDENTIALS, "x"), form(connector))


@pytest.mark.parametrize(
    ("connector", "saved"),
    [
        ("source", {"start_datetime": None, "retrieval": {"use_coql": "enabled"}}),
        ("source", {"start_datetime": "2021-01-01T00:00:00Z"}),
        ("destination", {"max_rejected": 50}),
        ("destination", {"max_rejected": "10%"}),
        *(
            ("destination", {"mappings": [{"stream": "s", "module": "Quotes", "operation": one}]})
            for one in (
                {"operation": "update", "matching_key": "id"},
                {"operation": "delete", "matching_key": "ERP_ID"},
                # Rows of a subform that come as a table are found by it.
                {"operation": "upsert", "matching_key": "id"},
                {"operation": "insert"},
            )
        ),
    ],
)
def test_a_config_that_an_earlier_form_saved_is_saved_again(connector: str, saved: Schema) -> None:
    jsonschema.validate(OLDER | saved, form(connector))


@both
def test_nothing_is_used_that_the_form_cannot_draw(connector: str) -> None:
    def walk(node: Any) -> Iterator[Any]:
        yield node
        for child in (
            node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        ):
            yield from walk(child)

    used = {key for node in walk(form(connector)) if isinstance(node, dict) for key in node}
    assert used & {"$ref", "anyOf", "allOf", "not", "else", "patternProperties"} == set()

    for path, field in fields(form(connector)):
        assert field.get("type"), path
        assert "oneOf" not in field.get("items", {}), path
        assert field.get("items", {}).get("type") != "array", path
        if field["type"] == "object":
            assert "oneOf" in field or field.get("properties"), path
    assert "oneOf" not in form(connector)


def pattern_of(field: Schema) -> str | None:
    """What texts of the field are held to, by the form or by who validates the config."""
    return field.get("pattern", field.get("then", {}).get("pattern"))


@both
def test_patterns_are_ones_that_javascript_reads_alike_and_are_explained(connector: str) -> None:
    python_only = re.compile(r"\(\?(?![:=!])|\\[AZ]|[*+?}]\+")
    for path, field in fields(form(connector)):
        pattern = pattern_of(field)
        if pattern is None:
            continue
        assert not python_only.search(pattern), path
        assert pattern.startswith("^"), path
        assert pattern.endswith("$"), path
        assert field["pattern_descriptor"], path
        assert [one for one in field["examples"] if not re.search(pattern, one)] == []


@both
def test_no_green_tick_stands_beside_what_the_form_does_not_check(connector: str) -> None:
    """Of several types the form checks none, and shows the tick of a pattern that it sees."""
    for path, field in fields(form(connector)):
        if isinstance(field["type"], list):
            assert "pattern" not in field, path
        assert ("if" in field) == ("then" in field) == isinstance(field["type"], list), path
        assert field.get("if", {"type": "string"}) == {"type": "string"}, path


@both
def test_dates_have_a_picker_and_a_pattern(connector: str) -> None:
    for path, field in fields(form(connector)):
        assert field.get("format", "date-time") == "date-time", path
        if "format" in field:
            assert pattern_of(field), path


@pytest.mark.parametrize(
    ("connector", "name", "value"),
    [("source", "start_datetime", "nonsense"), ("destination", "max_rejected", "many")],
)
def test_who_validates_a_config_refuses_nonsense(connector: str, name: str, value: str) -> None:
    """Airbyte's server and PyAirbyte do, before the connector runs."""
    with pytest.raises(jsonschema.ValidationError, match="does not match"):
        jsonschema.validate(OLDER | {name: value}, form(connector))


def test_the_form_fills_in_no_key_that_another_operation_would_keep() -> None:
    """It keeps what stands in a field when another option with such a field is chosen. `id` cannot
    be refused of an upsert: rows of a subform that come as a table are found by it."""
    for path, field in choices("destination"):
        names = Counter(name for option in field["oneOf"] for name in option["properties"])
        filled_in = [
            name
            for option in field["oneOf"]
            for name, inner in option["properties"].items()
            if names[name] > 1 and "default" in inner
        ]
        assert filled_in == [], path


@both
def test_no_hint_names_the_console_of_one_region(connector: str) -> None:
    texts = [field.get("description", "") for _, field in fields(form(connector))]

    assert [text for text in texts if "api-console" in text or "zoho.com" in text] == []


@both
def test_defaults_fit_what_they_are_the_default_of(connector: str) -> None:
    for path, field in fields(form(connector)):
        if "enum" in field and "default" in field:
            assert field["default"] in field["enum"], path
        if "oneOf" in field and "default" in field:
            first = field["oneOf"][0]["properties"]
            assert all(first[key]["const"] == value for key, value in field["default"].items())


@both
def test_secrets_are_those_that_open_the_account_and_the_bucket(connector: str) -> None:
    secret = {
        path.rpartition(".")[2]
        for path, field in fields(form(connector))
        if field.get("airbyte_secret")
    }

    of_the_bucket = {"access_key_id", "secret_access_key"} if connector == "destination" else set()
    assert secret == {"client_id", "client_secret", "refresh_token"} | of_the_bucket


def test_what_both_forms_ask_for_is_asked_in_the_same_words() -> None:
    source, destination = form("source")["properties"], form("destination")["properties"]
    shared = source.keys() & destination.keys()

    assert shared >= {"client_id", "dc_region", "environment", "schema_version", "base_url"}
    for name in shared:
        # The schema stands on the card of the work, which has two names.
        card = {"group": "writing"} if source[name]["group"] == "reading" else {}
        assert destination[name] == source[name] | card, name


def test_the_choices_of_the_form_are_those_of_the_manifest() -> None:
    properties = form("source")["properties"]
    regions = MANIFEST["definitions"]["regions"]

    assert properties["dc_region"]["enum"] == list(regions)
    assert properties["schema_version"]["enum"] == list(MANIFEST["definitions"]["versions"])
    assert all(
        set(properties["environment"]["enum"]) == set(region["api"]) for region in regions.values()
    )


def test_the_start_date_is_seen_and_the_api_type_only_where_coql_is_off() -> None:
    properties = form("source")["properties"]
    enabled, disabled, automatic = properties["retrieval"]["oneOf"]

    assert properties["start_datetime"]["always_show"] is True
    assert properties["retrieval"]["title"] == "Use COQL"
    assert "api_type" not in enabled["properties"]
    assert disabled["properties"]["api_type"]["title"] == "API type"
    assert disabled["properties"]["api_type"]["default"] == "REST"
    assert disabled["required"] == ["use_coql"]
    assert list(automatic["properties"]) == ["use_coql"]


def test_the_destination_never_offers_to_overwrite() -> None:
    assert DESTINATION["supported_destination_sync_modes"] == [
        "append_dedup",
        "append",
        "update",
        "soft_delete",
    ]


# --- Authenticate your Zoho CRM account ----------------------------------------------------------

#: What the platform fills in, as its OAuth handler names it.
FILLED_IN = {
    "client_id_param": "client_id=c",
    "client_secret_param": "client_secret=s",
    "auth_code_param": "code=x",
    "redirect_uri_param": "redirect_uri=https%3A%2F%2Fairbyte.example.com%2Fauth_flow",
    "scope_param": "scope=all",
    "state_param": "state=y",
}


def oauth(connector: str) -> Schema:
    return SPECS[connector]["advanced_auth"]["oauth_config_specification"]


def rendered(connector: str, address: str, region: str) -> str:
    template = oauth(connector)["oauth_connector_input_specification"][address]
    return Environment(autoescape=False).from_string(template).render(dc_region=region, **FILLED_IN)


@both
@pytest.mark.parametrize("region", MANIFEST["definitions"]["regions"])
def test_signing_in_goes_to_the_accounts_host_of_the_region(connector: str, region: str) -> None:
    accounts = MANIFEST["definitions"]["regions"][region]["accounts"]
    consent = urlsplit(rendered(connector, "consent_url", region))
    token = urlsplit(rendered(connector, "access_token_url", region))

    assert f"{consent.scheme}://{consent.netloc}{consent.path}" == f"{accounts}/oauth/v2/auth"
    assert parse_qs(consent.query) == {
        "response_type": ["code"],
        "access_type": ["offline"],
        "prompt": ["consent"],
        "client_id": ["c"],
        "redirect_uri": ["https://airbyte.example.com/auth_flow"],
        "scope": ["all"],
        "state": ["y"],
    }
    assert f"{token.scheme}://{token.netloc}{token.path}" == f"{accounts}/oauth/v2/token"
    assert parse_qs(token.query) == {
        "grant_type": ["authorization_code"],
        "client_id": ["c"],
        "client_secret": ["s"],
        "code": ["x"],
        "redirect_uri": ["https://airbyte.example.com/auth_flow"],
    }


@both
def test_what_signing_in_brings_goes_where_the_form_keeps_it(connector: str) -> None:
    known = form(connector)["properties"]
    outputs = [
        oauth(connector)["complete_oauth_output_specification"],
        oauth(connector)["complete_oauth_server_output_specification"],
        oauth(connector)["oauth_user_input_from_connector_config_specification"],
    ]
    paths = [
        path["path_in_connector_config"] for out in outputs for path in out["properties"].values()
    ]

    assert all(len(path) == 1 and path[0] in known for path in paths)
    assert sorted(path[0] for path in paths) == [
        "client_id",
        "client_secret",
        "dc_region",
        "refresh_token",
    ]
    assert oauth(connector)["oauth_connector_input_specification"]["extract_output"] == [
        "refresh_token"
    ]


@both
def test_the_button_asks_for_the_scopes_that_the_page_names(connector: str) -> None:
    page = CHECKOUT / "docs" / "integrations" / f"{connector}s" / "zoho-crm.md"
    scopes = oauth(connector)["oauth_connector_input_specification"]["scope"].split(",")

    assert [scope for scope in scopes if f"`{scope}`" not in page.read_text()] == []
    assert len(set(scopes)) == len(scopes)
