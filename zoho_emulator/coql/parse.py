"""The text of a COQL query, parsed and not yet held against an org.

What does not parse is answered as Zoho answers it: SYNTAX_ERROR, with line, column and the
text near the mistake where there is one.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken
from lark.lexer import PatternRE, TerminalDef

from zoho_emulator.coql.tree import Column, Condition, Criterion, Item, Pair, Query, Sort, Value
from zoho_emulator.errors import ZohoError, not_emulated

COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})

Part = TypeVar("Part")

#: Deeper brackets count as "too complex": 25 criteria in pairs need no more than 25.
MAX_DEPTH = 100

#: SQL words that must be quoted when a field has that name, in addition to COQL's own.
#: UNVERIFIED: Zoho names only "External" (Kaizen #171); the others are reserved in every SQL.
RESERVED = frozenset(
    {"all", "any", "case", "create", "delete", "distinct", "drop", "else"}
    | {"end", "except", "exists", "external", "having", "insert", "intersect", "into"}
    | {"join", "left", "on", "outer", "right", "set", "table", "then"}
    | {"union", "unique", "update", "using", "values", "when", "with"}
)

_PATH = re.compile(r"[A-Za-z]\w*((\.|->)[A-Za-z]\w*)*", re.ASCII)
_NEAR = re.compile(r"""['"]?\w+|.""")
_BACKSLASH_STRINGS = re.compile(r"""'(''|\\.|[^'\\])*'|"(""|\\.|[^"\\])*\"""", re.DOTALL)
_PLAIN_STRINGS = re.compile(r"""'(''|[^'])*'|"(""|[^"])*\"""")


@dataclass(frozen=True, slots=True)
class _Source:
    module: str
    custom_view: bool


@dataclass(frozen=True, slots=True)
class _Where:
    condition: Condition


@dataclass(frozen=True, slots=True)
class _Group:
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class _Order:
    sorts: tuple[Sort, ...]


@dataclass(frozen=True, slots=True)
class _Limit:
    limit: Value | None = None
    offset: Value | None = None


def syntax_error(message: str, **details: object) -> ZohoError:
    return ZohoError("SYNTAX_ERROR", message, details)


def query_not_supported() -> ZohoError:
    return syntax_error("given coql query not supported")


@lru_cache(maxsize=512)
def parse(text: str, *, backslash_escapes: bool = True) -> Query:
    """The query of `text`; raises ZohoError as Zoho refuses it.

    A quote inside a quoted value is doubled (Kaizen #171). UNVERIFIED: that a backslash escapes
    a quote or a backslash as well, which is `backslash_escapes`; a backslash before anything
    else stands for itself.
    """
    bare = (_BACKSLASH_STRINGS if backslash_escapes else _PLAIN_STRINGS).sub("''", text)
    if not re.match(r"\s*select\b", bare, re.IGNORECASE):
        raise query_not_supported()
    _check_brackets(bare)
    if re.search(r"\(\s*select\b", bare, re.IGNORECASE):
        raise not_emulated("sub-queries of COQL")
    if re.search(r"!\s*[A-Za-z]", bare):
        raise not_emulated("module names in columns of COQL (!Leads.Owner)")
    try:
        query = _build_parser(backslash_escapes).parse(text)
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise _unparsable(near=text.split()[-1]) from None
        raise _unexpected(error.token) from None
    except UnexpectedCharacters as error:
        near = _NEAR.match(text[error.pos_in_stream or 0 :])
        raise syntax_error(
            "unexpected token",
            line=error.line,
            column=error.column,
            near=near[0] if near else "",
        ) from None
    except UnexpectedEOF:
        raise _unparsable(near="") from None
    assert isinstance(query, Query)
    return query


def _unparsable(near: str) -> ZohoError:
    return syntax_error("error occured while parsing the query", near=near)


def _unexpected(token: Token) -> ZohoError:
    if token.type == "NOT":
        return syntax_error("operator not supported", operator=str(token).lower())
    return syntax_error(
        "unexpected token", line=token.line, column=token.column, near=str(token.value)
    )


def _check_brackets(bare: str) -> None:
    depth = deepest = 0
    for bracket in re.findall(r"[()]", bare):
        depth += 1 if bracket == "(" else -1
        deepest = max(deepest, depth)
        if depth < 0:
            break
    if depth != 0 or deepest > MAX_DEPTH:
        raise syntax_error(
            "Parsing is happening for so long for the given query. please validate the query."
        )


class _Builder(Transformer[Token, Query]):
    """Runs inside the parser, rule by rule, so that no depth of brackets recurses."""

    def __init__(self, backslash_escapes: bool) -> None:
        super().__init__()
        self._backslash_escapes = backslash_escapes

    def start(self, children: list[object]) -> Query:
        source, where = _only(children, _Source), _only(children, _Where)
        if source is None:
            raise syntax_error("missing clause", clause="from")
        if where is None:
            raise syntax_error("missing clause", clause="where")
        limit = _only(children, _Limit) or _Limit()
        return Query(
            tuple(child for child in children if isinstance(child, Item)),
            source.module,
            source.custom_view,
            where.condition,
            (_only(children, _Group) or _Group(())).columns,
            (_only(children, _Order) or _Order(())).sorts,
            limit.limit,
            limit.offset,
        )

    def item(self, children: list[Column | Item | str]) -> Item:
        chosen, alias = children[0], children[1] if len(children) > 1 else None
        function = chosen.function if isinstance(chosen, Item) else None
        column = chosen.column if isinstance(chosen, Item) else chosen
        assert isinstance(column, Column)
        return Item(column, function, None if alias is None else str(alias))

    def function(self, children: list[Token | Column]) -> Item:
        name, column = children
        assert isinstance(column, Column)
        return Item(column, str(name))

    def alias(self, children: list[Token]) -> str:
        return self._text(children[0])

    def column(self, children: list[Token]) -> Column:
        token = children[0]
        path = self._text(token)
        # What is quoted but no path is a column that no module has.
        steps = re.split(r"(\.|->)", path) if _PATH.fullmatch(path) else [path]
        if token.type == "PATH" and RESERVED.intersection(map(str.lower, steps)):
            raise _unexpected(token)
        return _column(path, steps)

    def source(self, children: list[Token]) -> _Source:
        return _Source(str(children[0]), len(children) > 1)

    def where(self, children: list[Condition]) -> _Where:
        return _Where(children[0])

    def both(self, children: list[Condition]) -> Pair:
        return Pair("AND", children[0], children[1])

    def either(self, children: list[Condition]) -> Pair:
        return Pair("OR", children[0], children[1])

    def comparison(self, children: list[object]) -> Criterion:
        column, operator, value = children
        if operator not in COMPARISONS:
            raise syntax_error("operator not supported", operator=str(operator))
        return _criterion(str(operator), [column, value])

    def like(self, children: list[object]) -> Criterion:
        return _criterion("like", children)

    def within(self, children: list[object]) -> Criterion:
        return _criterion("in", children)

    def between(self, children: list[object]) -> Criterion:
        return _criterion("between", children)

    def null(self, children: list[object]) -> Criterion:
        negated = len(children) > 1
        return _criterion("is not null" if negated else "is null", children[:1])

    def value(self, children: list[Token]) -> Value:
        token = children[0]
        return Value(self._text(token), token.type == "STRING")

    def group(self, children: list[Column]) -> _Group:
        return _Group(tuple(children))

    def order(self, children: list[Sort]) -> _Order:
        return _Order(tuple(children))

    def sort(self, children: list[Column | Token]) -> Sort:
        column = children[0]
        assert isinstance(column, Column)
        return Sort(column, len(children) > 1 and getattr(children[1], "type", "") == "DESC")

    def count(self, children: list[Value]) -> _Limit:
        return _Limit(children[0])

    def offset_count(self, children: list[Value]) -> _Limit:
        return _Limit(children[1], children[0])

    def count_offset(self, children: list[Value]) -> _Limit:
        return _Limit(children[0], children[1])

    def _text(self, token: Token) -> str:
        if token.type != "STRING":
            return str(token)
        quote, inner = token[0], token[1:-1]
        if not self._backslash_escapes:
            return inner.replace(quote * 2, quote)
        return re.sub(rf"\\([\\'\"])|{quote}({quote})", r"\1\2", inner)


def _only(children: list[object], kind: type[Part]) -> Part | None:
    return next((child for child in children if isinstance(child, kind)), None)


def _column(path: str, steps: list[str]) -> Column:
    hops: list[tuple[str, str | None]] = []
    name, target = steps[0], None
    for mark, step in zip(steps[1::2], steps[2::2], strict=True):
        if mark == "->":
            target = step
        else:
            hops.append((name, target))
            name, target = step, None
    # "What_Id->Leads" names a module where a field belongs: no module has such a column.
    return Column(path, (), path) if target else Column(path, tuple(hops), name)


def _criterion(operator: str, children: list[object]) -> Criterion:
    column, *rest = children
    assert isinstance(column, Column)
    values = tuple(child for child in rest if isinstance(child, Value))
    negated = len(values) < len(rest)
    return Criterion(column, f"not {operator}" if negated else operator, values)


def _forbid_escapes(terminal: TerminalDef) -> TerminalDef:
    if terminal.name == "STRING":
        terminal.pattern = PatternRE(_PLAIN_STRINGS.pattern)
    return terminal


@lru_cache
def _build_parser(backslash_escapes: bool) -> Lark:
    return Lark(
        Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8"),
        parser="lalr",
        lexer="basic",
        transformer=_Builder(backslash_escapes),
        edit_terminals=None if backslash_escapes else _forbid_escapes,
        maybe_placeholders=False,
    )
