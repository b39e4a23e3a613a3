"""The connection's settings, as far as they are about writing."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from zoho_crm.problems import config_error

Operation = Literal["insert", "upsert", "update", "delete"]
OPERATIONS: tuple[Operation, ...] = ("insert", "upsert", "update", "delete")

#: "Insert Records": kinds of automations that `trigger` governs in every version.
AUTOMATIONS = ("workflow", "approval", "blueprint")

MOST_DELETES = 1_000


@dataclass(frozen=True, slots=True)
class StreamMapping:
    """What the user says of one stream; None: said elsewhere or not at all."""

    stream: str
    namespace: str | None
    module: str | None
    operation: Operation | None
    matching_key: str | None
    #: Column of the stream to field of the module; None: columns have their fields' names.
    fields: tuple[tuple[str, str], ...] | None

    def __str__(self) -> str:
        return ".".join(filter(None, (self.namespace, self.stream)))

    def is_of(self, stream: str, namespace: str | None) -> bool:
        return self.stream == stream and self.namespace in (None, namespace)


@dataclass(frozen=True, slots=True)
class RejectLimit:
    """The most rows that may be rejected: so many, or a share of a run's rows."""

    #: A share counts only after so many rows, or the first bad one would be 100 %.
    FIRST_ROWS = 100

    number: int
    percent: bool

    def exceeded(self, rejected: int, settled: int) -> bool:
        if not self.percent:
            return rejected > self.number
        return settled >= self.FIRST_ROWS and rejected * 100 > self.number * settled

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.percent else ''}"


@dataclass(frozen=True, slots=True)
class WriteSettings:
    mappings: tuple[StreamMapping, ...]
    #: An explicit null empties the field; otherwise it leaves the field alone.
    clears: bool
    #: Kinds of automations that writes set off; None: all that Zoho has.
    automations: tuple[str, ...] | None
    most_deletes: int
    most_rejected: RejectLimit | None
    #: Where rejected rows are kept; None: nowhere.
    folder: Path | None


def write_settings(config: Mapping[str, Any]) -> WriteSettings:
    """Raises a config error that names what cannot be."""
    mappings = tuple(_mapping(entry, n) for n, entry in enumerate(_entries(config), 1))
    times = Counter((mapping.namespace, mapping.stream) for mapping in mappings)
    if twice := [mapping for mapping in mappings if times[mapping.namespace, mapping.stream] > 1]:
        raise config_error(f"Several mappings name the stream {twice[0]}. Leave one of them.")
    return WriteSettings(
        mappings=mappings,
        clears=config.get("null_values") == "clear",
        automations=_automations(config.get("automations") or {}),
        most_deletes=_most_deletes(config.get("max_deletes")),
        most_rejected=_reject_limit(config.get("max_rejected")),
        folder=_folder(config.get("object_storage_config") or {}),
    )


def _entries(config: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return config.get("mappings") or ()


def _mapping(entry: Mapping[str, Any], number: int) -> StreamMapping:
    operation = entry.get("operation") or {}
    name = operation.get("operation")
    if not entry.get("stream"):
        raise config_error(f"Mapping {number} names no stream.")
    if name is not None and name not in OPERATIONS:
        raise config_error(
            f"Mapping {number} ({entry['stream']}): {name!r} is no operation. "
            f"Choose one of {', '.join(OPERATIONS)}."
        )
    pairs = tuple(
        (pair.get("column") or "", pair.get("field") or "") for pair in entry.get("fields") or ()
    )
    if any(not column or not field for column, field in pairs):
        raise config_error(
            f"Mapping {number} ({entry['stream']}): each pair needs a column and a field."
        )
    return StreamMapping(
        stream=entry["stream"],
        namespace=entry.get("namespace") or None,
        module=entry.get("module") or None,
        operation=name,
        matching_key=operation.get("matching_key") or None,
        fields=pairs or None,
    )


def _automations(setting: Mapping[str, Any]) -> tuple[str, ...] | None:
    run = setting.get("run", "all")
    if run == "all":
        return None
    if run == "none":
        return ()
    kinds = setting.get("kinds") or ()
    if unknown := [kind for kind in kinds if kind not in AUTOMATIONS]:
        raise config_error(
            f"{', '.join(map(repr, unknown))}: no kind of automation. "
            f"Choose among {', '.join(AUTOMATIONS)}."
        )
    return tuple(kind for kind in AUTOMATIONS if kind in kinds)


def _most_deletes(setting: object) -> int:
    if setting is None:
        return MOST_DELETES
    if not isinstance(setting, int) or isinstance(setting, bool) or setting < 0:
        raise config_error(f"Most Deletions (max_deletes) {setting!r} is no number from 0 on.")
    return setting


def _reject_limit(setting: object) -> RejectLimit | None:
    if setting in (None, ""):
        return None
    found = re.fullmatch(r"(\d+)(%?)", str(setting))
    if not found:
        raise config_error(
            f"Most Rejected Rows (max_rejected) {setting!r} is neither a number nor a percentage."
        )
    return RejectLimit(int(found[1]), found[2] == "%")


def _folder(setting: Mapping[str, Any]) -> Path | None:
    kind = setting.get("storage_type", "None")
    if kind == "None":
        return None
    if kind != "Local":
        raise config_error(f"Rejected rows cannot be kept in {kind!r}. Choose None or Local.")
    if not setting.get("folder"):
        raise config_error("Name the folder in which rejected rows are to be kept.")
    return Path(setting["folder"])
