"""The pages that users read say what is true."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
import yaml

from destination_zoho_crm.matching import SYSTEM_FIELDS
from zoho_emulator.server import Running, Settings, running

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"
SOURCE = DOCS / "integrations" / "sources" / "zoho-crm.md"
DESTINATION = DOCS / "integrations" / "destinations" / "zoho-crm.md"
TOPICS = DOCS / "integrations" / "zoho-crm"
SCALING = TOPICS / "scaling-out.md"
PAGES = sorted([*DOCS.rglob("*.md"), CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md"])
READMES = sorted({*CHECKOUT.glob("*.md"), *CHECKOUT.glob("[!.]*/*.md"), *DOCS.rglob("*.md")})
MANIFEST = yaml.safe_load((CHECKOUT / "manifest.yaml").read_text())
SPECS = {
    SOURCE: MANIFEST["spec"]["connection_specification"],
    DESTINATION: json.loads((CHECKOUT / "destination_zoho_crm" / "spec.json").read_text())[
        "connectionSpecification"
    ],
}

#: In the order that Airbyte's reviewers look for.
HEADERS = [
    "Prerequisites",
    "Setup guide",
    "Supported sync modes",
    "Data type map",
    "Limitations & Troubleshooting",
    "IP allow list",
    "Changelog",
]


def name_page(page: Path) -> str:
    return str(page.relative_to(CHECKOUT))


def headers(page: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.S), re.M)


def examples(page: Path, title: str) -> list[Any]:
    found = re.findall(rf'```json title="{title}"\n(.+?)```', page.read_text(), re.S)
    return [json.loads(example) for example in found]


def anchor(header: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", header.replace("`", "").lower())
    return kept.replace(" ", "-")


@pytest.mark.parametrize("page", SPECS, ids=["source", "destination"])
def test_headers_stand_in_the_order_that_reviewers_expect(page: Path) -> None:
    found = [header for header in headers(page) if header in HEADERS]

    assert found == HEADERS


class Setting(NamedTuple):
    title: str
    key: str
    schema: Mapping[str, Any]

    @property
    def values(self) -> set[str]:
        """What can be chosen."""
        chosen = [*self.schema.get("enum", ()), *self.schema.get("items", {}).get("enum", ())]
        chosen += [find_constant(option)[1]["const"] for option in self.schema.get("oneOf", ())]
        return set(chosen)

    @property
    def default(self) -> str | None:
        value = self.schema.get("default")
        if isinstance(value, Mapping):
            (value,) = value.values()
        if isinstance(value, bool):
            return str(value).lower()
        return None if value is None else str(value)

    @property
    def names(self) -> list[tuple[str, str]]:
        """Titles and keys. A choice has two: its own, and those of the constant that tells its
        options apart."""
        options = self.schema.get("oneOf", ())
        inner = [(found["title"], key) for key, found in map(find_constant, options)]
        return [(self.title, self.key), *inner]


def find_constant(option: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    key, found = next(iter(option["properties"].items()))
    return key, found


def list_settings(form: Mapping[str, Any]) -> Iterator[Setting]:
    """The settings that the form shows, each before those inside it."""
    for key, schema in form["properties"].items():
        if not schema.get("airbyte_hidden") and "const" not in schema:
            yield Setting(schema["title"], key, schema)
            for inner in (schema.get("items", {}), *schema.get("oneOf", ())):
                if "properties" in inner:
                    yield from list_settings(inner)


def read_settings(*pages: Path) -> Iterator[tuple[list[str], list[str], str]]:
    """Titles, keys and values in the rows of the tables of settings."""
    for page in pages:
        for table in page.read_text().split("\n| setting | values | what it does |\n")[1:]:
            for line in table.split("\n\n")[0].splitlines()[1:]:
                setting, values, does = line.replace(r"\|", "/").strip("|").split("|")
                titles, mark, keys = setting.partition("<br/>")
                assert "" not in (mark, does.strip()), line
                yield titles.replace("*", "").strip().split(", "), keys.split("`")[1::2], values


@pytest.mark.parametrize("page", SPECS, ids=["source", "destination"])
def test_every_setting_of_the_form_is_explained_with_its_values(page: Path) -> None:
    rows, wrong = [*read_settings(page, *sorted(TOPICS.glob("*.md")))], []
    # What a list of pairs holds is named where the list is.
    pairs = {key for _, keys, values in rows for key in values.split("`")[1::2] if "fields" in keys}

    for setting in list_settings(SPECS[page]):
        found = [
            values
            for titles, keys, values in rows
            if any(title in titles and key in keys for title, key in setting.names)
        ]
        text = re.sub(r"(?<=\d),(?=\d)", "", "; ".join(found))
        words = set(re.findall(r"[\w.-]*\w", text))
        if not found and setting.key not in pairs:
            wrong.append(f"{setting.title} ({setting.key}) has no row")
        elif lost := sorted(setting.values - words):
            wrong.append(f"{setting.title} ({setting.key}) is without {', '.join(lost)}")
        elif setting.default and not marks_default(text, setting.default):
            wrong.append(f"{setting.title} ({setting.key}) is without default {setting.default}")

    assert wrong == []


def marks_default(text: str, value: str) -> bool:
    """In bold, or by the word before or behind it."""
    one = rf"`?{re.escape(value)}`?"
    return bool(
        re.search(rf"\*\*{one}\*\*|(?<![\w`]){one} \(default\)|default:? {one}(?!\w)", text)
    )


@pytest.mark.parametrize("page", SPECS, ids=["source", "destination"])
def test_settings_stand_in_the_order_of_the_form(page: Path) -> None:
    form = SPECS[page]["properties"]
    groups = [group["id"] for group in SPECS[page]["groups"]]
    assert "\n### Settings\n" in page.read_text().split("## Setup guide")[1]

    keys = [next((key for key in keys if key in form), "") for _, keys, _ in read_settings(page)]

    found = list(dict.fromkeys(filter(None, keys)))
    shown = [key for key, schema in form.items() if not schema.get("airbyte_hidden")]
    assert found == sorted(
        shown, key=lambda key: (groups.index(form[key]["group"]), form[key]["order"])
    )


@pytest.mark.parametrize("page", SPECS, ids=["source", "destination"])
def test_every_version_has_a_line_in_the_changelog(page: Path) -> None:
    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]

    assert f"| {version} |" in page.read_text().split("## Changelog")[1]


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    lost = []
    for link in links:
        if "://" in link:
            continue
        path, _, place = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (place and place not in map(anchor, headers(target))):
            lost.append(link)

    assert lost == []


def list_targets(page: Path) -> set[Path]:
    links = re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", page.read_text())
    return {(page.parent / link).resolve() for link in links if "://" not in link}


def test_every_page_is_linked_from_another_one() -> None:
    linked = {target for page in PAGES for target in list_targets(page) - {page}}

    assert [name_page(page) for page in sorted(DOCS.rglob("*.md")) if page not in linked] == []


@pytest.mark.parametrize("page", sorted((DOCS / "integrations").rglob("*.md")), ids=name_page)
def test_pages_that_go_to_airbyte_link_each_other_and_the_web_only(page: Path) -> None:
    """What `make monorepo` copies: the pages of both connectors."""
    outside = list_targets(page) - {*(DOCS / "integrations").rglob("*.md")}

    assert sorted(outside) == []


@pytest.mark.parametrize("page", SPECS, ids=["source", "destination"])
def test_the_page_calls_the_button_what_the_form_calls_it_and_says_where_it_stands(
    page: Path,
) -> None:
    """Airbyte's form writes "Authenticate your <name of the connector> account" on it."""
    name = yaml.safe_load((CHECKOUT / "metadata.yaml").read_text())["data"]["name"]
    _, guide = page.read_text().split("## Setup guide")

    steps = guide.split("### Set up the ")[1]

    assert f"**Authenticate your {name} account**" in steps
    assert "at the top of the form" in steps
    assert "**Set up manually**" in steps
    assert "sign in with zoho" not in page.read_text().lower()


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_no_page_links_the_console_of_one_region(page: Path) -> None:
    assert not re.search(r"\]\(https://api-console", page.read_text())


@pytest.mark.parametrize("page", READMES, ids=name_page)
def test_plain_http_leads_to_localhost_only(page: Path) -> None:
    """Airbyte's check takes no other name of this machine."""
    hosts = re.findall(r"http://([^/\s:)`\"']+)", page.read_text())

    assert set(hosts) <= {"localhost"}


def test_the_page_names_every_stream_of_settings() -> None:
    names = {stream["name"] for stream in MANIFEST["definitions"]["streams"].values()}

    missing = {name for name in names if f"`{name}`" not in SOURCE.read_text()}

    assert len(names) >= 15
    assert missing == set()


def test_the_page_names_each_modules_own_key() -> None:
    rows = re.findall(r"^\| ([\w, ]+) \| `(\w+)`, unique, ", DESTINATION.read_text(), re.M)

    found = {module: field for modules, field in rows for module in modules.split(", ")}

    assert found.items() >= SYSTEM_FIELDS.items()


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    with running(Settings(rows=1, rows_by_module={}, modules=None, fields_by_module={})) as server:
        yield server


@pytest.mark.parametrize("page", SPECS, ids=["source", "destination"])
def test_examples_of_configurations_fit_the_form(page: Path) -> None:
    kind = "source" if page == SOURCE else "destination"
    found = [
        example
        for place in DOCS.rglob("*.md")
        for example in examples(place, f"{kind} configuration")
    ]

    for example in found:
        jsonschema.validate(example, SPECS[page])
        unknown = example.keys() - SPECS[page]["properties"].keys()
        assert unknown == set()
    assert found


def test_connections_that_share_an_org_share_its_calls_and_no_stream(emulator: Running) -> None:
    """Of the page on scaling out."""
    sources = examples(SCALING, "source configuration")
    streams = [
        entry["name"]
        for example in examples(SCALING, "streams of a connection")
        for entry in example["streams"]
    ]
    counted = emulator.control("GET", "counts")

    assert isinstance(counted, dict)
    assert sum(source["max_concurrent_requests"] for source in sources) <= 10
    assert len({source["refresh_token"] for source in sources}) == len(sources)
    assert len(set(streams)) == len(streams)
    assert {name for name in streams if not name.islower()} <= counted.keys()


def test_the_page_names_the_console_and_the_accounts_host_of_every_region() -> None:
    rows = re.findall(r"^\| ([A-Z]{2}) \| `(\S+)` \| `(\S+)` \|$", SOURCE.read_text(), re.M)
    regions = MANIFEST["definitions"]["regions"]

    assert {region: accounts for region, _, accounts in rows} == {
        name: region["accounts"] for name, region in regions.items()
    }
    assert [console for _, console, accounts in rows] == [
        accounts.replace("//accounts.", "//api-console.") for _, _, accounts in rows
    ]
