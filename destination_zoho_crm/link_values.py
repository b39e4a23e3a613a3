"""Values of multi-select and multi-user lookups: what a record is to be linked with. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from destination_zoho_crm.columns import Column
from destination_zoho_crm.encoding import EMPTY, encode_user, read_list, read_reference
from destination_zoho_crm.lookup_values import LinkList, Sought, read_key
from destination_zoho_crm.outcomes import InvalidValueError


def build_link_encoder(
    column: Column, users: Mapping[str, str], suggest: Callable[[], str], *, removes: bool
) -> Callable[[Any], Any]:
    """Of a column whose values are lists, or JSON texts that hold one; a text of another kind is a
    list of one. `users`: ids of active users by address; `suggest`: what else than an id names what
    is linked, in words that may be logged; `removes`: null and an empty list remove all links;
    else, as a blank text always does, they leave them alone."""
    field, key = column.field, column.key
    assert field is not None
    assert field.links is not None
    target = str(field.links.target)

    def read_end(item: Any) -> str | Sought:
        if item is None or item == "":
            raise InvalidValueError("an item of the list is empty")
        if column.via == "email":
            return encode_user(users, item)["id"]
        if key is not None:
            return Sought(target, key.api_name, read_key(key, item))
        try:
            return str(read_reference(item)["id"])
        except InvalidValueError as error:
            raise InvalidValueError("; ".join(filter(None, [str(error), suggest()]))) from None

    def encode(value: Any) -> Any:
        if isinstance(value, str) and not value.strip():
            return EMPTY
        ends = tuple(dict.fromkeys(map(read_end, [] if value is None else read_list(value))))
        return LinkList(ends) if ends or removes else EMPTY

    return encode
