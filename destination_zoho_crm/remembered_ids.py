"""Ids that were found, until the run writes what may change what a value finds. Pure."""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from destination_zoho_crm.lookup_values import Sought, fold_value

#: Module and field.
Place = tuple[str, str]

#: Ids of one place.
MOST_REMEMBERED = 50_000


@dataclass
class Changes:
    """What the run has written since a question was asked."""

    sought: set[Sought] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)

    def __contains__(self, one: Sought) -> bool:
        return one in self.sought or (one.module, one.field) in self.places


class RememberedIds:
    """Safe to use from several threads. Values that Zoho holds for the same count as one."""

    def __init__(self) -> None:
        #: Of each place; what was used last is the last one.
        self._ids: defaultdict[Place, OrderedDict[str, str]] = defaultdict(OrderedDict)
        self._under_way: list[Changes] = []
        self._lock = threading.Lock()

    @contextmanager
    def ask(self) -> Iterator[Changes]:
        """While it lasts, what is asked may be changed by other threads; `add` wants to know."""
        changes = Changes()
        with self._lock:
            self._under_way.append(changes)
        try:
            yield changes
        finally:
            with self._lock:
                self._under_way = [one for one in self._under_way if one is not changes]

    def find(self, sought: Iterable[Sought]) -> dict[Sought, str]:
        """Those that are known."""
        known = {}
        with self._lock:
            for one in sought:
                ids, value = self._ids[one.module, one.field], fold_value(one.value)
                if (record_id := ids.get(value)) is not None:
                    ids.move_to_end(value)
                    known[one] = record_id
        return known

    def add(self, found: Mapping[Sought, str], changes: Changes) -> None:
        """But for what has been written meanwhile."""
        with self._lock:
            for one, record_id in found.items():
                if one.folded not in changes:
                    ids = self._ids[one.module, one.field]
                    ids[fold_value(one.value)] = record_id
                    if len(ids) > MOST_REMEMBERED:
                        ids.popitem(last=False)

    def forget(self, place: Place, values: Iterable[str]) -> None:
        """Other records have got these values, or may have."""
        sought = [Sought(*place, value).folded for value in values]
        with self._lock:
            for changes in self._under_way:
                changes.sought.update(sought)
            for one in sought:
                self._ids[place].pop(one.value, None)

    def forget_all(self, place: Place) -> None:
        """Records may have lost their values, and it is not known which."""
        with self._lock:
            for changes in self._under_way:
                changes.places.add(place)
            self._ids.pop(place, None)
