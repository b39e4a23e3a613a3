"""The emulator answers in the shapes in which Zoho was seen to answer.

The files in `fidelity/` are lists of recorded answers, in words of ours:

    call, version, status   what was called, as the emulator counts it, and the answer's status
    case                    in which circumstances; call, version, status and case are unique
    source, evidence        where it was seen; "live" from an org, "sample" published by Zoho,
                            "schema" read from Zoho's specification
    request                 method (GET), path with its query, body, form, headers, and `file`: a
                            text, or texts by name that are zipped
    before                  requests that make the circumstances; each may `take` values from its
                            answer: {"lead": "data.0.details.id"}, and is made `until` a value is
                            there: {"data.0.state": "COMPLETED"}
    knobs                   of the emulator
    where                   {"fields": {"data_type": "lookup"}}: only these items are compared
    headers                 names that the answer has, or {name: value}
    shape                   of the body, see below; "empty" and "binary" are no JSON
    differs                 {"$.data[].id": "why the emulator's answer is another one"}; what is
                            below the place differs too

In texts of a request, `{lead}` is what was taken under this name, `{Leads}` the id of a live record
of that module, `{Leads.1}` of the next one; `{refresh_token}` and the like are the org's. A path
under /_emulator/ is the control API.

A shape is the body with a type in place of each value: string, integer, number, boolean or null,
or several: "string|null"; "unknown" is that of a field that was empty when it was seen. A text
after `=` is the value itself. A list has the shape of all its items, or none. {"|": [...]} has
alternatives that are not all plain types. A key that ends in `?` may lack. An object with the key
"..." may have other keys, since these depend on the org; none that begin with `$` if its value is
"fields". A field of a record may be null, whatever it was in the sample.

`python -m unit_tests.emulator.test_fidelity` writes the page.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from itertools import chain
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

EVIDENCE = {"live", "sample", "schema"}
KEYS = {
    *("call", "version", "status", "case", "source", "evidence", "request", "before", "knobs"),
    *("where", "headers", "shape", "differs"),
}
TYPES = {"string", "integer", "number", "boolean", "null", "unknown"}


def build_name(entry: dict[str, Any]) -> str:
    return f"{entry['call']} {entry['version']} {entry['status']} {entry['case']}"


# --- Shapes


def list_alternatives(shape: Any) -> Iterator[Any]:
    if isinstance(shape, dict) and "|" in shape:
        for alternative in shape["|"]:
            yield from list_alternatives(alternative)
    elif isinstance(shape, str) and not shape.startswith("="):
        assert set(shape.split("|")) <= TYPES, shape
        yield from shape.split("|")
    else:
        yield shape


def name_type(value: Any) -> str:
    kinds = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "object" if isinstance(value, dict) else "list")


def find_differences(shape: Any, value: Any, path: str = "$") -> Iterator[tuple[str, str]]:
    """Places where the value is not of the shape, each with what is there instead."""
    choices = list(list_alternatives(shape))
    if "unknown" in choices or name_type(value) in choices or f"={value}" in choices:
        return
    if type(value) is int and "number" in choices:
        return
    tried = [
        list(
            _compare_object(choice, value, path)
            if type(choice) is dict
            else _compare_list(choice, value, path)
        )
        for choice in choices
        if isinstance(value, dict | list) and type(choice) is type(value)
    ]
    if tried:
        yield from min(tried, key=len)
        return
    is_text = any(str(choice).startswith("=") for choice in choices)
    yield path, f"{repr(value) if is_text else name_type(value)} in place of {json.dumps(shape)}"


def _compare_object(
    shape: dict[str, Any], value: dict[str, Any], path: str
) -> Iterator[tuple[str, str]]:
    known = {key.removesuffix("?"): inner for key, inner in shape.items() if key != "..."}
    for key, inner in known.items():
        if key in value:
            yield from find_differences(inner, value[key], f"{path}.{key}")
        elif f"{key}?" not in shape:
            yield f"{path}.{key}", "missing"
    for key in sorted(value.keys() - known.keys()):
        if "..." not in shape or (shape["..."] == "fields" and key.startswith("$")):
            yield f"{path}.{key}", "not in the source"


def _compare_list(shape: list[Any], value: list[Any], path: str) -> Iterator[tuple[str, str]]:
    if shape and not value:
        yield f"{path}[]", "no item"
    for item in value if shape else []:
        yield from find_differences(shape[0], item, f"{path}[]")


# --- Requests


def find_in(body: Any, path: str) -> Any:
    for part in path.split("."):
        body = body[int(part) if part.isdigit() else part]
    return body


def build_file(content: str | dict[str, str] | None) -> dict[str, bytes] | None:
    if content is None:
        return None
    if isinstance(content, str):
        return {"file": content.encode()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return {"file": packed.getvalue()}


class Asker:
    """Performs the requests of one entry and remembers what they take."""

    def __init__(self, zoho: Zoho) -> None:
        self.zoho = zoho
        secrets = ("client_id", "client_secret", "refresh_token")
        self.taken: dict[str, Any] = {name: getattr(zoho.server, name) for name in secrets}

    def prepare(self, request: dict[str, Any]) -> None:
        for _ in range(3_000):
            answer = self.ask(request)
            assert answer.ok, answer.text
            awaited = request.get("until", {})
            if all(find_in(answer.json(), path) == value for path, value in awaited.items()):
                return
        raise AssertionError(answer.text)

    def ask(self, request: dict[str, Any]) -> requests.Response:
        method, url = request.get("method", "GET"), self.zoho.server.base_url
        answer = self.zoho.session.request(
            method,
            url + self.filled(request["path"]),
            json=self.filled(request.get("body")),
            data=self.filled(request.get("form")),
            headers=self.filled(request.get("headers")),
            files=build_file(request.get("file")),
        )
        for name, path in request.get("take", {}).items():
            self.taken[name] = find_in(answer.json(), path)
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


def compare_answer(zoho: Zoho, entry: dict[str, Any]) -> dict[str, str]:
    zoho.control("POST", "reset", {})
    zoho.knobs(**{name: getattr(Knobs(), name) for name in Knobs.__slots__} | OFF)
    zoho.log_in()
    asker = Asker(zoho)
    zoho.knobs(**asker.filled(entry.get("knobs", {})))
    for request in entry.get("before", []):
        asker.prepare(request)
    answer = asker.ask(entry["request"])

    found: dict[str, str] = {}
    if answer.status_code != entry["status"]:
        found["HTTP status"] = f"{answer.status_code}: {answer.text}"
    wanted = entry.get("headers", [])
    for name in wanted:
        value = answer.headers.get(name)
        if value is None or (isinstance(wanted, dict) and value != wanted[name]):
            found[f"header {name}"] = str(value)
    return found | dict(_compare_body(answer, entry))


def _compare_body(answer: requests.Response, entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if entry["shape"] in ("empty", "binary"):
        if (entry["shape"] == "empty") is bool(answer.content):
            yield "$", repr(answer.text)
        return
    body = answer.json() if answer.content else None
    for key, wanted in entry.get("where", {}).items():
        body[key] = [item for item in body[key] if item.items() >= wanted.items()]
        assert body[key], f"no item of {key} has {wanted}"
    yield from find_differences(entry["shape"], body)


def is_at(path: str, place: str) -> bool:
    return path == place or path.startswith((f"{place}.", f"{place}["))


@pytest.mark.parametrize("entry", ENTRIES, ids=build_name)
def test_an_answer_is_of_the_shape_that_was_seen(org: Zoho, entry: dict[str, Any]) -> None:
    """But for what the entry names: a difference that is gone is to be struck out."""
    found = compare_answer(org, entry)

    named = {place: [p for p in found if is_at(p, place)] for place in entry.get("differs", {})}
    news = {path: what for path, what in found.items() if path not in chain(*named.values())}
    gone = [place for place, paths in named.items() if not paths]
    assert (news, gone) == ({}, [])


def test_entries_are_whole_and_unique() -> None:
    assert [entry for entry in ENTRIES if not entry.keys() <= KEYS] == []
    assert {entry["evidence"] for entry in ENTRIES} <= EVIDENCE
    names = [build_name(entry) for entry in ENTRIES]
    assert sorted(set(names)) == sorted(names)


# --- The page

HEAD = """\
# How near the emulator is to Zoho

Each row is an answer of Zoho's that was recorded or published, compared with the emulator's answer
to the same request. The shapes are in `unit_tests/emulator/fidelity/`. The test
`unit_tests/emulator/test_fidelity.py` compares them and holds this page to the result;
`python -m unit_tests.emulator.test_fidelity` writes it again.

*Live* is recorded from an org, *sample* is published by Zoho, *schema* is Zoho's specification.
Keys and types are compared everywhere, *null* where a value was null, *texts* where codes and
messages are Zoho's own words.

`crm-oas COMMIT AREA/OPERATION NAME` is the sample NAME in `v8.0/AREA/mds/examples/OPERATION.md` of
zoho/crm-oas, or a `schema` in `v8.0/AREA/operations/OPERATION/operation.md`; `nango` is
NangoHQ/integration-templates, `integrations/zoho-crm/tests/`.

"""


TAIL = """
## Not compared

Samples of what the emulator does not have: custom views in lists and queries (`cvid`), layout rules
and dependent fields, AUTHORIZATION_FAILED, DEPENDENT_SERVICE_ERROR, sub-queries, clones, and rows
of related lists that are read, linked or deleted one by one. Nothing that was read shows an answer
to `If-Modified-Since` without rows, a refused bulk read of v2, v2.1 or v4, the file of a bulk write
result, or any answer of v2.1.
"""


def describe_compared(entry: dict[str, Any]) -> str:
    text = json.dumps(entry["shape"])
    marks = {"null": "null", '"=': "texts"}
    parts = ["body" if text in ('"empty"', '"binary"') else "keys, types"]
    parts += [word for mark, word in marks.items() if mark in text]
    return ", ".join(parts + ["headers"] * ("headers" in entry))


def write_page() -> str:
    same = sum("differs" not in entry for entry in ENTRIES)
    text = HEAD + f"{len(ENTRIES)} answers, {same} of them the same.\n"
    for name, entries in FILES.items():
        text += f"\n## {name}\n\n| call | version | status | case | source | compared | result |\n"
        text += "|---|---|---|---|---|---|---|\n"
        for entry in entries:
            differs = entry.get("differs", {})
            by_reason: dict[str, list[str]] = {}
            for place, why in differs.items():
                by_reason.setdefault(why, []).append(f"`{place}`")
            result = "; ".join(f"{', '.join(at)}: {why}" for why, at in by_reason.items())
            cells = [entry["call"], entry["version"], entry["status"], entry["case"]]
            cells += [f"{entry['evidence']}: {entry['source']}", describe_compared(entry)]
            cells += [f"different: {result}" if differs else "same"]
            text += "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"
    return text + TAIL


def test_the_page_is_what_the_data_say() -> None:
    assert PAGE.read_text() == write_page()


if __name__ == "__main__":
    PAGE.write_text(write_page())
