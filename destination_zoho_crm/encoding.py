"""Values of rows in the form in which Zoho takes them ("Insert Records"), or why Zoho would not.

Pure. Nothing is cut or rounded in silence: what Zoho would change on its way in is refused here.
Zoho itself judges what takes more than its documented limits, such as the parts of an address.
"""

import logging
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson

from destination_zoho_crm.columns import Column
from destination_zoho_crm.modules import TargetField
from destination_zoho_crm.numeric import integer, long, number
from destination_zoho_crm.unfit import UnfitError
from zoho_crm.fields import Form

LOGGER = logging.getLogger("airbyte")

#: UNVERIFIED: the shortest. Zoho's samples have 15 digits and more.
_ID = re.compile(r"\d{15,20}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?(Z|[+-]00:?00)?", re.ASCII)


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


def _list(value: Any) -> list[Any]:
    if isinstance(value, str):
        value = _json(value) if value.lstrip().startswith("[") else [value]
    if not isinstance(value, list):
        raise UnfitError("expected a list")
    return value


def _options(field: TargetField, value: Any) -> list[str] | Empty:
    """A text is one option, or several between semicolons as Zoho's own exports have them."""
    if isinstance(value, str) and not value.lstrip().startswith("["):
        parts = (part.strip() for part in value.split(";"))
        options = [part for part in parts if part]
    else:
        options = _list(value)
    if not all(isinstance(option, str) for option in options):
        raise UnfitError("expected a list of texts")
    if not all(option.strip() for option in options):
        raise UnfitError("an option is blank")
    if any(";" in option for option in options):
        raise UnfitError("an option holds a semicolon, by which Zoho separates options")
    if field.length and len(";".join(options)) > field.length:
        raise UnfitError(f"longer than {field.length} characters, with semicolons between options")
    return options or EMPTY


def _tags(field: TargetField, value: Any) -> list[dict[str, str]]:
    tags = []
    for item in _list(value):
        name = item.get("name") if isinstance(item, dict) else item
        if not isinstance(name, str) or not name:
            raise UnfitError("expected a list of names")
        tags.append({"name": name})
    return tags


def _links(field: TargetField, value: Any) -> list[dict[str, Any]]:
    """Ids of what a new record is linked with ("Insert Records": multi-select lookup)."""
    return [{str(field.link): _reference(field, item)} for item in _list(value)]


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
    "integer": integer,
    "long": long,
    "number": number,
    "boolean": _boolean,
    "date": _day,
    "datetime": _no_moment,
    "reference": _reference,
    "options": _options,
    "tags": _tags,
    "links": _links,
    "given": _given,
}
