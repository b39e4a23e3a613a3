"""Whether a call may write to a module."""

from dataclasses import dataclass

from zoho_emulator.auth.tokens import module_scopes
from zoho_emulator.call import Call, no_permission
from zoho_emulator.errors import ZohoError
from zoho_emulator.store.model import Module
from zoho_emulator.writing.matching import can_upsert


@dataclass(frozen=True, slots=True)
class Operation:
    #: Words of a module's scope that allow it, in addition to ALL.
    scopes: tuple[str, ...]
    #: Attribute of `Module` that allows it.
    flag: str
    message: str = "permission denied"


OPERATIONS = {
    "insert": Operation(("CREATE", "WRITE"), "creatable"),
    "update": Operation(("UPDATE", "WRITE"), "editable", "Permission denied to update"),
    "upsert": Operation(("CREATE", "WRITE"), "creatable"),
    "delete": Operation(("DELETE",), "deletable", "Permission denied to delete"),
}


def find_writable(call: Call, name: str) -> Module:
    """The module of the path, if this call may do that to it."""
    operation = OPERATIONS[name]
    module = call.module(call.path_params["module"], {"resource_path_index": 0})
    scopes = module_scopes(module.api_name, module.generated_type, operation.scopes)
    call.emulator.accounts.require(*scopes)
    # UNVERIFIED: the samples of writing calls name the right to view, too.
    call.check_not_refused(module, operation.message)
    hidden = not (module.viewable and module.permitted)
    if hidden or module.api_name in call.knobs.read_only_modules:
        raise no_permission(module, operation.message)
    # UNVERIFIED: what modules that cannot be written answer (rows of subforms, attachments,
    # aggregates), and those that an upsert does not support.
    possible = getattr(module, operation.flag) and not module.files and module.fields
    if not possible or (name == "upsert" and not can_upsert(module)):
        raise ZohoError("INVALID_MODULE", "The given module is not supported in API")
    return module
