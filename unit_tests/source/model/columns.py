"""The fields of the module, and the values that each version of a record has in them."""

from collections.abc import Mapping
from typing import Any, Literal

from source_zoho_crm.readers.windows import CURSOR_FIELD
from unit_tests.source.model.sizes import CUT
from zoho_crm.fields import Field

RICH, PICK = "Story", "Kinds"
#: Options of the multi-select picklist; versions share them.
_MOST = 20
_OPTIONS = frozenset(f"{letter}{number}" for letter in "kl" for number in range(_MOST))

_FIELDS: Mapping[str, Field] = {
    CURSOR_FIELD: Field(CURSOR_FIELD, "datetime"),
    "Name": Field("Name", "text"),
    "City": Field("City", "text"),
    RICH: Field(RICH, "textarea", is_rich_text=True),
    PICK: Field(PICK, "multiselectpicklist", options=_OPTIONS),
    "Sum": Field("Sum", "formula", return_type="string"),
    "Rank": Field("Rank", "formula", return_type="string"),
}

#: What shows a value: a query, a list, or a single record and what comes of it.
Place = Literal["query", "list", "record"]


def _write(name: str, version: int) -> Any:
    """What the connector makes of the value; each version has another one."""
    if name == PICK:
        return [f"k{version % _MOST}", f"l{version % _MOST}"]
    text = f"{name[0]}{version}"
    # Every other text is so long that lists cut it.
    return text if name != RICH or version % 2 else text.ljust(CUT + 4, ".")


class Columns:
    """The columns that are read of a module.

    `joined_by`: how COQL joins the options of a multi-select picklist; "": they are a list.
    """

    def __init__(self, *names: str, joined_by: str = "") -> None:
        self.names = names
        self.joined_by = joined_by
        self.fields = tuple(_FIELDS[name] for name in names)
        self.stamped = CURSOR_FIELD in names
        self.has_rich_text = RICH in names
        self.computed = frozenset(field.api_name for field in self.fields if field.computed)
        #: Those whose values are of a version alone.
        self.plain = tuple(name for name in names if name != CURSOR_FIELD)
        self._rows: dict[tuple[tuple[str, ...], int, Place], dict[str, Any]] = {}
        self._whole: dict[int, dict[str, Any]] = {}

    def __repr__(self) -> str:
        return f"Columns{self.names}"

    def build(self, names: tuple[str, ...], version: int, place: Place) -> dict[str, Any]:
        """A new row of Zoho's JSON with these columns, save its id and Modified_Time."""
        key = (names, version, place)
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = {
                name: self._show(name, version, place) for name in names if name in self.plain
            }
        return row.copy()

    def _show(self, name: str, version: int, place: Place) -> Any:
        value = _write(name, version)
        if name == RICH and place == "list":
            return value[:CUT]
        if name == PICK and place == "query" and self.joined_by:
            return self.joined_by.join(value)
        return value

    def get_whole(self, version: int) -> dict[str, Any]:
        """The values of a version in the connector's form."""
        row = self._whole.get(version)
        if row is None:
            row = self._whole[version] = {name: _write(name, version) for name in self.plain}
        return row

    def find_version(self, row: Mapping[str, Any], *, cut: bool = False) -> int | None:
        """The version that all values of a row of the connector are of; None: there is none.

        `cut`: of rich texts the beginning.
        """
        name = row.get("Name")
        if not isinstance(name, str) or not name[1:].isdigit():
            return None
        version = int(name[1:])
        for column, value in self.get_whole(version).items():
            if row.get(column) != (value[:CUT] if cut and column == RICH else value):
                return None
        return version


NARROW = Columns(CURSOR_FIELD, "Name")
GROUPS = Columns(CURSOR_FIELD, "Name", "City", PICK, "Sum", joined_by=";")
RICH_TEXT = Columns(CURSOR_FIELD, "Name", RICH, PICK)
WIDE = Columns(CURSOR_FIELD, "Name", "City", RICH, PICK, "Sum", "Rank")
UNSTAMPED = Columns("Name")
