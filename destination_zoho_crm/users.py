"""Users by their e-mail address, so that a row can name an owner by it."""

from zoho_crm.answers import build_page_reader
from zoho_crm.requester import ZohoRequester


def active_users(requester: ZohoRequester) -> dict[str, str]:
    """Ids of active users by address in lower case ("Get Users"). UNVERIFIED: that Zoho takes no
    owner who is not active."""
    users: dict[str, str] = {}
    more, number = True, 0
    while more:
        number += 1
        found = requester.ask_for_rows(
            "users",
            read=build_page_reader("users", infos=False, behind=number > 1),
            promised=number > 1,
            params={"type": "ActiveUsers", "page": str(number), "per_page": "200"},
        )
        more = found.more
        users |= {
            user["email"].lower(): str(user["id"])
            for user in found.rows
            if user.get("email") and user.get("status", "active") == "active"
        }
    return users
