"""Values of rows in the form in which Zoho takes them ("Insert Records"), or why Zoho would not.

Pure. Nothing is cut or rounded silently: what Zoho would change is rejected here.
Zoho itself judges what takes more than its documented limits, such as the parts of an address.
"""

import json
import logging
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import orjson

from destination_zoho_crm.columns import Column
from destination_zoho_crm.numeric import encode_integer, encode_long, encode_number, format_number
from destination_zoho_crm.outcomes import InvalidValueError
from destination_zoho_crm.picklists import HOLDS_SEMICOLON, Picklist
from destination_zoho_crm.target_fields import TargetField
from zoho_crm.data_types import Form

LOGGER = logging.getLogger("airbyte")

#: UNVERIFIED: the shortest. Zoho's samples have 15 digits and more.
_ID = re.compile(r"\d{15,20}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?( ?(Z|UTC|[+-]00(:?00)?))?", re.ASCII)
_NO_DATE = "expected a date in the form YYYY-MM-DD"
_NO_TIMESTAMP = "expected a date with time in the form YYYY-MM-DDThh:mm:ss+00:00"
#: How warehouses write an offset that Python does not read: BigQuery and Snowflake.
_UTC_TEXT = re.compile(r" UTC$")
_OFFSET_BLANK = re.compile(r" (?=(Z|[+-]\d{2}(:?\d{2})?)$)", re.ASCII)


class Empty:
    """No value. Of null, the connection says what becomes of it.

    A blank text, as it comes from files, and an empty list leave their field alone. UNVERIFIED:
    what Zoho makes of them; its pages speak of null only.
    """


EMPTY = Empty()


def is_id(value: object) -> bool:
    """Whether it looks like the id of a record, unlike the numbers of a warehouse."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


class Encoder:
    """Encodes the values of one column."""

    def __init__(
        self,
        stream: str,
        column: Column,
        users: Mapping[str, str],
        picklist: Picklist | None = None,
        suggest: Callable[[], str] = str,
    ) -> None:
        """`stream`: what people call it; `users`: ids of active users by address; `picklist`:
        what values are checked against; `suggest`: what else than an id names a record, in words
        that may be logged."""
        self.name = column.name
        self._stream = stream
        self._column = column
        self._users = users
        self._picklist = picklist
        self._suggest = suggest
        field = column.field
        self._form: Form = (field.form if field else None) or "given"
        self._warned: set[str] = set()
        self._encode = self._choose_encoder(field)

    def __call__(self, value: Any) -> Any:
        """The value for Zoho; EMPTY of null, a blank text and an empty list."""
        if value is None or value == [] or (isinstance(value, str) and not value.strip()):
            return EMPTY
        return self._encode(value)

    def _choose_encoder(self, field: TargetField | None) -> Callable[[Any], Any]:
        if field is None:
            return _encode_id if self.name == "id" else _encode_module_name
        if self._column.via == "email":
            return partial(encode_user, self._users)
        if external := self._column.external:
            return lambda value: {external.api_name: limit_text(external, value)}
        own: Mapping[Form, Callable[[TargetField, Any], Any]] = {
            "text": self._encode_text,
            "options": self._encode_options,
            "number": lambda field, value: encode_number(field, value, self._warn),
            "datetime": self._encode_datetime,
            "reference": self._encode_reference,
        }
        return partial(own.get(self._form) or _ENCODERS[self._form], field)

    def _warn(self, words: str) -> None:
        """A warning about the column, once."""
        if words not in self._warned:
            self._warned.add(words)
            LOGGER.warning(f"{self._stream}: the column {self._column.source} {words}.")

    def _encode_text(self, field: TargetField, value: Any) -> str:
        text = limit_text(field, value)
        return self._picklist.read_one(text, self._warn) if self._picklist else text

    def _encode_options(self, field: TargetField, value: Any) -> list[str] | Empty:
        """Of a list, each item is an option. A text is one option, or several between semicolons
        as Zoho's own exports have them, or else between commas or bars."""
        text = value.strip() if isinstance(value, str) else ""
        if text and (text[0] != "[" or (self._picklist and self._picklist.has(text))):
            given = _split(text, ";")
            ways = [[text], given]
            if len(given) == 1:
                ways += [_split(given[0], ","), _split(given[0], "|")]
        else:
            given = [_read_text(item, "expected a list of texts") for item in read_list(value)]
            ways = [given]
            if not all(option.strip() for option in given):
                raise InvalidValueError("an option is blank")
        options = given
        if self._picklist is not None and given:
            options = self._picklist.read(*ways, given=given, warn=self._warn)
        elif any(";" in option for option in given):
            raise InvalidValueError(HOLDS_SEMICOLON)
        if field.length and len(";".join(options)) > field.length:
            raise InvalidValueError(
                f"longer than {field.length} characters, with semicolons between options"
            )
        return options or EMPTY

    def _encode_datetime(self, field: TargetField, value: Any) -> str:
        timestamp = _read_timestamp(value)
        if timestamp.microsecond:
            self._warn("has fractions of a second, which Zoho does not keep; they are cut off")
        return timestamp.replace(microsecond=0).isoformat()

    def _encode_reference(self, field: TargetField, value: Any) -> dict[str, Any]:
        try:
            return read_reference(value)
        except InvalidValueError as error:
            reasons = filter(None, [str(error), self._suggest()])
            raise InvalidValueError("; ".join(reasons)) from None


def encode_user(users: Mapping[str, str], value: Any) -> dict[str, str]:
    """`users`: ids by address."""
    user = users.get(value.strip().lower()) if isinstance(value, str) else None
    if user is None:
        raise InvalidValueError("no active user has this address")
    return {"id": user}


def _read_timestamp(value: Any) -> datetime:
    """A time without an offset is one in UTC."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise InvalidValueError(f"{_NO_TIMESTAMP}; a number does not say in which unit it is")
    text = value.strip() if isinstance(value, str) else ""
    if not _DATE.match(text):
        raise InvalidValueError(_NO_TIMESTAMP)
    try:
        read = datetime.fromisoformat(_OFFSET_BLANK.sub("", _UTC_TEXT.sub("Z", text)))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidValueError(_NO_TIMESTAMP) from None


def _read_text(value: Any, expected: str = "expected a text") -> str:
    """A number that has passed through a float column is a whole one: 5551234.0 is 5551234."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidValueError(expected)
    return format_number(value) if isinstance(value, float) else str(value)


def limit_text(field: TargetField, value: Any) -> str:
    text = _read_text(value)
    if field.length and len(text) > field.length:
        raise InvalidValueError(f"longer than {field.length} characters")
    return text


def _encode_boolean(field: TargetField, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    if isinstance(value, str) and (text := value.strip().lower()) in ("true", "false"):
        return text == "true"
    raise InvalidValueError("expected true or false")


def _encode_date(field: TargetField, value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    found = _DATE.match(text)
    if found is None:
        raise InvalidValueError(_NO_DATE)
    try:
        date.fromisoformat(found[0])
    except ValueError:
        raise InvalidValueError(_NO_DATE) from None
    rest = text[found.end() :]
    if rest and not _MIDNIGHT.fullmatch(rest):
        raise InvalidValueError("the field holds a date, and the value has a time of day")
    return found[0]


def _encode_id(value: Any) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not is_id(text.strip()):
        raise InvalidValueError("expected the id of a record in Zoho, 15 to 20 digits")
    return text.strip()


def _encode_module_name(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValueError("expected the API name of a module")
    return value


def read_reference(value: Any) -> dict[str, Any]:
    """An id, or an object that holds one as Zoho's answers do."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _parse_json(value)
    if not isinstance(value, Mapping):
        return {"id": _encode_id(value)}
    # "Insert Appointments": Appointment_For names its module beside the id.
    module = _check_json({"module": value["module"]} if "module" in value else {})
    return {"id": _encode_id(value.get("id")), **module}


def read_list(value: Any) -> list[Any]:
    if isinstance(value, str):
        value = _parse_json(value) if value.lstrip().startswith("[") else [value]
    if not isinstance(value, list):
        raise InvalidValueError("expected a list")
    return value


def _split(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


def _encode_tags(field: TargetField, value: Any) -> list[dict[str, str]] | Empty:
    """A text is one name, or several between semicolons."""
    between = isinstance(value, str) and not value.lstrip().startswith("[")
    tags: dict[str, dict[str, str]] = {}
    for item in _split(value, ";") if between else read_list(value):
        name = item.get("name") if isinstance(item, dict) else item
        if not isinstance(name, str) or not name.strip():
            raise InvalidValueError("expected a list of names")
        tags.setdefault(name.strip().casefold(), {"name": name})
    return list(tags.values()) or EMPTY


def _encode_given(field: TargetField, value: Any) -> Any:
    """Of a field that only few modules have: as it is, or the JSON that a text holds."""
    if isinstance(value, str) and field.json_type in ("jsonobject", "jsonarray"):
        value = _parse_json(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidValueError("expected a number")
    return _check_json(value)


def _check_json(value: Any) -> Any:
    """Deeply nested values can be read, but not written again; NaN would become null."""
    try:
        orjson.dumps({"data": [{"field": [{"link": value}]}]})
        json.dumps(value, allow_nan=False)
    except orjson.JSONEncodeError:
        raise InvalidValueError("nested too deep") from None
    except ValueError:
        raise InvalidValueError("a number in it is none that JSON can carry") from None
    return value


def _parse_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidValueError("expected JSON") from None


#: Forms whose values depend on nothing but the field.
_ENCODERS: Mapping[Form, Callable[[TargetField, Any], Any]] = {
    "integer": encode_integer,
    "long": encode_long,
    "boolean": _encode_boolean,
    "date": _encode_date,
    "tags": _encode_tags,
    "given": _encode_given,
}
