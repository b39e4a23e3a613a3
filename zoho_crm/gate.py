"""How many calls an org takes at once."""

import threading


class Place:
    """Of one call; it is free again after `leave`."""

    __slots__ = ("is_taken", "sub")

    def __init__(self, *, sub: bool) -> None:
        self.sub = sub
        self.is_taken = threading.Event()


class Gate:
    """Lets so many calls in at a time, and fewer of those in Zoho's class of heavy ones.

    A heavy call takes a place of both kinds at once. Calls come in by the order in which they
    asked; a heavy one whose class is full holds no place while it waits, and lets others pass.
    """

    def __init__(self, limit: int, sub_limit: int) -> None:
        """`limit`: of all calls; `sub_limit`: of those in the class."""
        self._limit, self._sub_limit = limit, sub_limit
        self._inside = self._sub_inside = 0
        #: In the order in which they came.
        self._waiting: list[Place] = []
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        return self._limit

    @property
    def sub_limit(self) -> int:
        return min(self._limit, self._sub_limit)

    def resize(self, limit: int) -> None:
        """From now on so many calls are let in; those that are inside stay."""
        with self._lock:
            self._limit = limit
            self._admit()

    def enter(self, *, sub: bool) -> Place:
        """Returns when the call may be made. `sub`: it is in the class."""
        place = Place(sub=sub)
        with self._lock:
            self._waiting.append(place)
            self._admit()
        try:
            place.is_taken.wait()
        except BaseException:
            self.leave(place)
            raise
        return place

    def leave(self, place: Place) -> None:
        with self._lock:
            if not place.is_taken.is_set():
                self._waiting.remove(place)
                return
            self._inside -= 1
            self._sub_inside -= place.sub
            self._admit()

    def _admit(self) -> None:
        for place in self._waiting.copy():
            if self._inside >= self._limit:
                return
            if not place.sub or self._sub_inside < self._sub_limit:
                self._waiting.remove(place)
                self._inside += 1
                self._sub_inside += place.sub
                place.is_taken.set()
