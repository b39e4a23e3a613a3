"""What a call needs of the token's scopes, and what a refusal for want of one means."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from zoho_crm.errors import SCOPE_LACKING

#: Parts of the API that have a scope of their own ("Scopes"); all else is records of a module.
_OWN = ("settings", "users", "org", "coql")


def want_of_scope(
    url: str, scopes: Sequence[str], granted: frozenset[str]
) -> tuple[str, bool | None]:
    """Why Zoho may have refused a reading call for want of a scope, in a sentence, and whether the
    token has all that can be asked for. None: Zoho does not tell what it has.

    `scopes` are the connector's, `granted` the token's, empty where Zoho does not tell them.
    """
    parts = urlsplit(url).path.strip("/").split("/")
    needed = [scope for scope in scopes if scope.split(".")[1] in _areas(parts)]
    new_one = f"Make a new one in Zoho's API console with {','.join(scopes)}"
    if not granted:
        sentence = (
            f"Zoho refuses {url} for want of a scope ({SCOPE_LACKING}), and does not tell which "
            f"the refresh token has. {new_one}. If it was made with these, Zoho does not serve "
            "this to API clients; deselect the stream then."
        )
        return sentence, None
    if lacking := [scope for scope in needed if not _holds(granted, scope, parts[-1])]:
        sentence = (
            f"The refresh token lacks {'a scope' if len(lacking) == 1 else 'scopes'} that {url} "
            f"needs: {', '.join(lacking)}. {new_one} and put it into the connection's settings."
        )
        return sentence, False
    sentence = (
        f"Zoho refuses {url} for want of a scope ({SCOPE_LACKING}), though the refresh token has "
        f"all that can be asked for: {', '.join(needed)}. Zoho does not serve this to API clients. "
        "Deselect the stream if it fails for that."
    )
    return sentence, True


def _areas(parts: Sequence[str]) -> tuple[str, ...]:
    """Of a path like crm/v8/settings/fields or crm/bulk/v8/read."""
    if parts[1:2] == ["bulk"]:
        return ("bulk", "modules")
    first = parts[2] if len(parts) > 2 else ""
    if first == "coql":
        return ("coql", "modules")
    return (first if first in _OWN else "modules",)


def _holds(granted: frozenset[str], scope: str, what: str) -> bool:
    """Settings may be granted one by one, like ZohoCRM.settings.fields.READ."""
    area = ".".join(scope.split(".")[:2])
    enough = {f"{name}.{right}" for name in (area, f"{area}.{what}") for right in ("READ", "ALL")}
    # UNVERIFIED: whether a token answer repeats the scopes in the letter case of the request.
    return not {name.lower() for name in enough}.isdisjoint(name.lower() for name in granted)
