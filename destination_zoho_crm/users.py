"""Users by their e-mail address, so that a row can name an owner by it."""

from zoho_crm.directory import Metadata

_PAGE = 200


def active_users(requester: Metadata) -> dict[str, str]:
    """Ids of active users by address in lower case ("Get Users"). UNVERIFIED: that Zoho takes no
    owner who is not active."""
    users: dict[str, str] = {}
    page = 1
    while True:
        entries = requester.metadata(
            "users", "users", type="ActiveUsers", page=str(page), per_page=str(_PAGE)
        )
        users |= {
            user["email"].lower(): str(user["id"])
            for user in entries
            if user.get("email") and user.get("status", "active") == "active"
        }
        if len(entries) < _PAGE:
            return users
        page += 1
