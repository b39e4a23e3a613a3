"""What an org knows of values: its users, its picklists, and what finds its records."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from destination_zoho_crm.columns import Column
from destination_zoho_crm.encoding import Encoder
from destination_zoho_crm.link_values import build_link_encoder
from destination_zoho_crm.lookup_values import build_key_encoder
from destination_zoho_crm.modules import TargetModules
from destination_zoho_crm.picklists import Picklists
from destination_zoho_crm.quick_values import quicken
from destination_zoho_crm.suggestions import Suggestions
from zoho_crm.requester import ZohoRequester


@dataclass(frozen=True, slots=True)
class OrgValues:
    #: Ids of active users by address.
    users: Mapping[str, str]
    picklists: Picklists
    suggestions: Suggestions
    modules: TargetModules

    def build_encoder(
        self, stream: str, module: str, column: Column, *, removes: bool = False
    ) -> Callable[[Any], Any]:
        """That of a column of the stream that is written to the module. `removes`: a list without
        items removes what its field has."""
        suggest = cache(lambda: self.suggestions.suggest(column))
        if column.field is not None and column.field.form == "links":
            return build_link_encoder(column, self.users, suggest, removes=removes)
        if column.via == "key":
            return build_key_encoder(column)
        picklist = self.picklists.find(module, column.field)
        encoder = Encoder(stream, column, self.users, picklist, suggest)
        return quicken(column, encoder, is_checked=picklist is not None)


def find_active_users(requester: ZohoRequester) -> dict[str, str]:
    """Ids of active users by address in lower case ("Get Users"). UNVERIFIED: that Zoho takes no
    owner who is not active."""
    params = {"type": "ActiveUsers", "page": "1", "per_page": "200"}
    return {
        user["email"].lower(): str(user["id"])
        for user in requester.ask_for_entries("users", "users", params=params)
        if user.get("email") and user.get("status", "active") == "active"
    }
