"""The header X-EXTERNAL, which lets values of External ID fields stand for ids.

"Records Using External ID": `Contacts.External_Contact_ID` names the records themselves,
`Contacts.Account_Name.External_Account_ID` those of a lookup, with the name of a subform between
for a lookup in its rows, and `Events.What_Id->Accounts.External_Account_ID` those of a lookup to
several modules. Several are separated by commas.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.records.line_items import V2_NAMES
from zoho_emulator.store.model import Field, Module


@dataclass(frozen=True, slots=True)
class Target:
    module: Module
    field: Field


@dataclass(frozen=True, slots=True)
class External:
    #: The field that names the records themselves.
    key: Field | None = None
    #: By the lookup's path below the record: ("Account_Name",) or ("Items", "Product_Name").
    lookups: Mapping[tuple[str, ...], Target] = field(default_factory=dict)

    def narrow_to(self, name: str) -> "External":
        """As the rows of a subform see it."""
        inner = {path[1:]: target for path, target in self.lookups.items() if path[0] == name}
        return External(lookups={path: target for path, target in inner.items() if path})


def read_external(call: Call, module: Module) -> External:
    header = call.headers.get("x-external")
    if header is None:
        return External()
    key, lookups = None, {}
    for part in header.split(","):
        left, arrow, right = part.strip().partition("->")
        first, *words = left.split(".")
        if words[:1] == ["Product_Details"] and call.version.number < 2.1:
            words = [V2_NAMES.get(word, word) for word in words]
        if first != module.api_name or not words:
            raise _unknown(part)
        if arrow:
            name, _, external = right.partition(".")
            lookups[tuple(words)] = Target(
                *_find_external(call.store.org.modules.get(name), external)
            )
        elif len(words) == 1:
            key = _find_external(module, words[0])[1]
        else:
            *path, external = words
            target = _find_lookup_target(call, module, path)
            lookups[tuple(path)] = Target(*_find_external(target, external))
    return External(key, lookups)


def _find_lookup_target(call: Call, module: Module, path: list[str]) -> Module | None:
    """The module that the last lookup of the path points at."""
    modules = call.store.org.modules
    current: Module | None = module
    for name in path:
        found = current.fields.get(name) if current else None
        if found is None:
            return None
        current = modules.get(found.linking or (found.targets[0] if found.targets else ""))
    return current


def _find_external(module: Module | None, name: str) -> tuple[Module, Field]:
    found = module.fields.get(name) if module else None
    if module is None or found is None or not found.external:
        raise _unknown(name)
    return module, found


def _unknown(part: str) -> ZohoError:
    # UNVERIFIED: no page says what a header that names no external field is answered.
    return ZohoError(
        "INVALID_DATA", "invalid data", {"header_name": "X-EXTERNAL", "value": part.strip()}
    )
