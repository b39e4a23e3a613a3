"""What became of a row, and what the log may say of it.

Zoho's own text is not logged: it can hold a value of the row.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from destination_zoho_crm import error_codes
from destination_zoho_crm.options import quote_some
from destination_zoho_crm.settings import Operation
from zoho_crm import errors
from zoho_crm.json_text import as_object

#: Unchanged: the row was accepted and not sent, for it would have changed nothing.
Result = Literal["created", "updated", "unchanged", "deleted", "superseded", "rejected"]

#: Codes of our own, beside Zoho's.
EMPTY_KEY = "EMPTY_KEY"
MALFORMED_ROW = "MALFORMED_ROW"
LINKS_UNKNOWN = "LINKS_UNKNOWN"
OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
RECORD_AMBIGUOUS = "RECORD_AMBIGUOUS"
RECORD_NOT_FOUND = "RECORD_NOT_FOUND"
TOO_LARGE = "TOO_LARGE"
DELETED_AT_SOURCE = "DELETED_AT_SOURCE"
ALIVE_AT_SOURCE = "ALIVE_AT_SOURCE"


class InvalidValueError(ValueError):
    """Zoho would not take the value. The reason never shows the value."""


class InvalidRowError(InvalidValueError):
    """One of the rows in a subform's column; `field`: of the row, if it is one field's value."""

    def __init__(self, reason: str, number: int, field: str | None = None) -> None:
        """`number`: of the row in its list, from 1 on."""
        super().__init__(reason)
        self.number = number
        self.field = field


class Outcome(NamedTuple):
    result: Result
    #: Of the record, if it is known; of a rejected row, the record in its way.
    record_id: str | None = None
    #: An upsert matched by this field, which is not the chosen key ("Upsert Records": unique
    #: fields cannot be switched off).
    matched_by: str | None = None
    #: Of a deletion that found no record.
    found_no_record: bool = False
    #: Of a rejected row.
    code: str = ""
    field: str | None = None
    message: str = ""
    #: What the log may add to the code: no value of the row is in it.
    loggable: str = ""
    #: All that Zoho said of a rejected row; its `errors`, where there are several.
    details: Mapping[str, Any] | None = None
    #: Of a record with rows of a table, the outcome of each row, in their order.
    of_rows: Sequence["Outcome"] = ()
    #: Of a record with rows in columns, how many of them were added, changed, removed or left, by
    #: field.
    within: Mapping[str, Counter[str]] | None = None


def reject(code: str, message: str, field: str | None = None) -> Outcome:
    """A row that we reject. The message is logged, so it must not hold a value."""
    return Outcome("rejected", code=code, message=message, field=field, loggable=message)


def reject_value(error: InvalidValueError, name: str) -> Outcome:
    """A row whose value for the field `name` is not one that Zoho takes."""
    if not isinstance(error, InvalidRowError):
        return reject(errors.INVALID_DATA, str(error), name)
    # The log counts reasons, so it is spared the number.
    where = f"{name}.{error.field}" if error.field else name
    outcome = reject(errors.INVALID_DATA, str(error), where)
    return outcome._replace(message=f"row {error.number}: {error}")


LARGE_ROW = reject(
    TOO_LARGE, "something on the way to Zoho refuses a call with this row alone (HTTP 413)"
)
SUPERSEDED = Outcome("superseded")
UNCHANGED = Outcome("unchanged")

#: "Insert Records", "Update Records": codes of a record's errors.
_WORDS: Mapping[str, str] = {
    error_codes.DUPLICATE_DATA: "another record has this value",
    error_codes.DUPLICATE_LINK: "the records are linked already",
    "DEPENDENT_FIELD_MISSING": "a field it depends on has no value",
    "DEPENDENT_MISMATCH": "the value does not go with that of a field it depends on",
    "RECORD_LOCKED": "the record is locked",
    "BLOCKED_RECORD": "the record is locked",
    "NOT_APPROVED": "the record waits for approval",
    "NOT_REVIEWED": "the record waits for review",
    "RECORD_IN_BLUEPRINT": "the record is in a blueprint",
    "CONVERTED_RECORD": "the record was converted, so it cannot be changed",
    "ID_ALREADY_CONVERTED": "the record was converted, so it cannot be changed",
}
#: "Fields Metadata": data types whose values are texts of a certain form.
_TEXTS: Mapping[str, str] = {
    "email": "the value is not an e-mail address",
    "phone": "the value is not a phone number",
    "website": "the value is not a web address",
}
#: Of the record itself, and not of one that it points at.
_OWN_ID = re.compile(r"\$\.data\[\d+\]\.id", re.ASCII)

#: Of a row in a subform.
_OF_ROW = re.compile(r"\$\.data\[\d+\]\.(?P<subform>\w+)\[(?P<place>\d+)\]", re.ASCII)

_DONE: Mapping[Operation, Result] = {
    "insert": "created",
    "update": "updated",
    "delete": "deleted",
}


def read_outcome(
    operation: Operation,
    module: str,
    item: Mapping[str, Any],
    *,
    key: str | None,
    repeated: bool,
) -> Outcome:
    """The outcome in one item of Zoho's answer ("Insert Records": sample responses)."""
    details = as_object(item.get("details"))
    if item.get("status") == "success" or item.get("code") == "SUCCESS":
        result = _DONE.get(operation)
        if result is None:
            result = "updated" if item.get("action") == "update" else "created"
        other = item.get("duplicate_field") if result == "updated" else None
        return Outcome(result, _read_id(details), other if other not in (None, key) else None)
    if operation == "delete" and _finds_nothing(item, details, key):
        # Whether it was deleted before or never was: there is no such record now, which is what a
        # deletion is for. After a lost answer it may be this call that has deleted it.
        return Outcome("deleted", found_no_record=not repeated)
    return _read_reject(operation, module, item, details)


def _finds_nothing(item: Mapping[str, Any], details: Mapping[str, Any], key: str | None) -> bool:
    """Whether a deletion names a record that is not there ("Delete Records": errors). Of other
    things in the call, Zoho uses the same code."""
    named = ("id", key)
    return item.get("code") == errors.INVALID_DATA and (
        any(details.get(name) for name in named if name)
        or details.get("api_name") in named
        or bool(details.get("resource_path_index"))
    )


def _read_reject(
    operation: Operation, module: str, item: Mapping[str, Any], details: Mapping[str, Any]
) -> Outcome:
    several = details.get("errors")
    listed = several if isinstance(several, list) else []
    inner = [error for error in listed if isinstance(error, Mapping)]
    parts = [(error, as_object(error.get("details"))) for error in inner] or [(item, details)]
    fields = [name for _, about in parts for name in _list_fields(about)]
    known = operation in ("update", "delete")
    said = [
        f"{error.get('message') or words or error.get('code')}{_format_limits(about)}"
        for error, about in parts
        for words in [_find_words(error.get("code"), about, known)]
    ]
    reasons = [_explain_error(error, about, alone=not inner, known=known) for error, about in parts]
    ids = [found for _, about in parts if (found := _read_id(about))]
    others = sorted({_read_module(about) or module for _, about in parts} - {module})
    elsewhere = [f"the record in its way is one of {', '.join(others)}"] if others else []
    return Outcome(
        "rejected",
        record_id=ids[0] if ids else None,
        code=str(item.get("code") or "UNKNOWN"),
        field=", ".join(dict.fromkeys(fields)) or None,
        message="; ".join(dict.fromkeys([*said, *elsewhere])),
        loggable="; ".join(dict.fromkeys(filter(None, [*reasons, *elsewhere]))),
        details=details,
    )


def _explain_error(
    error: Mapping[str, Any], details: Mapping[str, Any], *, alone: bool, known: bool
) -> str:
    """What the log may say; of several errors, with the field."""
    said = _explain(error.get("code"), details, known=known)
    where = "" if alone else ", ".join(_list_fields(details))
    return f"{where}: {said}" if where and said else said


def _list_fields(details: Mapping[str, Any]) -> list[str]:
    """Names of the fields that the error speaks of, one or several."""
    several = details.get("expected_fields") or details.get("ambiguity_due_to")
    places = several if isinstance(several, list) else [details]
    return [
        _name_field(place)
        for place in places
        if isinstance(place, Mapping) and place.get("api_name")
    ]


def _name_field(place: Mapping[str, Any]) -> str:
    """The field, and the subform where it is one of a row's."""
    name, row = str(place["api_name"]), _OF_ROW.match(str(place.get("json_path")))
    return f"{row['subform']}.{name}" if row and row["subform"] != name else name


def list_row_places(details: Mapping[str, Any] | None) -> Iterator[tuple[str, int]]:
    """Subforms and places of the rows that an error speaks of, in the order of the call."""
    several = (details or {}).get("errors")
    for error in several if isinstance(several, list) else [{"details": details}]:
        path = as_object(as_object(error).get("details")).get("json_path")
        if row := _OF_ROW.match(str(path)):
            yield row["subform"], int(row["place"])


def list_unexplained(details: Mapping[str, Any] | None) -> Iterator[str]:
    """Fields of whose values Zoho says that they are invalid, and nothing besides."""
    several = (details or {}).get("errors")
    for error in several if isinstance(several, list) else [{"details": details}]:
        about, code = as_object(as_object(error).get("details")), as_object(error).get("code")
        if code in (None, errors.INVALID_DATA) and not any(_list_limits(about)):
            yield from _list_fields(about)


def _format_limits(details: Mapping[str, Any]) -> str:
    """What Zoho would have taken, where it says so."""
    known = {
        name: details[name]
        for name in ("expected_data_type", "maximum_length", "supported_values")
        if name in details
    }
    rule = as_object(details.get("layout_rule")).get("name")
    if rule:
        known["layout_rule"] = rule
    return f" ({', '.join(f'{name} {value}' for name, value in known.items())})" if known else ""


def _read_module(details: Mapping[str, Any]) -> str | None:
    """Of the record that a row is a duplicate of; Zoho can look for them in other modules, too."""
    module = as_object(as_object(details.get("duplicate_record")).get("module"))
    name = module.get("api_name")
    return name if isinstance(name, str) else None


def _read_id(details: Mapping[str, Any]) -> str | None:
    found = details.get("id") or as_object(details.get("duplicate_record")).get("id")
    return str(found) if found else None


def _explain(code: object, details: Mapping[str, Any], *, known: bool) -> str:
    """In fixed words, and by what Zoho would have taken, which is the org's; may be empty.

    `known`: the row is to change a record that is there.
    """
    limits = ", ".join(_list_limits(details))
    taken = f"Zoho takes {limits}" if limits else ""
    return "; ".join(filter(None, [_find_words(code, details, known), taken]))


def _find_words(code: object, details: Mapping[str, Any], known: bool) -> str:
    if code == error_codes.MANDATORY_NOT_FOUND:
        there = known or "id" in details
        return f"{'the' if there else 'a new'} record needs a value"
    if code == errors.INVALID_DATA and known and _is_of_own_id(details):
        return "no record has this id; it may have been deleted or converted"
    return _TEXTS.get(str(details.get("expected_data_type"))) or _WORDS.get(str(code), "")


def _is_of_own_id(details: Mapping[str, Any]) -> bool:
    """UNVERIFIED: whether Zoho names the field of an id that is not there, or the id alone, or its
    place in the path; the page has the message only ("Update Records": errors)."""
    if "api_name" in details:
        path = details.get("json_path")
        return details["api_name"] == "id" and (not path or bool(_OWN_ID.fullmatch(str(path))))
    return "id" in details or "resource_path_index" in details


def _list_limits(details: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(kind := details.get("expected_data_type"), str) and kind not in _TEXTS:
        yield f"the type {kind}"
    if isinstance(length := details.get("maximum_length"), int):
        yield f"a length of at most {length}"
    if isinstance(values := details.get("supported_values"), list) and values:
        yield f"one of {quote_some([str(value) for value in values])}"
