"""An org's schema: modules, fields and users, and how a value is stored.

A module is one sqlite table. In addition to one column per field it has

    id           INTEGER PRIMARY KEY   the record id (field `id` has column "id")
    state        INTEGER   0 live, 1 in the recycle bin, 2 permanently deleted
    converted    INTEGER   1 for a converted lead
    deleted_time INTEGER   epoch seconds, null while live
    deleted_by   INTEGER   user id
    tie          INTEGER   orders rows whose sort keys are equal, before the id does

Columns of fields are named c0, c1, ... because API names clash when case is ignored. Stored forms:

    text and all that is text     TEXT
    integer                       INTEGER
    bigint, long, autonumber      INTEGER, but autonumber with a prefix is TEXT
    double, percent, currency     REAL
    boolean                       INTEGER 0 or 1
    date                          TEXT YYYY-MM-DD
    datetime                      INTEGER epoch seconds
    lookup, ownerlookup, userlookup, profilelookup, multi_module_lookup, layout
                                  INTEGER id of the target
    multiselectpicklist           TEXT, options joined by ";"
    formula, rollup_summary       as their `return_type` says
    everything that is a JSON array or object otherwise (Tag, file uploads)   TEXT holding JSON
    null                          NULL

Rows of subforms and of linking modules are rows of modules of their own, which hold the id of
their parent in a lookup. The aggregate of activities is a view of the tables it is made of.
"""

from dataclasses import dataclass, field

#: Later than every version.
FOREVER = float("inf")


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
    #: The layout makes it mandatory, not the system; of a custom field nothing else can.
    layout_only: bool = False
    #: Not settable through the API: Created_Time, formulas, ...
    read_only: bool = False
    unique: bool = False
    #: None, "user" or "org": this is an External ID field of that kind.
    external: str | None = None
    pick_list: tuple[str, ...] = ()
    #: The `actual_value` of each option of `pick_list`, which is what people see; empty: the same.
    actual_values: tuple[str, ...] = ()
    #: Options of `pick_list` that no layout uses.
    unused_options: tuple[str, ...] = ()
    #: Target modules by api_name: one for lookup, several for multi_module_lookup,
    #: ("users",) for ownerlookup and userlookup.
    targets: tuple[str, ...] = ()
    #: formula and rollup_summary: double, string, boolean, date, datetime, ...
    return_type: str | None = None
    #: textarea: small, large or rich_text.
    textarea: str | None = None
    #: Only in single GETs (subform, multi-select lookup); lists, COQL and Bulk never carry it.
    #: Its values are the rows of the module `linking`, or JSON in a column where there is none.
    virtual: bool = False
    filterable: bool = True
    sortable: bool = True
    visible: bool = True
    #: First and last version that have the field.
    since: float = 2.0
    until: float = FOREVER
    #: Zoho's number of the widget; None: the one of the data type.
    ui_type: int | None = None
    #: autonumber: text before the number.
    prefix: str = ""
    #: formula: its expression.
    expression: str | None = None
    #: subform: module of its rows; multiselectlookup, multiuserlookup: the linking module.
    linking: str | None = None
    #: Data type that the values are like, where `data_type` does not say it.
    like: str | None = None
    #: First version whose values name the module of a lookup to several ones.
    module_since: float = FOREVER
    #: What `data_type` and `json_type` are in v2, where they are others.
    v2_type: str | None = None
    v2_json_type: str | None = None
    #: Keys that its metadata lacks.
    hidden_keys: tuple[str, ...] = ()
    #: What records carry of it: "value", "null" (nothing is ever stored) or "absent" (the key).
    returned: str = "value"

    def exists_in(self, version: float) -> bool:
        return self.since <= version <= self.until

    def actual_value(self, option: str) -> str:
        return dict(zip(self.pick_list, self.actual_values, strict=False)).get(option, option)


def linking_fields(module: str, target: str) -> tuple[str, str]:
    """The two lookups of a linking module, named after what they point at.

    Samples show the members of a service under `Members`.
    """
    if (module, target) == ("Services__s", "users"):
        return module, "Members"
    other = "Users" if target == "users" else target
    return module, other if other != module else f"{other}_1"


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
    #: The field whose value is the `name` of a lookup to this module; "" where none is.
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
    #: org_based or team_based
    access_type: str = "org_based"
    parent: str | None = None
    since: float = 2.0
    until: float = FOREVER
    #: Its rows are files (Attachments), which are listed, and neither queried nor exported ("Bulk
    #: Read: Limitations"). UNVERIFIED: that queries refuse them, and that their lists follow
    #: `sort_by` and If-Modified-Since as others do.
    files: bool = False
    #: False: the token's profile may not see its records, even if `viewable`.
    permitted: bool = True
    #: Modules whose rows it shows together; it has none of its own.
    view_of: tuple[str, ...] = ()
    #: The one layout, named Standard; 0 for modules that have none.
    layout_id: int = 0
    #: Columns its table has had for fields; the next new one is c{columns}.
    columns: int = 0

    def exists_in(self, version: float) -> bool:
        return self.since <= version <= self.until

    @property
    def belongs_to_records(self) -> bool:
        """Whether its rows belong to records of other modules."""
        return self.generated_type in ("subform", "static_subform", "linking")


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


@dataclass(frozen=True, slots=True)
class NamedItem:
    """A territory or a contact role."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Currency:
    id: int
    name: str
    iso_code: str
    symbol: str
    #: In the base currency, with nine decimals.
    exchange_rate: str
    is_base: bool = False
    is_active: bool = True


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
    #: Names of roles and profiles, with their ids. All roles report to the first.
    roles: dict[str, int] = field(default_factory=dict)
    profiles: dict[str, int] = field(default_factory=dict)
    #: All territories but the first lie in the first.
    territories: list[NamedItem] = field(default_factory=list)
    currencies: list[Currency] = field(default_factory=list)
    contact_roles: list[NamedItem] = field(default_factory=list)
    #: Names of tags that writes made, by the id of the field, after those of `tags.TAGS`.
    new_tags: dict[int, list[str]] = field(default_factory=dict)
    #: IANA name of the users' time zone; empty: the org's.
    user_time_zone: str = ""

    @property
    def zgid(self) -> str:
        """What headers and addresses call the org."""
        return str(self.id % 1_000_000_000)

    @property
    def user_zone(self) -> str:
        return self.user_time_zone or self.time_zone

    def user(self, user_id: int) -> User | None:
        return next((user for user in self.users if user.id == user_id), None)
