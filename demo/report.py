"""One sync, and the table of what it read and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from demo.emulator import Emulator, Usage
from demo.page import Bars
from demo.screen import Screen

if TYPE_CHECKING:
    from demo.warehouse import Warehouse

#: Streams of settings whose calls have other names than `settings.` and theirs.
_NAMES = {"org": "org", "users": "users", "pipelines": "settings.pipeline"}
_HEAD = ("stream", "rows in DuckDB", "rows read", "API calls", "credits")


def sync(
    warehouse: Warehouse,
    screen: Screen,
    zoho: Emulator | None,
    *,
    name: str,
    explains: bool = False,
) -> Bars:
    """Syncs and shows, by stream, rows in the file, rows read and, of the emulator, the price.

    `explains`: why some tables were read whole.
    """
    before = zoho.usage() if zoho else None
    screen.say()
    with screen.working(lambda: f"{name}: {warehouse.progress()}"):
        read = warehouse.sync()
    counts = {stream: warehouse.count(stream) for stream in read}
    prices = Prices(zoho.usage(), before) if zoho and before else None
    # Modules first: they are what people look for.
    order = sorted(read, key=lambda stream: (_is_of_settings(stream), stream))
    rows: list[tuple[object, ...]] = [
        (stream, counts[stream], read[stream], *(prices.of(stream) if prices else (None, None)))
        for stream in order
    ]
    if prices:
        rows.append(("(access tokens)", None, None, *prices.rest(order)))
    total = prices.total if prices else (None, None)
    rows.append(("all", sum(counts.values()), sum(read.values()), *total))
    screen.table(_HEAD, rows)
    if explains:
        _explain_whole_tables([s for s in order if counts[s] == read[s] > 0], screen)
    taken = {stream: prices.of(stream) if prices else (0, 0) for stream in order}
    return Bars(name, [(s, (read[s], taken[s][0], taken[s][1] or 0)) for s in order])


def _explain_whole_tables(streams: list[str], screen: Screen) -> None:
    modules = [stream for stream in streams if not _is_of_settings(stream)]
    if modules:
        screen.say(
            f"Read whole each time: streams of settings, and {', '.join(modules)}. Rows of these "
            "modules have no Modified_Time, or Zoho does not list which of them were removed."
        )
        screen.say()


class Prices:
    """Calls and credits between two looks at the emulator's account.

    Credits by stream are None unless the emulator keeps them.
    """

    def __init__(self, after: Usage, before: Usage) -> None:
        self._calls = _difference(after.calls, before.calls)
        self._credits = (
            None
            if after.credits_by is None
            else _difference(after.credits_by, before.credits_by or {})
        )
        calls = sum(number for name, number in self._calls.items() if ":" not in name)
        self.total = (calls, after.credits - before.credits)

    def of(self, *streams: str) -> tuple[int, int | None]:
        """Of modules: the calls for their rows. Of a stream of settings: those of its kind."""
        calls = sum(_share(stream, self._calls) for stream in streams)
        if self._credits is None:
            return calls, None
        return calls, sum(_share(stream, self._credits) for stream in streams)

    def rest(self, streams: list[str]) -> tuple[int, int | None]:
        """Calls for none of the streams: access tokens."""
        shares = [self.of(stream) for stream in streams]
        calls, credits_ = self.total
        return (
            calls - sum(share for share, _ in shares),
            None if self._credits is None else credits_ - sum(share or 0 for _, share in shares),
        )


def _share(stream: str, account: Mapping[str, int]) -> int:
    if _is_of_settings(stream):
        return account.get(_NAMES.get(stream, f"settings.{stream}"), 0)
    return sum(
        number
        for name, number in account.items()
        if name.endswith(f":{stream}") and not name.startswith("settings.")
    )


def _is_of_settings(stream: str) -> bool:
    """Modules have capitals; streams of settings have none."""
    return stream.islower()


def _difference(after: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    return {name: number - before.get(name, 0) for name, number in after.items()}
