"""What a write sets off. The org has no automations that do anything: they are written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zoho_emulator.call import Call
from zoho_emulator.errors import InDataError, ZohoError
from zoho_emulator.store.model import Module

#: "Insert Records": values of `trigger`; the last two came with v7.
KINDS = ("workflow", "approval", "blueprint", "pathfinder", "orchestration")
#: Not governed by `trigger`: they run unless `skip_feature_execution` names them.
CADENCES = "cadences"
_APPLIED = (
    *("layout_rules", "range_validation", "assignment_rules", "function_validation_rule"),
    *("criteria_validation_rule", "global_map_dependency", "territory_subordinates"),
)
_SKIPPED = (CADENCES, "assignment_rules", "connected_workflows")


@dataclass(frozen=True, slots=True)
class Automations:
    """The kinds a call lets run."""

    kinds: frozenset[str]
    assignment_rule: str | None = None

    def fire(self, call: Call, module: Module, record_id: int, action: str) -> None:
        kinds = [kind for kind in call.knobs.automations if kind in self.kinds]
        if not kinds and self.assignment_rule is None:
            return
        event: dict[str, object] = {
            "module": module.api_name,
            "id": str(record_id),
            "action": action,
            "kinds": kinds,
        }
        if self.assignment_rule is not None:
            event["assignment_rule"] = self.assignment_rule
        call.emulator.fired.append(event)


def read_automations(call: Call, body: Mapping[str, object]) -> Automations:
    """Without `trigger` all run, with an empty one none."""
    known = KINDS if call.version.v7_writes else KINDS[:3]
    trigger = body.get("trigger")
    wanted = set(KINDS if trigger is None else _read_texts("trigger", trigger, known))
    # UNVERIFIED: `wf_trigger` of a body; only the SDKs name it.
    if trigger is None and str(body.get("wf_trigger")).lower() == "false":
        wanted.discard("workflow")
    skipped: set[str] = set()
    # UNVERIFIED: earlier versions pass over both keys, as over any other they do not know.
    if call.version.v7_writes:
        _read_features("apply_feature_execution", body, _APPLIED)
        skipped = _read_features("skip_feature_execution", body, _SKIPPED)
    return Automations(frozenset(wanted | ({CADENCES} - skipped)), _read_assignment_rule(body))


def _read_assignment_rule(body: Mapping[str, object]) -> str | None:
    """UNVERIFIED: what Zoho makes of an id that no rule has, which is passed on here, and that it
    refuses what is not an id; its specification says that it is a text."""
    rule = body.get("lar_id")
    if rule is not None and not str(rule).isdecimal():
        raise not_a("bigint", "lar_id", "$.lar_id")
    return None if rule is None else str(rule)


def read_deletion_automations(call: Call) -> Automations:
    """Workflows, unless `wf_trigger` of the query says false ("Delete Records")."""
    wanted = call.query.get("wf_trigger", "true").lower() != "false"
    return Automations(frozenset(("workflow",) if wanted else ()))


def _read_texts(name: str, value: object, known: Sequence[str]) -> list[str]:
    if not isinstance(value, list):
        raise not_a("jsonarray", name, f"$.{name}")
    for index, item in enumerate(value):
        if item not in known:
            raise unsupported(name, f"$.{name}[{index}]", known)
    return [str(item) for item in value]


def _read_features(name: str, body: Mapping[str, object], known: Sequence[str]) -> set[str]:
    value = body.get(name) or []
    if not isinstance(value, list):
        raise not_a("jsonarray", name, f"$.{name}")
    chosen = set()
    for index, item in enumerate(value):
        feature = item.get("name") if isinstance(item, dict) else None
        if feature not in known:
            raise unsupported("name", f"$.{name}[{index}].name", known)
        chosen.add(str(feature))
    return chosen


def not_a(kind: str, name: str, path: str) -> ZohoError:
    return ZohoError(
        "INVALID_DATA",
        "invalid data",
        {"expected_data_type": kind, "api_name": name, "json_path": path},
    )


def unsupported(name: str, path: str, known: Sequence[str]) -> ZohoError:
    return InDataError(
        "INVALID_DATA",
        "invalid data",
        {"api_name": name, "json_path": path, "supported_values": list(known)},
    )
