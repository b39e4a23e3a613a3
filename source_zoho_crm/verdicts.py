"""What the log says of the records that were counted in Zoho."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from zoho_crm.counts import count


class Verdict(NamedTuple):
    """How many records were read, and what is to be said of them; None: as many are in Zoho."""

    read: int
    sentence: str | None


def format_verdicts(verdicts: Mapping[str, Verdict]) -> Iterator[str]:
    """A line for each stream of which something is to be said, and one for the others."""
    told = {name: verdict for name, verdict in verdicts.items() if verdict.sentence}
    for name, verdict in sorted(told.items()):
        yield f"Count: {name}: {verdict.sentence}"
    equal = [verdict.read for name, verdict in verdicts.items() if name not in told]
    if equal:
        streams, records = count(len(equal), "stream"), count(sum(equal), "record")
        yield f"Count: {streams} with {records} read, as many in Zoho."
