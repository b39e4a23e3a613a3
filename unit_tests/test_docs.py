"""The pages that users read say what is true."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from destination_zoho_crm import outcomes
from destination_zoho_crm.matching import SYSTEM_FIELDS
from zoho_emulator.server import Running, Settings, running

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"
SOURCE = DOCS / "integrations" / "sources" / "zoho-crm.md"
DESTINATION = DOCS / "integrations" / "destinations" / "zoho-crm.md"
SCALING = DOCS / "scaling-out.md"
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


def headers(page: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.S), re.M)


def examples(page: Path, title: str) -> list[Any]:
    found = re.findall(rf'```json title="{title}"\n(.+?)```', page.read_text(), re.S)
    return [json.loads(example) for example in found]


def anchor(header: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", header.replace("`", "").lower())
    return kept.replace(" ", "-")


def plain(text: str) -> str:
    """Words alone, so that markup and line ends do not count."""
    return " ".join(re.sub(r"[`*<>]|\{[^}\n]*\}", " ", text).split())


@cache
def said_by_the_code() -> str:
    """All texts of the product, one after another; what is filled in later is left out."""
    texts: list[str] = []
    for package in ("zoho_crm", "source_zoho_crm", "destination_zoho_crm"):
        for path in sorted((CHECKOUT / package).rglob("*.py")):
            texts += _texts(ast.parse(path.read_text()))
    rules = MANIFEST["definitions"]["error_handler"]["rules"]["response_filters"]
    texts += [re.sub(r"\{\{.*?\}\}", " ", rule["error_message"]) for rule in rules]
    return plain("\n".join(texts))


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else " " for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def sentences(page: Path) -> list[str]:
    """The first column of the page's troubleshooting tables."""
    tables = page.read_text().split("| the sentence begins |")[1:]
    lines = [line for table in tables for line in table.split("\n\n")[0].splitlines()[2:]]
    return [line.split("|")[1].strip() for line in lines]


@pytest.mark.parametrize("page", SPECS, ids=["source", "destination"])
def test_headers_stand_in_the_order_that_reviewers_expect(page: Path) -> None:
    found = [header for header in headers(page) if header in HEADERS]

    assert found == HEADERS


@pytest.mark.parametrize("page", SPECS, ids=["source", "destination"])
def test_every_setting_of_the_form_is_explained(page: Path) -> None:
    text = page.read_text()
    shown = [
        setting["title"]
        for setting in SPECS[page]["properties"].values()
        if not setting.get("airbyte_hidden")
    ]

    assert [title for title in shown if f"**{title}**" not in text] == []


@pytest.mark.parametrize("page", SPECS, ids=["source", "destination"])
def test_every_version_has_a_line_in_the_changelog(page: Path) -> None:
    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]

    assert f"| {version} |" in page.read_text().split("## Changelog")[1]


@pytest.mark.parametrize(
    ("page", "sentence"),
    [pytest.param(page, s, id=s) for page in (SOURCE, DESTINATION) for s in sentences(page)],
)
def test_the_sentences_to_look_up_are_those_that_are_said(page: Path, sentence: str) -> None:
    parts = [part for part in plain(sentence).split(" … ") if part]

    assert [part for part in parts if part.strip(" .…") not in said_by_the_code()] == []


#: Said only to who writes files by hand or runs the commands, with the file or setting named.
BY_HAND = (
    "The config is not a JSON object",
    "cannot be read",
    "is not JSON",
    "A file given on the command line",
    "The configured catalog is not valid",
    "base_url",
)


def config_errors(*packages: str) -> Iterator[str]:
    """What users read of what they can correct; what is filled in is left out."""
    for package in packages:
        for path in sorted((CHECKOUT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "config_error":
                    yield from _texts_of(node.args[0])
    rules = MANIFEST["definitions"]["error_handler"]["rules"]["response_filters"]
    for rule in rules:
        if rule.get("failure_type") == "config_error":
            yield re.sub(r"\{\{.*?\}\}", " ", rule["error_message"])


def _texts_of(argument: ast.expr) -> Iterator[str]:
    """Only of what stands there: the sentences of forms and plans are made of many parts."""
    if isinstance(argument, ast.JoinedStr | ast.Constant):
        yield next(_texts(argument))


@pytest.mark.parametrize(
    ("page", "package"), [(SOURCE, "source_zoho_crm"), (DESTINATION, "destination_zoho_crm")]
)
def test_every_error_that_a_user_can_mend_is_among_the_sentences_to_look_up(
    page: Path, package: str
) -> None:
    looked_up = [[part for part in plain(s).split(" … ") if part] for s in sentences(page)]
    # The destination reads records by none of the retrieval methods, and has no start date.
    elsewhere = () if page == SOURCE else ("Start date",)
    elsewhere += ("of the call and not of a row",) if page == SOURCE else ()

    missing = [
        said
        for said in map(plain, config_errors("zoho_crm", package))
        if not any(all(part.strip(" .…") in said for part in parts) for parts in looked_up)
        and not any(part in said for part in (*BY_HAND, *elsewhere))
    ]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_links_the_console_of_one_region(page: Path) -> None:
    assert not re.search(r"\]\(https://api-console", page.read_text())


@pytest.mark.parametrize("page", READMES, ids=lambda page: str(page.relative_to(CHECKOUT)))
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
    text = DESTINATION.read_text()

    rows = {module: f"| {module} | `{field}`, " for module, field in SYSTEM_FIELDS.items()}

    assert [module for module, row in rows.items() if row not in text] == []


def test_the_page_names_every_code_of_our_own() -> None:
    codes = {
        value
        for name, value in vars(outcomes).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    }
    named = set(re.findall(r"^\| `([A-Z_]+)` \|", DESTINATION.read_text(), re.M))

    assert named == codes != set()


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
