"""Columns of a query: the fields they name, and the joins that reach them ("JOINs in COQL")."""

from dataclasses import dataclass

from zoho_emulator.coql.kinds import Kind, find_kind
from zoho_emulator.coql.parse import query_not_supported
from zoho_emulator.coql.tree import Column
from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.store.model import Field, Module, Org
from zoho_emulator.versions import Version


def _build_user_field(name: str, column: str, data_type: str = "text") -> Field:
    return Field(id=0, api_name=name, label=name, data_type=data_type, column=column)


#: What a query reads of a user, by the way that leads there from a lookup to users.
_USER_FIELDS = {
    ("id",): _build_user_field("id", "id", "bigint"),
    ("first_name",): _build_user_field("first_name", "first_name"),
    ("last_name",): _build_user_field("last_name", "last_name"),
    ("full_name",): _build_user_field("full_name", "full_name"),
    ("email",): _build_user_field("email", "email", "email"),
    ("status",): _build_user_field("status", "status"),
    ("role", "name"): _build_user_field("name", "role"),
    ("profile", "name"): _build_user_field("name", "profile"),
}

#: More that Zoho's users have ("Users" in "Get Users").
_OTHER_USER_FIELDS = frozenset(
    {"alias", "city", "country", "created_by", "created_time", "date_format", "dob"}
    | {"fax", "language", "locale", "mobile", "modified_by", "modified_time", "phone"}
    | {"profile", "role", "state", "street", "time_format", "time_zone", "website"}
    | {"zip"}
)

_USER_LOOKUPS = frozenset({"ownerlookup", "userlookup"})


def invalid_query(message: str, **details: object) -> ZohoError:
    return ZohoError("INVALID_QUERY", message, details)


def invalid_column(column: Column) -> ZohoError:
    return invalid_query("column given seems to be invalid", column_name=column.text)


def limit_exceeded(message: str) -> ZohoError:
    """UNVERIFIED: the texts; "Query API: Limitations" describes them without quoting."""
    return ZohoError("LIMIT_EXCEEDED", message)


def duplicate(clause: str, column: Column) -> ZohoError:
    """UNVERIFIED: the text for clauses other than select."""
    return ZohoError("DUPLICATE_DATA", f"duplicate {clause} column", {"column_name": column.text})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column's values are: alias and field."""

    alias: str
    field: Field
    kind: Kind

    @property
    def sql(self) -> str:
        return f'{self.alias}."{self.field.column}"'


@dataclass(frozen=True, slots=True)
class _Join:
    alias: str
    #: None: the table of users.
    module: Module | None
    sql: str


Way = tuple[tuple[str, str | None], ...]


class Columns:
    """The columns of one query. Each way through lookups is joined once for all clauses."""

    def __init__(self, org: Org, version: Version, module: Module) -> None:
        self._org = org
        self._version = version
        self._module = module
        self._joins: dict[Way, _Join] = {}
        #: Ways that clauses other than select take.
        self._base: set[Way] = set()

    def find_place(self, column: Column, *, in_select: bool = False) -> Place:
        """Raises INVALID_QUERY for a column that the module does not have."""
        if self._version.number < 8 and any(target for _, target in column.hops):
            raise query_not_supported()
        module: Module | None = self._module
        alias = "t"
        for depth in range(len(column.hops)):
            if module is None:
                return self._find_user_field(column, column.hops[depth:], alias)
            way = column.hops[: depth + 1]
            lookup = self._find_field(module, way[-1][0], column)
            join = self._joins.get(way) or self._join(column, way, lookup, alias)
            self._joins[way] = join
            if not in_select:
                self._base.add(way)
            alias, module = join.alias, join.module
        if module is None:
            return self._find_user_field(column, (), alias)
        return self._build_place(self._find_field(module, column.name, column), alias)

    def check_joins(self) -> None:
        """UNVERIFIED: that a way taken in `where` also counts as one of select's fifteen."""
        if (
            len(self._joins) > self._version.coql_select_joins
            or len(self._base) > self._version.coql_joins
        ):
            raise limit_exceeded("maximum number of joins exceeded")

    @property
    def base_sql(self) -> str:
        return f'"{self._module.table}" t'

    @property
    def from_sql(self) -> str:
        return " ".join([self.base_sql, *(join.sql for join in self._joins.values())])

    def _find_field(self, module: Module, name: str, column: Column) -> Field:
        field = module.fields.get(name)
        if field is None or not field.exists_in(self._version.number):
            raise invalid_column(column)
        return field

    def _build_place(self, field: Field, alias: str) -> Place:
        kind = find_kind(field)
        if kind is None:
            raise not_emulated(f"COQL on fields of type {field.data_type}")
        return Place(alias, field, kind)

    def _join(self, column: Column, way: Way, lookup: Field, alias: str) -> _Join:
        if find_kind(lookup) is not Kind.LOOKUP:
            raise invalid_column(column)
        joined = f"j{len(self._joins) + 1}"
        on = f'{joined}.id = {alias}."{lookup.column}"'
        if lookup.data_type in _USER_LOOKUPS or lookup.targets == ("users",):
            return _Join(joined, None, f"LEFT JOIN users {joined} ON {on}")
        module = self._find_target(column, lookup, way[-1][1])
        # UNVERIFIED: a lookup to a deleted record joins nothing.
        sql = f'LEFT JOIN "{module.table}" {joined} ON {on} AND {joined}.state = 0'
        return _Join(joined, module, sql)

    def _find_target(self, column: Column, lookup: Field, named: str | None) -> Module:
        many = lookup.data_type == "multi_module_lookup" or len(lookup.targets) > 1
        if many and column.text.startswith(f"{lookup.api_name}.module."):
            raise not_emulated(f"COQL on the module of a lookup ({column.text})")
        # A lookup to several modules needs the arrow, all others refuse it.
        if many != (named is not None) or (named and named not in lookup.targets):
            raise invalid_column(column)
        name = named or next(iter(lookup.targets), lookup.data_type)
        module = self._org.modules.get(name)
        if module is None or not module.exists_in(self._version.number):
            raise not_emulated(f"COQL joins to {name}")
        return module

    def _find_user_field(self, column: Column, hops: Way, alias: str) -> Place:
        path = (*(hop for hop, _ in hops), column.name)
        field = _USER_FIELDS.get(path)
        if field is not None and not any(target for _, target in hops):
            return self._build_place(field, alias)
        if path[0].lower() in _OTHER_USER_FIELDS:
            raise not_emulated(f"COQL on a user's {'.'.join(path)}")
        raise invalid_column(column)
