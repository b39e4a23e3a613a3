"""Names that differ by letter case alone: warehouses that ignore case see one name."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from zoho_crm.manifest import load_settings_streams


def group_alike(names: Iterable[str]) -> list[tuple[str, ...]]:
    """The names that differ by letter case alone, in groups."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[name.lower()].append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def find_withheld_streams(streams: Iterable[str]) -> Mapping[str, str]:
    """The streams of settings whose name a module has in another letter case, and why no discovery
    offers them: the module keeps its name."""
    modules = {name.lower(): name for name in streams if name not in load_settings_streams()}
    return {
        name: (
            f"The module {module} has the name of this stream in another letter case, and "
            "warehouses that ignore case would write both to one table. A connection whose catalog "
            f"names {name} still reads it."
        )
        for name in sorted(load_settings_streams())
        if (module := modules.get(name))
    }


def build_stream_warnings(names: Iterable[str]) -> Iterator[str]:
    for group in group_alike(names):
        yield (
            f"The streams {' and '.join(group)} differ by letter case alone, and warehouses that "
            "ignore case write them to one table. Deselect all but one, or read them with "
            "connections that write to different schemas."
        )


def build_field_warnings(stream: str, names: Iterable[str]) -> Iterator[str]:
    for group in group_alike(names):
        yield (
            f"{stream}: the fields {' and '.join(group)} differ by letter case alone, and "
            "warehouses that ignore case keep one column of them. Deselect all but one, or give "
            "them other API names in Zoho."
        )
