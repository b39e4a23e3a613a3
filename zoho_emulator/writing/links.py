"""Links between two records, or a record and a user: each pair once ("Update Records")."""

from collections.abc import Sequence

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.store.model import Module
from zoho_emulator.store.values import Stored
from zoho_emulator.writing.candidate import Candidate


def find_pair(module: Module) -> tuple[str, str] | None:
    """The two lookups of a linking module; None for other modules."""
    if module.generated_type != "linking":
        return None
    names = [field.api_name for field in module.fields.values() if field.mandatory]
    return (names[0], names[1]) if len(names) == 2 else None


def duplicate_link(names: Sequence[str], link: int | None) -> ZohoError:
    """UNVERIFIED: for a pair that comes twice in one call, no id can be given."""
    known = {} if link is None else {"id": str(link)}
    details = {"linking_fields": list(names), **known}
    return ZohoError("DUPLICATE_LINKING_DATA", "duplicate association", details)


def find_link(
    call: Call, module: Module, pair: dict[str, Stored], *, but: Sequence[int | None] = ()
) -> int | None:
    """The live link that holds the pair already, those of `but` excepted."""
    where = " and ".join(f"{module.fields[name].column} = ?" for name in pair)
    found = call.store.connection.execute(
        f"select id from {module.table} where {where} and state = 0 order by id",
        tuple(pair.values()),
    )
    return next((link for (link,) in found if link not in but), None)


def check_link(candidate: Candidate) -> ZohoError | None:
    """What is wrong with a record of a linking module that is written by itself."""
    names = find_pair(candidate.module)
    if names is None:
        return None
    pair = {name: candidate.read_after(name) for name in names}
    twin = find_link(candidate.call, candidate.module, pair, but=(candidate.old,))
    return None if twin is None else duplicate_link(names, twin)
