"""Users by their e-mail address, so that a row can name an owner by it."""

from zoho_crm.requester import ZohoRequester


def active_users(requester: ZohoRequester) -> dict[str, str]:
    """Ids of active users by address in lower case ("Get Users"). UNVERIFIED: that Zoho takes no
    owner who is not active."""
    return {
        user["email"].lower(): str(user["id"])
        for user in requester.ask_for_entries("users", "users", params={"type": "ActiveUsers"})
        if user.get("email") and user.get("status", "active") == "active"
    }
