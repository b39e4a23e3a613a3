"""What a call needs of the token's scopes, and what a refusal because of a missing one means."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from zoho_crm.errors import SCOPE_LACKING

#: Parts of the API that have a scope of their own ("Scopes"); all else is records of a module.
_OWN = ("settings", "users", "org", "coql")
#: Bulk Write: uploads, and what jobs and the look at them need ("Create Bulk Write Job").
_UPLOAD = "upload"
_RIGHTS_TO_BULK_WRITE = ("CREATE",)
#: Modules with their own word in scopes, without underscores; all others share `custom`.
_MODULES = frozenset(
    """
    leads accounts contacts deals campaigns tasks events calls notes cases solutions products
    vendors pricebooks quotes salesorders purchaseorders invoices attachments appointments
    appointmentsrescheduledhistory services
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
#: What gives a right to records besides the right itself and ALL.
_WIDER = {"CREATE": "WRITE", "UPDATE": "WRITE"}


def explain_missing_scope(
    url: str,
    scopes: Sequence[str],
    granted: frozenset[str],
    rights: Sequence[str] = ("READ",),
) -> tuple[str, bool | None]:
    """Why Zoho may have refused a call because of a missing scope, in a sentence, and whether the
    token has all that can be asked for. None: Zoho does not say what it has.

    `scopes` are the connector's, `granted` the token's, empty where Zoho does not say;
    `rights` are all those that the call needs.
    """
    parts = urlsplit(url).path.strip("/").split("/")
    if parts[1:2] == ["bulk"] and parts[3:4] == ["write"]:
        rights = _RIGHTS_TO_BULK_WRITE
    needed = [scope for scope in scopes if scope.split(".")[1] in _find_areas(parts)]
    new_one = f"Make a new one in Zoho's API console with {','.join(scopes)}"
    if not granted:
        sentence = (
            f"Zoho refuses {url} because of a missing scope ({SCOPE_LACKING}), and does not say "
            f"which the refresh token has. {new_one}. If it was made with these, Zoho does not "
            "serve this to API clients; deselect the stream then."
        )
        return sentence, None
    if lacking := [scope for scope in needed if not _holds(granted, scope, parts, rights)]:
        sentence = (
            f"The refresh token lacks {'a scope' if len(lacking) == 1 else 'scopes'} that {url} "
            f"needs: {', '.join(lacking)}. {new_one} and put it into the connection's settings."
        )
        return sentence, False
    sentence = (
        f"Zoho refuses {url} because of a missing scope ({SCOPE_LACKING}), though the refresh "
        f"token has all that can be asked for: {', '.join(needed)}. Zoho does not serve this to "
        "API clients. Deselect the stream if it fails for that."
    )
    return sentence, True


def is_granted(granted: frozenset[str], scope: str) -> bool:
    """Whether the token's scopes contain one like ZohoCRM.coql.READ, or a wider one."""
    _, area, right = scope.split(".")
    return _holds(granted, scope, ("crm", "", area), (right,))


def _find_areas(parts: Sequence[str]) -> tuple[str, ...]:
    """Of a path like crm/v8/settings/fields, crm/bulk/v8/read or crm/v8/Leads/actions/count."""
    if parts[1:2] == ["bulk"]:
        return ("bulk", "modules")
    if parts[-2:] == ["actions", "count"]:
        return ("securesearch", "modules")
    first = parts[2] if len(parts) > 2 else ""
    if first == "coql":
        return ("coql", "modules")
    if first == _UPLOAD:
        return ("files",)
    return (first if first in _OWN else "modules",)


def _holds(
    granted: frozenset[str], scope: str, parts: Sequence[str], rights: Sequence[str]
) -> bool:
    """Whether each right is granted, for all of the scope's area or for the part that is called,
    like ZohoCRM.settings.fields.READ."""
    area = ".".join(scope.split(".")[:2])
    names = (area, f"{area}.{_find_part(parts)}")
    # UNVERIFIED: whether a token answer repeats the scopes in the letter case of the request.
    held = {_normalize(name) for name in granted}
    return all(
        any(_normalize(f"{name}.{word}") in held for name in names for word in words)
        for words in ((right, "ALL", _WIDER.get(right, right)) for right in rights)
    )


def _find_part(parts: Sequence[str]) -> str:
    """What scopes call the part of its area that a path is of."""
    if _find_areas(parts) != ("modules",):
        return parts[-1]
    word = _normalize(parts[2].removesuffix("__s")) if len(parts) > 2 else ""
    return word if word in _MODULES else "custom"


def _normalize(name: str) -> str:
    return name.lower().replace("_", "")
