"""Values as clients give them, made into those that the store takes."""

from collections.abc import Mapping
from math import isfinite

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.store.data_types import value_type
from zoho_emulator.store.model import Field, Module
from zoho_emulator.store.tags import find_tag
from zoho_emulator.store.values import MOST_DECIMALS, cut, invalid
from zoho_emulator.writing.external import External, Target
from zoho_emulator.writing.matching import find, parse_id
from zoho_emulator.writing.shaped import find_shape

FILES = ("fileupload", "imageupload")
_USERS = ("ownerlookup", "userlookup")
_LOOKUPS = ("lookup", "multi_module_lookup")


class ValueReader:
    """Understands the values of one module's fields, for one call."""

    def __init__(self, call: Call, module: Module, external: External) -> None:
        self.call = call
        self.module = module
        self.external = external
        self.store = call.store

    def convert(self, known: Field, value: object, *, inserting: bool) -> object:
        """The value as the store takes it."""
        kind = value_type(known)
        if value is None:
            # UNVERIFIED: no page clears a checkbox; it has no third state.
            return False if kind == "boolean" else None
        if isinstance(value, str) and known.json_type == "string":
            value = value.strip() if self.call.knobs.trim_text else value
            if not value and self.call.knobs.empty_text != "keep":
                if self.call.knobs.empty_text == "refuse":
                    raise invalid(known)
                return None
        bare = kind in (*_USERS, *_LOOKUPS, "layout") and not isinstance(value, dict)
        if bare and not self.call.knobs.bare_lookup_ids:
            raise invalid(known, expected_data_type="jsonobject")
        if kind == "datetime" and str(value).endswith("Z") and not self.call.knobs.writes_accept_z:
            raise invalid(known, expected_data_type=kind)
        if kind in _USERS:
            return self._convert_user(known, value)
        if kind in _LOOKUPS:
            return self._convert_reference(known, value, inserting=inserting)
        if kind == "double" and isinstance(value, float) and self.call.knobs.long_decimals == "cut":
            return cut(value, MOST_DECIMALS) if isfinite(value) and abs(value) < 1e16 else value
        if known.api_name == "Tag":
            return self._convert_tags(known, value)
        if shape := find_shape(known):
            return shape(self.call, known, value)
        if kind == "layout" and parse_id(_read_id(value)) != self.module.layout_id:
            raise _no_such(known)
        if known.data_type in FILES:
            return None
        return _find_option(known, value)

    def _convert_user(self, known: Field, value: object) -> object:
        users = self.store.org.users
        if isinstance(value, dict) and "id" not in value and "email" in value:
            if not self.call.knobs.owner_by_email:
                raise invalid(known, expected_data_type="jsonobject")
            user = next((user for user in users if user.email == value["email"]), None)
        else:
            user = next((user for user in users if user.id == parse_id(_read_id(value))), None)
        # UNVERIFIED: that an owner must be active, and other users need not be.
        if user is None or (known.api_name == "Owner" and user.status != "active"):
            raise invalid(known) if parse_id(_read_id(value)) is None else _no_such(known)
        return {"id": str(user.id)}

    def _convert_reference(self, known: Field, value: object, *, inserting: bool) -> object:
        target = self.external.lookups.get((known.api_name,))
        if target is not None and isinstance(value, dict):
            return {"id": str(self._find_by_external(known, target, value, inserting=inserting))}
        if not isinstance(value, dict):
            return value
        named = value.get("module")
        if isinstance(named, dict):
            owner = self.store.find_module(parse_id(value.get("id")) or 0)
            if owner is None or owner.api_name != named.get("api_name"):
                raise _no_such(known)
        return value

    def _find_by_external(
        self, known: Field, target: Target, value: Mapping[str, object], *, inserting: bool
    ) -> int:
        """With the header only the external value counts ("Insert Records Using External ID")."""
        text = value.get(target.field.api_name)
        found = find(self.call, target.module, target.field, text) if isinstance(text, str) else []
        if not found:
            message = (
                "The external ID of the lookup field or the Price Book is incorrect"
                if inserting
                else "The value of the external field is invalid for the lookup field."
            )
            raise ZohoError("INVALID_DATA", message, {"api_name": known.api_name})
        return found[0]

    def _convert_tags(self, known: Field, value: object) -> object:
        """UNVERIFIED: tags given replace those there were."""
        if not isinstance(value, list):
            raise invalid(known, expected_data_type="jsonarray")
        tags = []
        for item in value:
            name = item.get("name") if isinstance(item, dict) else None
            if not isinstance(name, str) or not name:
                raise invalid(known, expected_data_type="jsonarray")
            tags.append(find_tag(self.store.org, known, name))
        return tags or None


def _find_option(known: Field, value: object) -> object:
    """An option by the text that people see. UNVERIFIED: that Zoho takes its `actual_value` too,
    and does not make a new option of it."""
    texts = dict(zip(known.actual_values, known.pick_list, strict=False))
    if isinstance(value, list):
        return [texts.get(item, item) if isinstance(item, str) else item for item in value]
    return texts.get(value, value) if isinstance(value, str) else value


def _read_id(value: object) -> object:
    return value.get("id") if isinstance(value, dict) else value


def _no_such(known: Field) -> ZohoError:
    return ZohoError(
        "INVALID_DATA", "the id given seems to be invalid", {"api_name": known.api_name}
    )
