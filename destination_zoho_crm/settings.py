"""The connection's settings for writing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from zoho_crm.problems import config_error
from zoho_crm.settings import AddressError, check_address

Operation = Literal["insert", "upsert", "update", "delete"]
#: Replace: rows that the input does not bring are removed.
RowsMode = Literal["replace", "append"]
#: How rows are written. Automatic: by Bulk Write where it costs fewer credits and does the same.
WriteMethod = Literal["Automatic", "REST", "Bulk"]
#: Airbyte's words for them.
SYNC_MODES: Mapping[Operation, str] = {
    "insert": "append",
    "upsert": "append_dedup",
    "update": "update",
    "delete": "soft_delete",
}

#: "Insert Records", "Upsert Records": operations that take `lar_id`. UNVERIFIED: that an update
#: does not; its page does not name the key.
ASSIGNING: tuple[Operation, ...] = ("insert", "upsert")
#: "Insert Records": kinds of automations that `trigger` governs in every version.
AUTOMATIONS = ("workflow", "approval", "blueprint")

MOST_DELETES = 1_000
#: Fewer rows may all be bad by chance.
MANY_ROWS = 20
#: Of a number of rows.
_MOST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class StreamMapping:
    """What the user says of one stream."""

    stream: str
    #: None: any.
    namespace: str | None
    module: str
    operation: Operation
    #: None of an insert.
    matching_key: str | None
    #: Column of the stream to field of the module; None: columns have their fields' names.
    fields: tuple[tuple[str, str], ...] | None
    #: The id of the assignment rule that inserts and upserts run.
    lar_id: str | None = None
    #: What becomes of a record's present rows and links; None: the default.
    rows: RowsMode | None = None
    #: The field by which rows of a subform find those that are there.
    rows_key: str | None = None

    def __str__(self) -> str:
        return ".".join(filter(None, (self.namespace, self.stream)))

    def is_for(self, stream: str, namespace: str | None) -> bool:
        return self.stream == stream and self.namespace in (None, namespace)


@dataclass(frozen=True, slots=True)
class RejectLimit:
    """The most rows that may be rejected: so many, or a share of the rows that came in.

    While the run goes on, rows without an outcome count as good; at its end there are none.
    """

    #: While the run goes on, a share counts only after so many rows, or the first bad one would be
    #: 100 %.
    FIRST_ROWS = 100

    number: int
    percent: bool

    def is_exceeded(self, rejected: int, rows: int, *, ended: bool) -> bool:
        """`ended`: all rows of the run are in and have an outcome."""
        if not self.percent:
            return rejected > self.number
        least = MANY_ROWS if ended else self.FIRST_ROWS
        return rows >= least and rejected * 100 > self.number * rows

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.percent else ''}"


@dataclass(frozen=True, slots=True)
class S3Bucket:
    """A bucket of S3, or of a service that speaks like it, and who writes to it."""

    name: str
    region: str
    #: What all keys begin with: empty, or ending in a slash.
    prefix: str
    #: None: AWS's own.
    endpoint: str | None
    #: ID and secret; None: what AWS's clients find in the environment.
    access_key: tuple[str, str] | None = field(repr=False)
    #: The ARN of a role to assume; None: none.
    role: str | None


@dataclass(frozen=True, slots=True)
class WriteSettings:
    mappings: tuple[StreamMapping, ...]
    #: An explicit null empties the field; otherwise it leaves the field alone.
    clears_nulls: bool
    #: Kinds of automations that writes set off; None: all that Zoho has.
    automations: tuple[str, ...] | None
    most_deletes: int
    #: Zoho is made to add unknown options to its picklists; otherwise their rows are rejected.
    adds_options: bool
    most_rejected: RejectLimit | None
    #: Where rejected rows are kept; None: nowhere.
    kept_in: Path | S3Bucket | None
    write_method: WriteMethod


def read_settings(config: Mapping[str, Any]) -> WriteSettings:
    """The settings of a config that fits the form (`zoho_crm.form`).

    Raises a config error where a stream has several mappings or an operation an assignment rule
    that it cannot run, which no form can check.
    """
    mappings = tuple(map(_read_mapping, config.get("mappings") or ()))
    times = Counter((mapping.namespace, mapping.stream) for mapping in mappings)
    if twice := [mapping for mapping in mappings if times[mapping.namespace, mapping.stream] > 1]:
        raise config_error(f"Several mappings name the stream {twice[0]}. Leave one of them.")
    most_deletes = config.get("max_deletes")
    return WriteSettings(
        mappings=mappings,
        clears_nulls=config.get("null_values") == "clear",
        automations=_read_automations(config.get("automations") or {"run": "all"}),
        most_deletes=MOST_DELETES if most_deletes is None or most_deletes == "" else most_deletes,
        adds_options=config.get("unknown_picklist_values") == "add",
        most_rejected=_read_reject_limit(config.get("max_rejected")),
        kept_in=_read_storage(config.get("object_storage_config") or {"storage_type": "None"}),
        write_method=config.get("write_method") or "Automatic",
    )


def _read_mapping(entry: Mapping[str, Any]) -> StreamMapping:
    operation = entry["operation"]
    lar_id = entry.get("lar_id") or None
    if lar_id and operation["operation"] not in ASSIGNING:
        raise config_error(
            f"The mapping of {entry['stream']} names an assignment rule (lar_id), which goes with "
            f"{' or '.join(ASSIGNING)} and not with {operation['operation']}. Take it out."
        )
    return StreamMapping(
        stream=entry["stream"],
        namespace=entry.get("namespace") or None,
        module=entry["module"],
        operation=operation["operation"],
        matching_key=operation.get("matching_key") or None,
        fields=tuple((pair["column"], pair["field"]) for pair in entry.get("fields") or ()) or None,
        lar_id=lar_id,
        rows=entry.get("rows") or None,
        rows_key=entry.get("rows_key") or None,
    )


def _read_automations(setting: Mapping[str, Any]) -> tuple[str, ...] | None:
    if setting["run"] == "all":
        return None
    return tuple(kind for kind in AUTOMATIONS if kind in setting.get("kinds", ()))


def _read_reject_limit(setting: str | int | None) -> RejectLimit | None:
    """`setting`: a number, or a text of digits that may end in a percent sign."""
    if setting is None or setting == "":
        return None
    text = str(setting)
    digits, percent = text.rstrip("%").lstrip("0") or "0", text.endswith("%")
    if len(digits) > _MOST_DIGITS or (percent and int(digits) > 100):
        raise config_error(
            f"Maximum rejected rows (max_rejected) is {text[:20]}, which is never reached. Write a "
            "number of rows or at most 100%, or leave it empty."
        )
    return RejectLimit(int(digits), percent)


def _read_storage(setting: Mapping[str, Any]) -> Path | S3Bucket | None:
    match setting["storage_type"]:
        case "Local":
            return Path(setting["folder"])
        case "S3":
            return _read_bucket(setting)
    return None


def _read_bucket(setting: Mapping[str, Any]) -> S3Bucket:
    access_key = setting.get("access_key_id"), setting.get("secret_access_key")
    if any(access_key) and not all(access_key):
        raise config_error(
            "Rejected rows (object_storage_config) has only one of Access key ID (access_key_id) "
            "and Secret access key (secret_access_key). Enter both, or none."
        )
    prefix = (setting.get("bucket_path") or "").strip("/")
    try:
        endpoint = check_address(setting["s3_endpoint"]) if "s3_endpoint" in setting else None
    except AddressError as error:
        raise config_error(
            f"Rejected rows (object_storage_config): Endpoint (s3_endpoint) {error}"
        ) from None
    return S3Bucket(
        name=setting["s3_bucket_name"],
        region=setting["s3_bucket_region"],
        prefix=f"{prefix}/" if prefix else "",
        endpoint=endpoint,
        access_key=(str(access_key[0]), str(access_key[1])) if all(access_key) else None,
        role=setting.get("role_arn"),
    )
