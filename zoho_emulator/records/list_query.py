"""The parameters of a list call ("Get Records"), and the rows they select."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.records.pages import Position
from zoho_emulator.store.model import Field, Module

MAX_PER_PAGE = 200
MAX_FIELDS = 50
TERRITORY_MODULES = ("Deals", "Contacts", "Accounts")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list call asks for, checked."""

    module: Module
    fields: tuple[Field, ...]
    #: `$` keys to add; None is those that the version always has.
    system_keys: tuple[str, ...] | None
    per_page: int
    sort_by: str
    sort_order: str
    #: Expressions of the sort key; the last is the id, so that no two rows are equal.
    key: tuple[str, ...]
    where: str
    parameters: tuple[object, ...]
    since: bool
    #: A related list, not a module's own.
    related: bool = False

    def narrow_to(self, field: Field, parent_id: int) -> "ListQuery":
        """Only rows whose lookup holds the parent."""
        where = f"{self.where} AND {field.column} = ?"
        return replace(self, where=where, parameters=(*self.parameters, parent_id), related=True)

    def read_keys(self, call: Call, position: Position) -> tuple[list[tuple[int, ...]], bool]:
        """Sort keys of a page, and whether there are rows after it."""
        where, parameters, offset = self.where, list(self.parameters), 0
        forward = position.back_from is None
        ascending = (self.sort_order == "asc") == forward
        edge = position.after if forward else position.back_from
        if edge is not None:
            # The first comparison is redundant; it lets sqlite use the index.
            sign = ">" if ascending else "<"
            marks = ", ".join("?" * len(edge))
            where += f" AND {self.key[0]} {sign}= ? AND ({', '.join(self.key)}) {sign} ({marks})"
            parameters += [edge[0], *edge]
        else:
            offset = (position.page - 1) * self.per_page
        order = ", ".join(f"{part} {'ASC' if ascending else 'DESC'}" for part in self.key)
        found = call.store.connection.execute(
            f"SELECT {', '.join(self.key)} FROM {self.module.table} WHERE {where}"
            f" ORDER BY {order} LIMIT ? OFFSET ?",
            [*parameters, self.per_page + 1, offset],
        ).fetchall()
        page = found[: self.per_page]
        return (page, len(found) > self.per_page) if forward else (page[::-1], True)


def read_list_query(call: Call, module: Module) -> ListQuery:
    """Reads what the call asks for; raises what Zoho refuses, and what is not emulated."""
    _refuse_what_is_not_emulated(call, module)
    fields, system_keys = _read_fields(call, module)
    per_page = call.read_number("per_page", MAX_PER_PAGE, most=MAX_PER_PAGE)
    where = ["state = 0"]
    parameters: list[object] = []
    converted = _read_choice(call, "converted", ("false", "true", "both"))
    if converted != "both":
        where.append(f"converted = {int(converted == 'true')}")
    if not call.version.page_tokens:  # the docs of later versions know no `approved`
        approved = _read_choice(call, "approved", ("true", "false", "both"))
        if approved == "false":  # no record of the emulator waits for an approval
            where.append("0")
    if "ids" in call.query:
        ids = _read_ids(call)
        where.append(f"id IN ({', '.join('?' * len(ids))})")
        parameters += ids
    since = call.read_modified_since()
    modified = module.fields.get("Modified_Time")
    if since is not None and modified is not None:
        inclusive = call.knobs.if_modified_since_inclusive
        where.append(f"{modified.column} {'>=' if inclusive else '>'} ?")
        parameters.append(since)
    sort_by = _read_sort_by(call, module)
    sort_order = _read_choice(call, "sort_order", ("desc", "asc"))
    key: tuple[str, ...] = ("id",)
    # Where nothing is stored there is nothing to sort by.
    if sort_by != "id" and module.fields[sort_by].returned == "value":
        # Zoho names no second sort key; a client that relies on one should fail here.
        key = (module.fields[sort_by].column, "tie", "id")
    return ListQuery(
        module=module,
        fields=fields,
        system_keys=system_keys,
        per_page=per_page,
        sort_by=sort_by,
        sort_order=sort_order,
        key=key,
        where=" AND ".join(where),
        parameters=tuple(parameters),
        since=since is not None and modified is not None,
    )


def _refuse_what_is_not_emulated(call: Call, module: Module) -> None:
    if "cvid" in call.query:
        if "sort_by" in call.query:
            raise _ambiguous("cvid", "sort_by")
        raise not_emulated(f"cvid on {call.path}")
    if "territory_id" in call.query:
        if module.api_name not in TERRITORY_MODULES:
            raise ZohoError("INVALID_MODULE", "Territory is not supported for the given module")
        raise not_emulated(f"territory_id on {call.path}")
    for param in ("uid", "startDateTime", "endDateTime", "filters", "cross_filters", "filterId"):
        if param in call.query:
            raise not_emulated(f"{param} on {call.path}")
    if "x-external" in call.headers:
        raise not_emulated(f"X-EXTERNAL on {call.path}")


def _read_fields(call: Call, module: Module) -> tuple[tuple[Field, ...], tuple[str, ...] | None]:
    known = {
        f.api_name: f
        for f in module.fields.values()
        if f.exists_in(call.version.number) and not f.virtual
    }
    given = call.query.get("fields", "")
    names = list(dict.fromkeys(part.strip() for part in given.split(",") if part.strip()))
    if call.version.fields_required and not names:
        raise ZohoError(
            "REQUIRED_PARAM_MISSING",
            "One of the expected parameter is missing",
            {"param_name": "fields"},
        )
    if call.version.fields_required and len(names) > MAX_FIELDS:
        raise ZohoError(
            "LIMIT_EXCEEDED", "limit exceeded", {"limit": MAX_FIELDS, "param_name": "fields"}
        )
    if not names:
        return tuple(known.values()), None
    # UNVERIFIED: a name that the module has not is passed over in silence; the docs say nothing.
    chosen = tuple(known[name] for name in names if name in known)
    if not call.version.fields_required:
        return chosen, None
    return chosen, tuple(name for name in names if name.startswith("$"))


def _read_sort_by(call: Call, module: Module) -> str:
    if call.version.sort_restricted:
        allowed = ["id", "Created_Time", "Modified_Time"]
    else:
        allowed = [
            f.api_name
            for f in module.fields.values()
            if f.sortable and not f.virtual and f.exists_in(call.version.number)
        ]
    allowed = [name for name in allowed if name in module.fields]
    sort_by = call.query.get("sort_by", "id")
    if sort_by not in (*allowed, "id"):
        raise ZohoError(
            "INVALID_DATA", "invalid data", {"param_name": "sort_by", "supported_values": allowed}
        )
    return sort_by


def _read_ids(call: Call) -> list[int]:
    parts = [part.strip() for part in call.query["ids"].split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        raise ZohoError("INVALID_DATA", "the id given seems to be invalid", {"param_name": "ids"})
    if len(parts) > call.knobs.max_ids:
        raise ZohoError(
            "LIMIT_EXCEEDED", "limit exceeded", {"limit": call.knobs.max_ids, "param_name": "ids"}
        )
    return [number for number in map(int, parts) if number < 2**63]


def read_position(call: Call, query: ListQuery, bound: str) -> Position:
    """Where the page starts; raises when that is out of reach."""
    token = call.query.get("page_token")
    if not call.version.page_tokens:
        return Position(call.read_number("page", 1))
    if token is None:
        page = call.read_number("page", 1)
        if page * query.per_page > call.knobs.page_rows:
            raise ZohoError(
                "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
                f"You can only get the first {call.knobs.page_rows} records without using "
                "page_token param",
                {"limit": call.knobs.page_rows},
            )
        return Position(page)
    if "page" in call.query:
        raise _ambiguous("page", "page_token")
    position = call.emulator.page_tokens.read(
        token, bound, user=call.emulator.user.id, now=call.emulator.clock.now()
    )
    if position.page * query.per_page > call.knobs.page_token_rows:
        raise ZohoError(
            "PAGINATION_LIMIT_EXCEEDED",
            f"You can only get upto {call.knobs.page_token_rows} records using page_token param",
            {"param_name": "page_token"},
        )
    return position


def _read_choice(call: Call, param: str, choices: Sequence[str]) -> str:
    """The parameter's value; the first choice is its default."""
    value = call.query.get(param, choices[0])
    if value not in choices:
        raise ZohoError(
            "INVALID_DATA",
            "invalid data",
            {"param_name": param, "supported_values": list(choices)},
        )
    return value


def _ambiguous(*params: str) -> ZohoError:
    return ZohoError(
        "AMBIGUITY_DURING_PROCESSING",
        f"{' and '.join(params)} cannot be used together",
        {"ambiguity_due_to": [{"param_name": param} for param in params]},
    )
