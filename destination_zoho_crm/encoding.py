"""Values of rows in the form in which Zoho takes them ("Insert Records"), or why Zoho would not.

Pure. Nothing is cut or rounded in silence: what Zoho would change on its way in is refused here.
Zoho itself judges what takes more than its documented limits, such as the parts of an address.
"""

import logging
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from destination_zoho_crm.columns import Column
from destination_zoho_crm.modules import TargetField
from zoho_crm.fields import Form

LOGGER = logging.getLogger("airbyte")

#: Zoho's code for a value that a field does not take; refusals of our own speak the same language.
INVALID_DATA = "INVALID_DATA"

#: Documented limits, where metadata tells none.
_INTEGER_DIGITS, _LONG_DIGITS = 9, 18
_MOST = Decimal(10) ** 16
_DECIMALS = 9
#: Beyond this a JSON number has lost digits on its way here.
_EXACT = 2**53

#: UNVERIFIED: the shortest. Zoho's samples have 15 digits and more.
_ID = re.compile(r"\d{15,20}", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?(Z|[+-]00:?00)?", re.ASCII)


class UnfitError(ValueError):
    """Zoho would not take the value. The reason never shows the value."""


class Empty:
    """No value. Of null, the connection says what becomes of it.

    A blank text, as it comes from files, and an empty list leave their field alone. UNVERIFIED:
    what Zoho makes of them; its pages speak of null only.
    """


EMPTY = Empty()


def is_id(value: object) -> bool:
    """Whether it looks like the id of a record, so that no number of a warehouse passes for one."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


class Encoder:
    """Encodes the values of one column. `users` are the ids of active users by address."""

    def __init__(self, column: Column, users: Mapping[str, str]) -> None:
        self.name = column.name
        self._column = column
        self._users = users
        field = column.field
        self._form: Form = (field.form if field else None) or "given"
        self._warned = False

    def __call__(self, value: Any) -> Any:
        """The value for Zoho; EMPTY of null, a blank text and an empty list."""
        if value is None or value == "" or value == []:
            return EMPTY
        field = self._column.field
        if field is None:
            return _record_id(value) if self.name == "id" else _module_name(value)
        if self._column.via == "email":
            return self._user(value)
        if self._column.external is not None:
            return {self._column.external.api_name: _text(self._column.external, value)}
        if self._form == "datetime":
            return self._datetime(value)
        return _ENCODERS[self._form](field, value)

    def _user(self, value: Any) -> dict[str, str]:
        user = self._users.get(value.strip().lower()) if isinstance(value, str) else None
        if user is None:
            raise UnfitError("no active user has this address")
        return {"id": user}

    def _datetime(self, value: Any) -> str:
        moment = _moment(value)
        if moment.microsecond and not self._warned:
            self._warned = True
            LOGGER.warning(
                f"The column {self._column.source} has fractions of a second, which Zoho does not "
                "keep; they are cut off."
            )
        return moment.replace(microsecond=0).isoformat()


def _moment(value: Any) -> datetime:
    """A moment without an offset is one in UTC."""
    if not isinstance(value, str) or not _DATE.match(value):
        raise UnfitError("expected a date with time")
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnfitError("expected a date with time") from None


def _text(field: TargetField, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise UnfitError("expected a text")
    if field.length and len(value) > field.length:
        raise UnfitError(f"longer than {field.length} characters")
    return value


def _whole(value: Any, what: str) -> int:
    if isinstance(value, bool):
        raise UnfitError(f"expected {what}")
    if isinstance(value, float):
        if not value.is_integer():
            raise UnfitError(f"expected {what}")
        if abs(value) >= _EXACT:
            raise UnfitError("a number this large must be a text, or digits are lost")
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value) if len(value) < 100 else 10**100
    if not isinstance(value, int):
        raise UnfitError(f"expected {what}")
    return value


def _integer(field: TargetField, value: Any) -> int:
    number = _whole(value, "a whole number")
    most = field.length or _INTEGER_DIGITS
    if len(str(abs(number))) > most:
        raise UnfitError(f"more than {most} digits")
    return number


def _long(field: TargetField, value: Any) -> str:
    number = _whole(value, "a whole number")
    if len(str(abs(number))) > _LONG_DIGITS:
        raise UnfitError(f"more than {_LONG_DIGITS} digits")
    return str(number)


def _number(field: TargetField, value: Any) -> int | float:
    """Currency loses decimals beyond the field's, and any number those beyond the ninth.

    UNVERIFIED: that other numbers keep more decimals than their field shows.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnfitError("expected a number")
    try:
        exact = Decimal(value.strip() if isinstance(value, str) else str(value))
    except InvalidOperation:
        raise UnfitError("expected a number") from None
    if not exact.is_finite():
        raise UnfitError("expected a number")
    if abs(exact) >= _MOST:
        raise UnfitError("more than 16 digits before the point")
    places = field.decimal_place if field.data_type == "currency" else None
    most = _DECIMALS if places is None else places
    exponent = exact.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > most:
        raise UnfitError(f"more than {most} decimals, which Zoho would cut off")
    if exact == exact.to_integral_value():
        return int(exact)
    number = float(exact)
    if Decimal(repr(number)) != exact:
        raise UnfitError("more digits than a JSON number carries")
    return number


def _boolean(field: TargetField, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise UnfitError("expected true or false")


def _day(field: TargetField, value: Any) -> str:
    found = _DATE.match(value) if isinstance(value, str) else None
    if found is None:
        raise UnfitError("expected a date")
    try:
        date.fromisoformat(found[0])
    except ValueError:
        raise UnfitError("expected a date") from None
    rest = value[found.end() :]
    if rest and not _MIDNIGHT.fullmatch(rest):
        raise UnfitError("the field holds a date, and the value has a time of day")
    return found[0]


def _record_id(value: Any) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not is_id(text.strip()):
        raise UnfitError("expected the id of a record in Zoho, 15 to 20 digits")
    return text.strip()


def _module_name(value: Any) -> str:
    if not isinstance(value, str):
        raise UnfitError("expected the API name of a module")
    return value


def _reference(field: TargetField, value: Any) -> dict[str, Any]:
    """An id, or an object that holds one as Zoho's answers do."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _json(value)
    if not isinstance(value, Mapping):
        return {"id": _record_id(value)}
    # "Insert Appointments": Appointment_For names its module beside the id.
    module = _carried({"module": value["module"]} if "module" in value else {})
    return {"id": _record_id(value.get("id")), **module}


def _list(value: Any, separator: str | None) -> list[Any]:
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            value = _json(value)
        else:
            value = value.split(separator) if separator else [value]
    if not isinstance(value, list):
        raise UnfitError("expected a list")
    return value


def _options(field: TargetField, value: Any) -> list[str]:
    """A text is one option, or several between semicolons as Zoho's own exports have them."""
    options = _list(value, ";")
    if not all(isinstance(option, str) and option for option in options):
        raise UnfitError("expected a list of texts")
    if any(";" in option for option in options):
        raise UnfitError("an option holds a semicolon, by which Zoho separates options")
    return options


def _tags(field: TargetField, value: Any) -> list[dict[str, str]]:
    tags = []
    for item in _list(value, None):
        name = item.get("name") if isinstance(item, dict) else item
        if not isinstance(name, str) or not name:
            raise UnfitError("expected a list of names")
        tags.append({"name": name})
    return tags


def _links(field: TargetField, value: Any) -> list[dict[str, Any]]:
    """Ids of what a new record is linked with ("Insert Records": multi-select lookup)."""
    return [{str(field.link): _reference(field, item)} for item in _list(value, None)]


def _given(field: TargetField, value: Any) -> Any:
    """Of a field that only few modules have: as it is, or the JSON that a text holds."""
    if isinstance(value, str) and field.json_type in ("jsonobject", "jsonarray"):
        value = _json(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise UnfitError("expected a number")
    return _carried(value)


def _carried(value: Any) -> Any:
    """What is nested without end can be read, but not written again."""
    try:
        orjson.dumps({"data": [{"field": [{"link": value}]}]})
    except orjson.JSONEncodeError:
        raise UnfitError("nested too deep") from None
    return value


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise UnfitError("expected JSON") from None


def _no_moment(field: TargetField, value: Any) -> str:
    raise AssertionError(f"{field.api_name}: moments are encoded with their column")


_ENCODERS: Mapping[Form, Callable[[TargetField, Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "long": _long,
    "number": _number,
    "boolean": _boolean,
    "date": _day,
    "datetime": _no_moment,
    "reference": _reference,
    "options": _options,
    "tags": _tags,
    "links": _links,
    "given": _given,
}
