"""Dates and datetimes of a CSV: by the `format` of a mapping, or by a default form.

A format is a pattern of Java's: `yyyy-MM-dd'T'HH:mm:ssXXX`.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import cache

from zoho_emulator.errors import ZohoError

ReadDate = Callable[[str], datetime]

_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']")
_DIRECTIVES = {
    **dict.fromkeys(("yyyy", "y", "uuuu"), "%Y"),
    **dict.fromkeys(("MM", "M"), "%m"),
    **dict.fromkeys(("dd", "d"), "%d"),
    **dict.fromkeys(("HH", "H"), "%H"),
    **dict.fromkeys(("hh", "h"), "%I"),
    **dict.fromkeys(("mm", "m"), "%M"),
    **dict.fromkeys(("ss", "s"), "%S"),
    **dict.fromkeys(("XXX", "XX", "X", "Z", "z"), "%z"),
    **{"yy": "%y", "MMMM": "%B", "MMM": "%b", "SSS": "%f", "a": "%p", "EEE": "%a", "EEEE": "%A"},
}
#: The forms in which a value comes without a format, by the knob `bulk_write_dates`.
_US = {"date": ("MM/dd/yyyy",), "datetime": ("MM/dd/yyyy HH:mm:ss",)}


@cache
def read_format(pattern: str) -> ReadDate:
    """A reader of this pattern; INVALID_FORMAT for what is none. UNVERIFIED: its message."""
    parts, end = [], 0
    for found in _TOKEN.finditer(pattern):
        if found.start() != end:
            break
        end, text = found.end(), found[0]
        if found[1] is not None:
            parts.append((found[1].replace("''", "'") or "'").replace("%", "%%"))
        elif found[2] and text not in _DIRECTIVES:
            break
        else:
            parts.append(_DIRECTIVES.get(text, text.replace("%", "%%")))
    else:
        if (end == len(pattern) and "%Y" in parts) or "%y" in parts:
            directives = "".join(parts)
            return lambda text: datetime.strptime(text, directives)  # noqa: DTZ007  # zones follow
    raise ZohoError("INVALID_FORMAT", f"invalid format {pattern}")


def read_default(kind: str, forms: str) -> ReadDate:
    """A reader of dates or datetimes that come without a format.

    "us" is what "Bulk Write: Create Job" prints, "iso" what posts of Zoho's show.
    """
    readers = [read_format(pattern) for pattern in _US[kind]] if forms != "iso" else []
    if forms != "us":
        readers.append(_read_iso_date if kind == "date" else _read_iso)

    def read(text: str) -> datetime:
        for reader in readers:
            try:
                return reader(text)
            except ValueError:
                continue
        raise ValueError(text)

    return read


def _read_iso_date(text: str) -> datetime:
    found = date.fromisoformat(text)
    return datetime(found.year, found.month, found.day)  # noqa: DTZ001  # a date has no zone


def _read_iso(text: str) -> datetime:
    if len(text) < 19 or text[10] not in " T":
        raise ValueError(text)
    return datetime.fromisoformat(text)
