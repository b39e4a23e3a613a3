"""Encodes the value of a subform's column: a list of rows, each by the fields of the rows' module.

Which keys the rows have is known when they come; what a key means is found out once.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from destination_zoho_crm.columns import Column, DroppedColumn, Fields
from destination_zoho_crm.encoding import EMPTY, Empty
from destination_zoho_crm.org_values import OrgValues
from destination_zoho_crm.outcomes import InvalidRowError, InvalidValueError
from destination_zoho_crm.row_shapes import PARENT, RowShape
from destination_zoho_crm.wanted_rows import Row

LOGGER = logging.getLogger("airbyte")

#: Keys of a row that a warning names.
_MOST_NAMED = 20
#: Keys that are remembered; those of rows that are made by machines are few.
_MOST_KEYS = 5_000
#: Of rows as Zoho's answers have them: what they say goes without saying.
_EXPECTED = (PARENT,)

Encode = Callable[[Any], Any]


def _list_rows(value: Any) -> list[Any]:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise InvalidValueError("expected JSON, a list of rows") from None
    if not isinstance(value, list):
        raise InvalidValueError("expected a list of rows, each an object")
    return value


class RowsEncoder:
    """Encodes the rows of one column."""

    def __init__(
        self,
        stream: str,
        column: Column,
        org_values: OrgValues,
        *,
        clears_nulls: bool,
        is_new: bool,
    ) -> None:
        """`is_new`: the rows are of a new record, so none of them is there."""
        assert column.rows is not None
        self._stream = stream
        self._column = column
        self._shape: RowShape = column.rows
        self._org_values = org_values
        self._clears_nulls = clears_nulls
        self._is_new = is_new
        #: By key of a row; None: it is left out.
        self._encoders: dict[str, tuple[Column, Encode] | None] = {}
        self._named = 0

    def __call__(self, value: Any) -> list[Row] | Empty:
        """The rows, none of an empty list; EMPTY of null and a blank text. Raises
        InvalidRowError where one of them cannot be written."""
        if value is None or (isinstance(value, str) and not value.strip()):
            return EMPTY
        given = _list_rows(value)
        if len(given) > self._shape.most:
            raise InvalidValueError(
                f"more than {self._shape.most} rows, which is the most that Zoho takes"
            )
        rows = [self._encode_row(row, number) for number, row in enumerate(given, 1)]
        self._raise_if_mixed(rows)
        return rows

    def _encode_row(self, given: Any, number: int) -> Row:
        if not isinstance(given, Mapping):
            raise InvalidRowError("expected an object", number)
        self._learn(given)
        row: dict[str, Any] = {}
        for key, value in given.items():
            known = self._encoders[key]
            if known is None:
                continue
            column, encode = known
            try:
                encoded = encode(value)
            except InvalidValueError as error:
                raise InvalidRowError(str(error), number, column.name) from None
            if encoded is EMPTY and not self._is_cleared(column, value):
                continue
            if column.name in row:
                raise InvalidRowError("two keys of the row go to this field", number, column.name)
            row[column.name] = None if encoded is EMPTY else self._strip(column, encoded)
        if self._is_new and "id" in row:
            reason = "rows of a new record have no id yet; leave the key out"
            raise InvalidRowError(reason, number, "id")
        if not row.keys() - {"id"}:
            raise InvalidRowError("nothing of it can be written", number)
        return row

    def _is_cleared(self, column: Column, value: Any) -> bool:
        form = column.field.form if column.field else None
        return self._clears_nulls and value is None and form not in ("boolean", None)

    def _strip(self, column: Column, encoded: Any) -> Any:
        return encoded["id"] if column.name in self._shape.bare and encoded else encoded

    def _raise_if_mixed(self, rows: list[Row]) -> None:
        """Within a call, a lookup goes by ids or by one External ID field ("Records Using External
        ID")."""
        ways: dict[str, str] = {}
        for number, row in enumerate(rows, 1):
            for key, held in row.items():
                if type(held) is dict and self._shape.is_lookup(key):
                    way = next(iter(held))
                    if ways.setdefault(key, way) != way:
                        reason = f"by {way}, and by {ways[key]} in a row before; use one of them"
                        raise InvalidRowError(reason, number, key)

    # --- What keys mean

    def _learn(self, row: Mapping[str, Any]) -> None:
        """Finds out what becomes of keys that are new, and warns of those that are left out."""
        new = [key for key in row if key not in self._encoders]
        if not new:
            return
        if len(self._encoders) + len(new) > _MOST_KEYS:
            self._encoders.clear()
            new = list(row)
        left_out: list[DroppedColumn] = []
        for key in new:
            found = self._resolve(key)
            if isinstance(found, Column):
                build = self._org_values.build_encoder
                encode = build(self._stream, self._shape.module.api_name, found)
                self._encoders[key] = found, encode
                continue
            self._encoders[key] = None
            if found is not None:
                left_out.append(found)
        if left_out:
            self._warn(left_out)

    def _resolve(self, key: str) -> Column | DroppedColumn | None:
        """None: it is left out, which everyone expects."""
        name, _, part = key.partition(".")
        known = self._shape.find_field(name)
        path = f"{known or name}.{part}" if part else known or name
        field = self._shape.module.fields.get(known or "")
        if name in _EXPECTED or (name.startswith("$") and field is None):
            return None
        targets = {}
        if part and field is not None and field.lookup_module:
            targets = self._org_values.modules.find([field.lookup_module])
        # A row may be changed and added, and the flags of both say so.
        found = Fields(self._shape.module, "upsert", targets, of_rows=True).resolve(
            key, path, mapped=False, chosen=False
        )
        if isinstance(found, Column) and found.rows is not None:
            return DroppedColumn(key, "it is a subform inside a subform")
        if isinstance(found, Column) and found.field and found.field.form == "links":
            return DroppedColumn(key, "it is a lookup to several records")
        return found

    def _warn(self, columns: list[DroppedColumn]) -> None:
        shown = columns[: max(0, _MOST_NAMED - self._named)]
        self._named += len(columns)
        if shown:
            reasons = "; ".join(f"{column.source} ({column.reason})" for column in shown)
            LOGGER.warning(
                f"{self._stream}: keys of the rows in {self._column.source} are left out: "
                f"{reasons}."
            )
        for column in shown:
            field = self._shape.module.fields.get(column.field or "")
            if field is not None and field.mandatory and field.form == "reference":
                LOGGER.warning(
                    f"{self._stream}: Zoho adds no row to {self._column.source} without "
                    f"{field.api_name}, so each new row that names it by {column.source} will be "
                    "rejected."
                )
