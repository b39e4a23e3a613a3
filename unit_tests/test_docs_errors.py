"""The page of errors has every code, error and warning of the connectors, as the code has it."""

import argparse
import ast
import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from airbyte_cdk import AirbyteTracedException, entrypoint
from airbyte_cdk.sources.concurrent_source import concurrent_read_processor
from airbyte_cdk.utils import traced_exception

from destination_zoho_crm import outcomes, report
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.row_counts import StreamCounts
from zoho_crm import auth
from zoho_crm.form import complete_config

CHECKOUT = Path(__file__).parents[1]
PAGE = CHECKOUT / "docs" / "integrations" / "zoho-crm" / "errors.md"
MANIFEST = yaml.safe_load((CHECKOUT / "manifest.yaml").read_text())
RULES = MANIFEST["definitions"]["error_handler"]["rules"]["response_filters"]
#: What each connector says; the shared package's sentences are those of both, or of one.
PACKAGES = {
    "source": ("zoho_crm", "source_zoho_crm"),
    "destination": ("zoho_crm", "destination_zoho_crm"),
}
ALL_PACKAGES = ("zoho_crm", "source_zoho_crm", "destination_zoho_crm")

#: In capitals, and none of them a code: variables of the environment, messages, actions of rules.
NOT_CODES = {
    *("AWS_ASSUME_ROLE_EXTERNAL_ID", "CONNECTION_ID", "WORKER_JOB_ID", "DESTINATION_CATALOG"),
    *("REFRESH_TOKEN_THEN_RETRY", "RATE_LIMITED"),
}
#: What the code makes of several texts, and the page spells as it is said.
SPELLED = {
    "not one of … deletions found its record.": "… found … record.",
    "the only deletion found no record.": "… found … record.",
}
#: The end of these depends on the setting, so the page has each; see the test below.
CHOICES = re.compile(r"… needs (\w+):")
#: The section of what the connectors do not say themselves, and who says it.
ELSEWHERE = "Sentences of Airbyte and of the command line"
OTHERS = (argparse, concurrent_read_processor, entrypoint, traced_exception)
#: Of these the code has several parts in several places; the page has each of them as it is said.
MADE_OF_PARTS = ("Zoho's token endpoint . Try again later.", ": rows that find none are rejected")
#: Sentences with fewer words of their own are those of others, passed on.
FEWEST_WORDS = 4

#: What makes an error of its first argument, and what warns of it.
ERRORS = {
    *("config_error", "transient_error", "system_error", "NoTokenError", "Unreadable"),
    *("_build_error", "UnknownKey"),
}
WARNINGS = {"warning", "_warn_once", "_give_up"}
#: Files whose functions yield, return or gather sentences that make an error.
OF_ERRORS = {
    *("zoho_crm/form.py", "zoho_crm/problems.py"),
    *(
        f"destination_zoho_crm/{name}.py"
        for name in ("child_tables", "matching", "plan_problems", "planning", "row_problems")
    ),
}
#: Functions that yield or return warnings.
OF_WARNINGS = re.compile(r"build_.*warnings|report_(added|rejects|missed_deletions)")


class Entry(NamedTuple):
    sentence: str
    who: str
    advice: str

    @property
    def parts(self) -> list[str]:
        """What stands between names and numbers."""
        said = plain(self.sentence)
        for spelled, in_code in SPELLED.items():
            said = said.replace(spelled, in_code)
        parts = (part.strip(" .…") for part in said.split("…"))
        return [part for part in parts if part]

    def covers(self, said: str) -> bool:
        """Whether who searches for the entry's words finds the sentence that is said."""
        pattern = ".*?".join(map(re.escape, self.parts))
        anywhere = self.sentence.startswith("…")
        return bool((re.search if anywhere else re.match)(pattern, said))


def plain(text: str) -> str:
    """Words alone, so that markup and line ends do not count."""
    return " ".join(re.sub(r"[`*<>]|\{[^}\n]*\}", " ", text).split())


#: In bold a sentence or codes, in brackets who says it or where they appear.
HEAD = r"\*\*(.+?)\*\*(?: \(([a-z, ]+)\)| \*\((source|destination)\)\*)?"
LINE = re.compile(rf"- ({HEAD}(?:, {HEAD})*)(?:(?<=\.\*\*)|\.) (\S.+)")


class Line(NamedTuple):
    """Of a list to look things up in: what is in bold with what is in brackets, and the advice."""

    heads: list[tuple[str, str]]
    advice: str


def read_lists(titles: str, mark: str) -> Iterator[tuple[str, list[Line]]]:
    """By the header above it, each list below such headers, of lines that begin with the mark."""
    for section in re.split(r"^#+ ", PAGE.read_text(), flags=re.M)[1:]:
        title, *lines = section.splitlines()
        if re.fullmatch(titles, title):
            yield title, [read_line(line) for line in lines if line.startswith(mark)]


def read_line(line: str) -> Line:
    found = LINE.fullmatch(line)
    assert found, line
    heads = re.findall(HEAD, found[1])
    return Line([(bold, where or who) for bold, where, who in heads], found[found.re.groups])


((_, _CODES),) = read_lists("Codes", "- **`")
CODES = [
    [(code, where) for codes, where in line.heads for code in re.findall(r"`([^`]+)`", codes)]
    for line in _CODES
]
LISTS = {
    title: [[Entry(said, who or "both", line.advice) for said, who in line.heads] for line in lines]
    for title, lines in read_lists(".*: [A-Z] to [A-Z]", "- ")
}
ENTRIES = [entry for lines in LISTS.values() for line in lines for entry in line]
FROM_ELSEWHERE = [
    e
    for title, lines in LISTS.items()
    if title.startswith(ELSEWHERE)
    for line in lines
    for e in line
]


def order(words: str) -> list[str]:
    """How a reader looks for words: names, marks and capitals do not count."""
    return re.sub(r"[^\w ]", "", words).casefold().split()


@cache
def trees() -> dict[str, ast.Module]:
    paths = (path for package in ALL_PACKAGES for path in (CHECKOUT / package).rglob("*.py"))
    return {
        path.relative_to(CHECKOUT).as_posix(): ast.parse(path.read_text()) for path in sorted(paths)
    }


def read_text(node: ast.expr) -> str:
    """Without what is filled in later."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else " " for part in node.values
        )
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@cache
def list_texts(package: str) -> tuple[str, ...]:
    """All texts of a package, without what explains it."""
    found = []
    for path, tree in trees().items():
        if path.startswith(f"{package}/"):
            docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            nodes = (node for node in ast.walk(tree) if isinstance(node, ast.expr))
            found += [read_text(node) for node in nodes if id(node) not in docs]
    if package == "zoho_crm":
        found += list_messages_of_rules()
    return tuple(filter(None, found))


def list_messages_of_rules() -> list[str]:
    return [re.sub(r"\{\{.*?\}\}", " ", rule["error_message"]) for rule in RULES]


@cache
def said_elsewhere() -> str:
    return plain("\n".join(map(inspect.getsource, OTHERS)))


@cache
def said_by(*packages: str) -> str:
    return plain("\n".join(text for package in packages for text in list_texts(package)))


def list_sentences(nodes: Sequence[ast.AST], constants: dict[str, str]) -> Iterator[str]:
    """Of arguments and yielded values: those that are texts, and the choices between texts."""
    for node in nodes:
        if isinstance(node, ast.IfExp):
            yield from list_sentences([node.body, node.orelse], constants)
        elif isinstance(node, ast.GeneratorExp):
            yield from list_sentences([node.elt], constants)
        elif isinstance(node, ast.Name):
            yield constants.get(node.id, "")
        elif isinstance(node, ast.expr):
            yield read_text(node)


def find_constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: read_text(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def find_values(tree: ast.AST) -> Iterator[ast.AST]:
    """What is yielded, returned, or added to a list."""
    for node in ast.walk(tree):
        kinds = ast.Yield | ast.YieldFrom | ast.Return | ast.AugAssign
        if isinstance(node, kinds) and node.value:
            yield node.value
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "append":
            yield from node.args


def find_arguments(tree: ast.AST, names: set[str]) -> Iterator[ast.AST]:
    """The first arguments of calls of these names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
            if name in names:
                yield node.args[0]


def find_errors() -> set[str]:
    said = [re.sub(r"\{\{.*?\}\}", " ", r["error_message"]) for r in RULES if r["action"] == "FAIL"]
    said += auth._REFUSED.values()
    for path, tree in trees().items():
        nodes = [*find_arguments(tree, ERRORS), *(find_values(tree) if path in OF_ERRORS else ())]
        said += list_sentences(nodes, find_constants(tree))
    return set(filter(is_of_its_own, map(plain, said)))


def find_warnings() -> set[str]:
    said: list[str] = []
    for tree in trees().values():
        nodes = [*find_arguments(tree, WARNINGS)]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and OF_WARNINGS.fullmatch(node.name):
                nodes += find_values(node)
        said += list_sentences(nodes, find_constants(tree))
    return set(filter(is_of_its_own, map(plain, said)))


def is_of_its_own(said: str) -> bool:
    """Whether it begins a sentence, and does not go on with another one."""
    if said.startswith((".", ",", ";")) or said in MADE_OF_PARTS:
        return False
    return len(re.findall(r"\w+", said)) >= FEWEST_WORDS


OWN = [e for e in ENTRIES if e not in FROM_ELSEWHERE and not CHOICES.fullmatch(e.sentence)]


@pytest.mark.parametrize("entry", [pytest.param(e, id=e.sentence) for e in OWN])
def test_the_sentences_to_look_up_are_those_that_are_said(entry: Entry) -> None:
    sayers = PACKAGES if entry.who == "both" else {entry.who: PACKAGES[entry.who]}

    missing = {
        who: [part for part in entry.parts if part not in said_by(*packages)]
        for who, packages in sayers.items()
    }

    assert entry.parts
    assert [who for who, parts in missing.items() if parts] == [], missing
    others = [one for who in PACKAGES.keys() - sayers for one in list_texts(f"{who}_zoho_crm")]
    assert [text for text in others if entry.covers(plain(text))] == []
    assert entry.advice


def test_every_error_is_among_the_sentences_to_look_up() -> None:
    errors = find_errors()

    assert len(errors) > 130
    assert sorted(said for said in errors if not any(e.covers(said) for e in ENTRIES)) == []


def test_every_warning_is_among_the_sentences_to_look_up() -> None:
    warnings = find_warnings()

    assert len(warnings) > 45
    assert sorted(said for said in warnings if not any(e.covers(said) for e in ENTRIES)) == []


@pytest.mark.parametrize("entry", [pytest.param(e, id=e.sentence) for e in FROM_ELSEWHERE])
def test_the_sentences_of_others_are_those_that_are_said(entry: Entry) -> None:
    said = f"{said_elsewhere()} {said_by('zoho_crm')}"

    assert [part for part in entry.parts if part not in said] == []
    assert entry.parts
    assert entry.advice


def list_open_choices(form: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Configs in which one choice among options is left open."""
    for name, schema in form["properties"].items():
        if "oneOf" in schema:
            yield {name: {"other": 1}}
        for inner, each in schema.get("items", {}).get("properties", {}).items():
            if "oneOf" in each:
                yield {name: [{inner: {"other": 1}}]}


def test_what_a_choice_needs_is_spelled_for_each_setting() -> None:
    spec = json.loads((CHECKOUT / "destination_zoho_crm" / "spec.json").read_text())
    forms = {
        "source": MANIFEST["spec"]["connection_specification"],
        "destination": spec["connectionSpecification"],
    }
    said = set()
    for who, form in forms.items():
        for config in list_open_choices(form):
            with pytest.raises(AirbyteTracedException) as told:
                complete_config(config, form)
            (key,) = re.findall(r" needs (\w+): ", str(told.value.message))
            said.add((key, who))

    found = [(CHOICES.fullmatch(entry.sentence), entry.who) for entry in ENTRIES]
    assert sorted((match[1], who) for match, who in found if match) == sorted(said)


def test_a_stream_that_deleted_nothing_is_told_as_the_page_has_it() -> None:
    totals: dict[StreamKey, StreamCounts] = {}
    for missed in (1, 4):
        totals[None, str(missed)] = counts = StreamCounts()
        counts.counts["deleted"] = counts.found_no_record = missed

    said = [*report.report_missed_deletions(totals)]

    starts = [
        plain(entry.sentence) for entry in ENTRIES if "Check whether its keys" in entry.sentence
    ]
    patterns = [".*".join(map(re.escape, start.split("…"))) for start in starts]
    assert len(said) == len(starts) == 2
    assert [[bool(re.match(p, one)) for p in patterns].count(True) for one in said] == [1, 1]


def test_sentences_stand_in_the_order_of_their_words_and_once() -> None:
    for kind, least in (("Errors", 60), ("Warnings", 60), (ELSEWHERE, 1)):
        lines = [
            [order(entry.sentence) for entry in line]
            for title, lines in LISTS.items()
            if title.startswith(kind)
            for line in lines
        ]
        words = [line[0] for line in lines]
        assert words == sorted(words)
        assert [line for line in lines if line != sorted(line)] == []
        every = [tuple(found) for line in lines for found in line]
        assert len({*every}) == len(every) > least


def test_headers_of_sentences_name_the_letters_below_them() -> None:
    assert len(LISTS) >= 4
    for title, lines in LISTS.items():
        first, last = title.partition(": ")[2].casefold().split(" to ")
        letters = {order(line[0].sentence)[0][0] for line in lines}
        assert first <= min(letters) <= max(letters) <= last


def find_codes() -> set[str]:
    texts = [text for package in ALL_PACKAGES for text in list_texts(package)]
    rules = (CHECKOUT / "manifest.yaml").read_text()
    texts += re.findall(r"^ *(?:predicate|error_message): (.*)$", rules, re.M)
    found = {code for text in texts for code in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text)}
    # Of features that are off, the code knows the end; a reject may come without a code.
    named = {"…_NOT_ENABLED", "UNKNOWN", "Access Denied", *auth._REFUSED, *auth._PASSING}
    return found - NOT_CODES | named


def test_the_codes_to_look_up_are_those_that_the_code_knows() -> None:
    codes = [code for line in CODES for code, _ in line]

    assert sorted(codes) == sorted(find_codes())
    assert len(codes) > 80


def test_codes_stand_in_order() -> None:
    lines = [[order(code) for code, _ in line] for line in CODES]

    assert lines == sorted(lines)
    # Those that appear in several places follow those that appear in fewer.
    for line in CODES:
        for place in {where for _, where in line}:
            alike = [order(code) for code, where in line if where == place]
            assert alike == sorted(alike)


def test_each_code_says_where_it_appears() -> None:
    places = {place for line in CODES for _, where in line for place in where.split(", ")}

    assert places == {"answer", "error", "log", "row"}
    (listed,) = re.findall(r"says where a code appears:\n\n((?:- .*\n)+)", PAGE.read_text())
    assert set(re.findall(r"^- \*\*(\w+)\*\*", listed, re.M)) == places


def test_the_page_says_which_codes_are_of_rejected_rows_alone() -> None:
    own = {
        value
        for name, value in vars(outcomes).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    }
    of_rows = {code for line in CODES for code, where in line if where == "row"}

    assert own
    assert own - of_rows == set()
