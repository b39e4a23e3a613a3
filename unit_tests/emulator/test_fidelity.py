"""The emulator answers in the shapes in which Zoho was seen to answer.

The files in `fidelity/` are lists of recorded answers, in words of ours:

    call, version, status   what was called, as the emulator counts it, and the answer's status
    case                    in which circumstances; call, version, status and case are unique
    source, evidence        where it was seen; "live" from an org, "sample" published by Zoho
    request                 method (GET), path with its query, body, form, headers
    before                  requests that make the circumstances; each may `take` values from its
                            answer: {"lead": "data.0.details.id"}
    knobs                   of the emulator
    where                   {"fields": {"data_type": "lookup"}}: only these items are compared
    headers                 names that the answer has, or {name: value}
    shape                   of the body, see below; "empty" and "binary" are no JSON
    differs                 {"$.data[].id": "why the emulator's answer is another one"}

In texts of a request, `{lead}` is what was taken under this name, `{Leads}` the id of a live record
of that module, `{Leads.1}` of the next one. A path under /_emulator/ is the control API.

A shape is the body with a type in place of each value: string, integer, number, boolean or null,
or several: "string|null". A text after `=` is the value itself. A list has the shape of all its
items, or none. {"|": [...]} has alternatives that are not all plain types. A key that ends in `?`
may lack. An object with the key "..." may have other keys, since these depend on the org. A field
of a record may be null, whatever it was in the sample.

`python -m unit_tests.emulator.test_fidelity` writes the page anew.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from unit_tests.emulator.conftest import OFF, Zoho
from zoho_emulator.knobs import Knobs
from zoho_emulator.server import Settings, running

DATA = Path(__file__).parent / "fidelity"
PAGE = Path(__file__).parents[2] / "zoho_emulator" / "FIDELITY.md"
FILES = {path.stem: json.loads(path.read_text()) for path in sorted(DATA.glob("*.json"))}
ENTRIES = [entry for entries in FILES.values() for entry in entries]

EVIDENCE = {"live": "recorded from an org", "sample": "published by Zoho"}
KEYS = {
    *("call", "version", "status", "case", "source", "evidence", "request", "before", "knobs"),
    *("where", "headers", "shape", "differs"),
}
TYPES = {"string", "integer", "number", "boolean", "null"}


def name_of(entry: dict[str, Any]) -> str:
    return f"{entry['call']} {entry['version']} {entry['status']} {entry['case']}"


# --- Shapes


def alternatives(shape: Any) -> Iterator[Any]:
    if isinstance(shape, dict) and "|" in shape:
        for alternative in shape["|"]:
            yield from alternatives(alternative)
    elif isinstance(shape, str) and not shape.startswith("="):
        assert set(shape.split("|")) <= TYPES, shape
        yield from shape.split("|")
    else:
        yield shape


def type_of(value: Any) -> str:
    kinds = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "object" if isinstance(value, dict) else "list")


def differences(shape: Any, value: Any, path: str = "$") -> Iterator[tuple[str, str]]:
    """Places where the value is not of the shape, each with what is there instead."""
    choices = list(alternatives(shape))
    if isinstance(value, dict | list):
        for choice in choices:
            if isinstance(choice, dict) and isinstance(value, dict):
                yield from _of_object(choice, value, path)
                return
            if isinstance(choice, list) and isinstance(value, list):
                yield from _of_list(choice, value, path)
                return
    elif (
        type_of(value) in choices
        or (type(value) is int and "number" in choices)
        or f"={value}" in choices
    ):
        return
    found = repr(value) if any(str(choice).startswith("=") for choice in choices) else None
    yield path, f"{found or type_of(value)} in place of {json.dumps(shape)}"


def _of_object(
    shape: dict[str, Any], value: dict[str, Any], path: str
) -> Iterator[tuple[str, str]]:
    known = {key.removesuffix("?"): inner for key, inner in shape.items() if key != "..."}
    for key, inner in known.items():
        if key in value:
            yield from differences(inner, value[key], f"{path}.{key}")
        elif f"{key}?" not in shape:
            yield f"{path}.{key}", "missing"
    if "..." not in shape:
        for key in value.keys() - known.keys():
            yield f"{path}.{key}", "not in the source"


def _of_list(shape: list[Any], value: list[Any], path: str) -> Iterator[tuple[str, str]]:
    if shape and not value:
        yield f"{path}[]", "no item"
    for item in value if shape else []:
        yield from differences(shape[0], item, f"{path}[]")


# --- Requests


class Asker:
    """Performs the requests of one entry and remembers what they take."""

    def __init__(self, zoho: Zoho) -> None:
        self.zoho = zoho
        self.taken: dict[str, Any] = {}

    def ask(self, request: dict[str, Any]) -> requests.Response:
        method, url = request.get("method", "GET"), self.zoho.server.base_url
        answer = self.zoho.session.request(
            method,
            url + self.filled(request["path"]),
            json=self.filled(request.get("body")),
            data=self.filled(request.get("form")),
            headers=self.filled(request.get("headers")),
        )
        for name, path in request.get("take", {}).items():
            value = answer.json()
            for part in path.split("."):
                value = value[int(part) if part.isdigit() else part]
            self.taken[name] = value
        return answer

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        if isinstance(value, str):
            return re.sub(r"\{([\w.]+)\}", lambda match: str(self._named(match[1])), value)
        return value

    def _named(self, name: str) -> Any:
        if name not in self.taken:
            module, _, place = name.partition(".")
            self.taken[name] = self.zoho.truth(module)[int(place or 0)]["id"]
        return self.taken[name]


@pytest.fixture(scope="module")
def org() -> Iterator[Zoho]:
    """An org that no other test changes."""
    with running(Settings(rows=20), OFF) as server, requests.Session() as session:
        yield Zoho(server, session)


def found_differences(zoho: Zoho, entry: dict[str, Any]) -> dict[str, str]:
    zoho.control("POST", "reset", {})
    zoho.knobs(**{name: getattr(Knobs(), name) for name in Knobs.__slots__} | OFF)
    zoho.log_in()
    asker = Asker(zoho)
    zoho.knobs(**asker.filled(entry.get("knobs", {})))
    for request in entry.get("before", []):
        made = asker.ask(request)
        assert made.ok, made.text
    answer = asker.ask(entry["request"])

    found: dict[str, str] = {}
    if answer.status_code != entry["status"]:
        found["HTTP status"] = f"{answer.status_code}: {answer.text}"
    wanted = entry.get("headers", [])
    for name in wanted:
        value = answer.headers.get(name)
        if value is None or (isinstance(wanted, dict) and value != wanted[name]):
            found[f"header {name}"] = str(value)
    return found | dict(_of_body(answer, entry))


def _of_body(answer: requests.Response, entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if entry["shape"] in ("empty", "binary"):
        if (entry["shape"] == "empty") is bool(answer.content):
            yield "$", repr(answer.text)
        return
    body = answer.json() if answer.content else None
    for key, wanted in entry.get("where", {}).items():
        body[key] = [item for item in body[key] if item.items() >= wanted.items()]
        assert body[key], f"no item of {key} has {wanted}"
    yield from differences(entry["shape"], body)


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_an_answer_is_of_the_shape_that_was_seen(org: Zoho, entry: dict[str, Any]) -> None:
    """But for what the entry names: a difference that is gone is to be struck out."""
    found = found_differences(org, entry)

    named = entry.get("differs", {})
    news = {path: what for path, what in found.items() if path not in named}
    gone = sorted(named.keys() - found.keys())
    assert (news, gone) == ({}, [])


def test_entries_are_whole_and_unique() -> None:
    assert [entry for entry in ENTRIES if not entry.keys() <= KEYS] == []
    assert {entry["evidence"] for entry in ENTRIES} <= EVIDENCE.keys()
    names = [name_of(entry) for entry in ENTRIES]
    assert sorted(set(names)) == sorted(names)


# --- The page

HEAD = """\
# How near the emulator is to Zoho

Each row is an answer of Zoho's that was recorded or published, compared with the emulator's answer
to the same request. The shapes are in `unit_tests/emulator/fidelity/`. The test
`unit_tests/emulator/test_fidelity.py` compares them and holds this page to the result;
`python -m unit_tests.emulator.test_fidelity` writes it anew.

*Live* is recorded from an org, *sample* is published by Zoho. Keys and types are compared
everywhere, *null* where a value was null, *texts* where codes and messages are Zoho's own words.

"""


def compared(entry: dict[str, Any]) -> str:
    text = json.dumps(entry["shape"])
    marks = {"null": "null", '"=': "texts"}
    parts = ["body" if text in ('"empty"', '"binary"') else "keys, types"]
    parts += [word for mark, word in marks.items() if mark in text]
    return ", ".join(parts + ["headers"] * ("headers" in entry))


def page() -> str:
    same = sum("differs" not in entry for entry in ENTRIES)
    text = HEAD + f"{len(ENTRIES)} answers, {same} of them the same.\n"
    for name, entries in FILES.items():
        text += f"\n## {name}\n\n| call | version | status | case | source | compared | result |\n"
        text += "|---|---|---|---|---|---|---|\n"
        for entry in entries:
            differs = entry.get("differs", {})
            result = "<br>".join(f"`{path}`: {why}" for path, why in differs.items())
            cells = [entry["call"], entry["version"], entry["status"], entry["case"]]
            cells += [f"{entry['evidence']}: {entry['source']}", compared(entry)]
            cells += [f"different: {result}" if differs else "same"]
            text += "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"
    return text


def test_the_page_is_what_the_data_say() -> None:
    assert PAGE.read_text() == page()


if __name__ == "__main__":
    PAGE.write_text(page())
