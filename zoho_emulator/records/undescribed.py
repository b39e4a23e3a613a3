"""Keys of records that no list of fields describes, as recordings of v2 show them.

UNVERIFIED: that other versions have none of them, and that naming `fields` does not take them away.
"""

from collections.abc import Mapping

from zoho_emulator.store.model import Module
from zoho_emulator.versions import Version

#: Prefixes of the addresses that a module has, and what its postal code is called.
_ADDRESSES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Leads": (("", "Zip_Code"),),
    "Accounts": (("Billing_", "Code"), ("Shipping_", "Code")),
    "Contacts": (("Mailing_", "Zip"), ("Other_", "Zip")),
}
_LISTS = {"Tasks": ("BEST_TIME",)}


def list_undescribed(module: Module, version: Version) -> frozenset[str]:
    return frozenset(
        (*find_undescribed_constants(module, version), *find_undescribed_addresses(module, version))
    )


def find_undescribed_constants(module: Module, version: Version) -> Mapping[str, object]:
    """Keys that are the same in each record: no address has coordinates."""
    if version.number >= 2.1:
        return {}
    found: dict[str, object] = {key: [] for key in _LISTS.get(module.api_name, ())}
    addresses = _ADDRESSES.get(module.api_name, ())
    for prefix, _ in addresses:
        found |= {
            f"{prefix}Coordinates": "",
            f"{prefix}Latitude": None,
            f"{prefix}Longitude": None,
            f"{prefix}Flat_House_No_Building_Apartment_Name": None,
        }
    return found | {"nearby_distance__s": None} if addresses else found


def find_undescribed_addresses(module: Module, version: Version) -> Mapping[str, tuple[str, ...]]:
    """Keys of whole addresses, and the fields of the five parts for `compose_address`."""
    if version.number >= 2.1:
        return {}
    found = {}
    for prefix, code in _ADDRESSES.get(module.api_name, ()):
        parts = tuple(f"{prefix}{part}" for part in ("Street", "City", "State", code, "Country"))
        if module.fields.keys() >= set(parts):
            found[f"{prefix}Address"] = parts
    return found


def compose_address(
    street: str | None, city: str | None, state: str | None, code: str | None, country: str | None
) -> str:
    """On up to three lines; empty where all parts are."""
    place = ", ".join(part for part in (city, " ".join(filter(None, (state, code)))) if part)
    return "\n".join(part for part in (street, place, country) if part)
