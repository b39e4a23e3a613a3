"""The keys of rows, which may be spelled otherwise than the catalog's columns.

PyAirbyte sends rows of a cache under the cache's names (`last_name`, and `e_mail` of a column
`E-Mail`), and the source's catalog as it was (`Last_Name`, `E-Mail`).
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from destination_zoho_crm.naming import Names, fold_to_letters

LOGGER = logging.getLogger("airbyte")

Data = Mapping[str, Any]
#: Key of a row and column of the catalog; None: all that are known are spelled alike.
_Pairs = Sequence[tuple[str, str]] | None

#: Rows of one stream have the same keys, or few kinds of them; so many are remembered.
_MOST_KINDS = 1_000
#: Rows may be maps whose keys never end; so many are named in warnings.
_MOST_NAMED = 100


class RowKeys:
    """Gives rows of one stream the names that the catalog has for their columns.

    A key that fits no column, or several, is logged once.
    """

    def __init__(self, stream: str, columns: Iterable[str], *, warns_of_unknown: bool) -> None:
        self._stream = stream
        columns = list(columns)
        self._ways = (Names(columns), Names(columns, fold_to_letters))
        self._warns_of_unknown = warns_of_unknown
        self._warned: set[str] = set()
        self._kinds: dict[tuple[str, ...], _Pairs] = {}

    def rename(self, data: Data) -> Data:
        keys = tuple(data)
        try:
            pairs = self._kinds[keys]
        except KeyError:
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            pairs = self._kinds[keys] = self._pair(keys)
        return data if pairs is None else {column: data[key] for key, column in pairs}

    def _pair(self, keys: Sequence[str]) -> _Pairs:
        fitting = {key: self._find(key) for key in keys}
        if unknown := [key for key in self._skip_warned(keys) if not fitting[key]]:
            self._warn_of_unknown(unknown)
        of_column: dict[str, list[str]] = defaultdict(list)
        for key, columns in fitting.items():
            for column in columns:
                of_column[column].append(key)
        clear = {
            key: columns[0]
            for key, columns in fitting.items()
            if len(columns) == 1 and (key == columns[0] or len(of_column[columns[0]]) == 1)
        }
        for key in self._skip_warned(key for key in keys if fitting[key] and key not in clear):
            self._warned.add(key)
            LOGGER.warning(
                f"{self._stream}: the rows' column {key} is left out: "
                f"{_explain(key, fitting[key], of_column)}."
            )
        return list(clear.items()) if any(key != column for key, column in clear.items()) else None

    def _find(self, key: str) -> list[str]:
        for names in self._ways:
            if fitting := names.find(key):
                return fitting
        return []

    def _skip_warned(self, keys: Iterable[str]) -> Iterator[str]:
        return (key for key in keys if key not in self._warned)

    def _warn_of_unknown(self, keys: Sequence[str]) -> None:
        room = _MOST_NAMED - len(self._warned)
        if not self._warns_of_unknown or room <= 0:
            return
        self._warned.update(keys[:room])
        last = ". No more of them are named" if len(keys) >= room else ""
        LOGGER.warning(
            f"{self._stream}: the rows have columns that the catalog does not know, which are left "
            f"out: {', '.join(keys[:room])}{last}."
        )


def _explain(key: str, columns: Sequence[str], of_column: Mapping[str, Sequence[str]]) -> str:
    if len(columns) > 1:
        return f"it fits {' and '.join(columns)} of the catalog alike"
    others = (other for other in of_column[columns[0]] if other != key)
    return f"it fits {columns[0]} of the catalog, as {' and '.join(others)} does"
