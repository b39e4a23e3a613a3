"""An org's schema: modules, fields and users, and how a value is stored.

A module is one sqlite table. Besides one column per field it has

    id           INTEGER PRIMARY KEY   the record id (field `id` has column "id")
    state        INTEGER   0 live, 1 in the recycle bin, 2 permanently deleted
    converted    INTEGER   1 for a converted lead
    deleted_time INTEGER   epoch seconds, null while live
    deleted_by   INTEGER   user id

Columns of fields are named c0, c1, ... because API names clash when case is ignored. Stored forms:

    text and all that is text     TEXT
    integer                       INTEGER
    bigint, long, autonumber      INTEGER, but autonumber with a prefix is TEXT
    double, percent, currency     REAL
    boolean                       INTEGER 0 or 1
    date                          TEXT YYYY-MM-DD
    datetime                      INTEGER epoch seconds
    lookup, ownerlookup, userlookup, multi_module_lookup, layout   INTEGER id of the target
    multiselectpicklist           TEXT, options joined by ";"
    formula, rollup_summary       as their `return_type` says
    everything that is a JSON array or object otherwise (Tag, file uploads)   TEXT holding JSON
    null                          NULL
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Field:
    id: int
    api_name: str
    label: str
    #: Zoho's data_type: text, email, picklist, lookup, ownerlookup, datetime, ...
    data_type: str
    column: str
    json_type: str = "string"
    length: int | None = None
    decimal_place: int | None = None
    custom: bool = False
    mandatory: bool = False
    #: Not settable through the API: Created_Time, formulas, ...
    read_only: bool = False
    unique: bool = False
    #: None, "user" or "org": this is an External ID field of that kind.
    external: str | None = None
    pick_list: tuple[str, ...] = ()
    #: Target modules by api_name: one for lookup, several for multi_module_lookup,
    #: ("users",) for ownerlookup and userlookup.
    targets: tuple[str, ...] = ()
    #: formula and rollup_summary: double, string, boolean, date, datetime, ...
    return_type: str | None = None
    #: textarea: small, large or rich_text.
    textarea: str | None = None
    #: Only in single GETs (subform, multi-select lookup); lists, COQL and Bulk never carry it.
    virtual: bool = False
    filterable: bool = True
    sortable: bool = True
    visible: bool = True
    #: First version that has the field.
    since: float = 2.0
    #: Zoho's number of the widget; None: the one of the data type.
    ui_type: int | None = None
    #: autonumber: text before the number.
    prefix: str = ""
    #: formula: its expression.
    expression: str | None = None
    #: subform: module of its rows; multiselectlookup, multiuserlookup: the linking module.
    linking: str | None = None


@dataclass(slots=True)
class Module:
    id: int
    api_name: str
    module_name: str
    singular_label: str
    plural_label: str
    table: str
    #: In the order of Zoho's metadata; `id` is among them.
    fields: dict[str, Field] = field(default_factory=dict)
    #: The field whose value is the `name` of a lookup to this module.
    display_field: str = "Name"
    generated_type: str = "default"
    api_supported: bool = True
    creatable: bool = True
    editable: bool = True
    deletable: bool = True
    viewable: bool = True
    visibility: int = 1
    #: visible, user_hidden, system_hidden
    status: str = "visible"
    parent: str | None = None
    since: float = 2.0
    #: The one layout, named Standard; 0 for modules that have none.
    layout_id: int = 0
    #: Columns its table has had for fields; the next new one is c{columns}.
    columns: int = 0


@dataclass(frozen=True, slots=True)
class User:
    id: int
    first_name: str
    last_name: str
    email: str
    role: str
    profile: str
    #: active, disabled or deleted
    status: str = "active"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(slots=True)
class Org:
    id: int
    company_name: str
    #: IANA name; datetimes are written with its offset.
    time_zone: str
    #: Free, Standard, Professional, Enterprise or Ultimate: decides credits and concurrency.
    edition: str
    user_licenses: int
    users: list[User]
    modules: dict[str, Module]
    #: production, sandbox or developer
    kind: str = "production"
    currency: str = "USD"
    #: Names of roles and profiles, with their ids.
    roles: dict[str, int] = field(default_factory=dict)
    profiles: dict[str, int] = field(default_factory=dict)

    def user(self, user_id: int) -> User | None:
        return next((user for user in self.users if user.id == user_id), None)
