"""Values that stand for records and are looked up before their rows are written. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from unicodedata import category

from destination_zoho_crm.columns import Column
from destination_zoho_crm.encoding import EMPTY, limit_text
from destination_zoho_crm.numeric import encode_integer, encode_long
from destination_zoho_crm.outcomes import InvalidValueError
from destination_zoho_crm.target_fields import TargetField

#: "COQL: Limitations": values of an `in`, and rows of a query, of the strictest version.
MOST_VALUES = 50
MOST_ROWS = 200
_JOINERS = "\u200c\u200d"
#: Forms whose values are not quoted in a query.
NUMBERS = ("integer", "long", "number")


class Sought(NamedTuple):
    """A record that is known by a value."""

    module: str
    field: str
    value: str

    @property
    def folded(self) -> "Sought":
        """Equal for values that Zoho holds for the same."""
        return self._replace(value=fold_value(self.value))


class LinkList(NamedTuple):
    """What a record is linked with: ids, and records that are still to be looked up."""

    ends: tuple[str | Sought, ...]


def fold_value(value: str) -> str:
    """Zoho's duplicate check takes no account of case ("Custom Fields": unique). UNVERIFIED:
    whether it trims values; blanks around one are of the file that it comes from."""
    return value.strip().lower()


def can_query(value: str) -> bool:
    """UNVERIFIED: what a backslash or a character that does not show means in a query.

    Names hold other blanks than U+0020, and joiners: they are text.
    """
    shown = (one.isprintable() or category(one) == "Zs" or one in _JOINERS for one in value)
    return "\\" not in value and all(shown)


def build_key_encoder(column: Column) -> Callable[[Any], Any]:
    """Of a column whose values find the records that its lookup is to point at: what is sought, or
    EMPTY of a blank value and of null."""
    field, key = column.field, column.key
    assert field is not None
    assert key is not None
    module = str(field.points_at)

    def encode(value: Any) -> Any:
        if value is None or value == [] or (isinstance(value, str) and not value.strip()):
            return EMPTY
        return Sought(module, key.api_name, read_key(key, value))

    return encode


def read_key(key: TargetField, value: Any) -> str:
    """The value as a query has it; raises where no record can have it, or no query can tell."""
    if key.form == "integer":
        return str(encode_integer(key, value))
    if key.form == "long":
        return str(encode_long(key, value))
    text = limit_text(key, value).strip()
    if not can_query(text):
        raise InvalidValueError(
            "a value with a backslash or a control character cannot be looked up; write the id"
        )
    return text


def find_sought(record: Mapping[str, Any]) -> Iterator[tuple[str, Sought]]:
    """What is still to be looked up, and the fields of the record that name it."""
    for name, value in record.items():
        if type(value) is Sought:
            yield name, value
        elif type(value) is LinkList:
            yield from ((name, end) for end in value.ends if type(end) is Sought)


def put_ids(record: Mapping[str, Any], ids: Mapping[Sought, str]) -> dict[str, Any]:
    """The record with ids in place of what was sought."""
    return {name: _put_ids(value, ids) for name, value in record.items()}


def _put_ids(value: Any, ids: Mapping[Sought, str]) -> Any:
    if type(value) is Sought:
        return {"id": ids[value]}
    if type(value) is LinkList:
        ends = (ids[end] if type(end) is Sought else end for end in value.ends)
        return LinkList(tuple(dict.fromkeys(ends)))
    return value
