"""The records of one module: read, written, deleted."""

from typing import Any

from clients.python_sdk.sdk import JOB, NEW, RefusedError, UnusableError, answer, package, params
from clients.python_sdk.settings import fields_of
from clients.python_sdk.values import (
    NOTHING,
    ROWS,
    copied,
    holds,
    is_record,
    is_reference,
    reference,
    unwrap,
)

PAGE = 200
#: Fields that one list of v8 may ask for.
MOST_FIELDS = 50
#: Zoho sets them, or a call of its own does.
NOT_WRITTEN = (
    "autonumber",
    "formula",
    "rollup_summary",
    "fileupload",
    "imageupload",
    "profileimage",
    "layout",
)
LINKS = ("multiselectlookup", "multiuserlookup")
#: The lookups by which a row inside a record hangs on it.
PARENTS = ("Parent_Id",)


class Records:
    """Calls for the records of one module."""

    def __init__(self, module: str, fields: list[Any]) -> None:
        self.module = module
        self.fields = {field.get_api_name(): field for field in fields}
        self.record = package("record")
        self.calls = self.record.RecordOperations(*([module] if NEW else []))
        #: What calls of an older SDK need each time.
        self.named = [] if NEW else [module]
        self.ids: list[int] = []
        self.sample: Any = None
        self.created: int | None = None
        #: What of it was written.
        self.written: list[str] = []
        self.is_link = False

    def read(self) -> int:
        names = list(self.fields)
        groups = [names[i : i + MOST_FIELDS] for i in range(0, len(names), MOST_FIELDS)]
        for group in groups if NEW else groups[:1]:
            ids = [row.get_id() for row in self._pages(group)]
            if self.ids and ids != self.ids:
                raise UnusableError(f"{len(ids)} rows with other columns, {len(self.ids)} before")
            self.ids = ids
        return len(self.ids)

    def _pages(self, names: list[str]) -> list[Any]:
        rows: list[Any] = []
        page = 1
        wanted: dict[str, object] = {"fields": ",".join(names)} if NEW else {}
        while True:
            values = params(self.record.GetRecordsParam, page=page, per_page=PAGE, **wanted)
            found = answer(self.calls.get_records(*self.named, values))
            if found is None:
                return rows
            rows += found.get_data()
            if not found.get_info().get_more_records():
                return rows
            page += 1

    def read_one(self) -> int:
        """Each record on its own; the one that has most to say is written later."""
        name, value = JOB["samples"].get(self.module, ("id", None))
        for record_id in self.ids:
            row = self._one(record_id)
            if value and unwrap(row.get_key_value(name)) != value:
                continue
            if self.sample is None or self._said(row) > self._said(self.sample):
                self.sample = row
        return len(self.ids)

    def _said(self, row: Any) -> int:
        return sum(value not in NOTHING for value in row.get_key_values().values())

    def _one(self, record_id: int) -> Any:
        return answer(self.calls.get_record(record_id, *self.named)).get_data()[0]

    def insert(self) -> int | None:
        if self.sample is None:
            return None
        values = self.sample.get_key_values()
        left_out = JOB["left_out"].get(self.module, ())
        written = {
            name: self._copy(value, self.fields[name])
            for name, value in values.items()
            if value not in NOTHING and self._is_writable(name) and name not in left_out
        }
        if self.is_link:
            # Zoho takes no second link between the same two records.
            self._delete(int(self.sample.get_id()))
        for _ in range(5):
            row = self._row(written)
            if values.get("$se_module"):
                row.add_key_value("$se_module", values["$se_module"])
            try:
                self.created = self._write(self.calls.create_records, row)
                break
            except RefusedError as refusal:
                # The SDKs spell the key that makes a field unique otherwise than Zoho does.
                if refusal.code != "DUPLICATE_DATA":
                    raise
                del written[refusal.details["api_name"]]
        if self.created is None:
            raise UnusableError("five fields hold what another record holds")
        again = self._one(self.created).get_key_values()
        for name, value in written.items():
            if not holds(again.get(name), value):
                raise UnusableError(
                    f"{name}: written {unwrap(value)}, read {unwrap(again.get(name))}"
                )
        self.written = list(written)
        return len(written)

    def update(self) -> int | None:
        texts = [name for name in self.written if self._is_text(name)]
        return self._again(self.calls.update_records, texts[-1:] or self.written[:1])

    def upsert(self) -> int | None:
        mandatory = [name for name in self.written if self.fields[name].get_system_mandatory()]
        return self._again(self.calls.upsert_records, mandatory)

    def _is_text(self, name: str) -> bool:
        return isinstance(self.sample.get_key_values()[name], str)

    def _again(self, call: Any, names: list[str]) -> int | None:
        """Writes fields of the created record once more."""
        if self.created is None:
            return None
        given = self.sample.get_key_values()
        row = self._row({name: self._copy(given[name], self.fields[name]) for name in names})
        row.set_id(self.created)
        if self._write(call, row) != self.created:
            raise UnusableError("another record was written")
        return len(names)

    def delete(self) -> int | None:
        if self.created is None:
            return None
        self._delete(self.created)
        return 1

    def _delete(self, record_id: int) -> None:
        named = params(self.record.DeleteRecordsParam, ids=str(record_id))
        self._judge(self.calls.delete_records(*self.named, named))

    def deleted(self) -> int | None:
        if self.created is None:
            return None
        named = params(self.record.GetDeletedRecordsParam, type="all", per_page=PAGE)
        found = answer(self.calls.get_deleted_records(*self.named, named))
        if self.created not in [row.get_id() for row in found.get_data()]:
            raise UnusableError("the deleted record is not listed")
        return 1

    def _write(self, call: Any, row: Any) -> int:
        body = self.record.BodyWrapper()
        body.set_data([row])
        return self._judge(call(*self.named, body))

    def _judge(self, response: Any) -> int:
        outcome = answer(response).get_data()[0]
        if type(outcome).__name__ != "SuccessResponse":
            raise RefusedError(outcome)
        return int(outcome.get_details()["id"])

    def _is_writable(self, name: str) -> bool:
        return name in self.fields and is_writable(self.fields[name])

    def _row(self, values: dict[str, Any]) -> Any:
        row = self.record.Record()
        for name, value in values.items():
            row.add_key_value(name, value)
        return row

    def _copy(self, value: Any, field: Any) -> Any:
        """What was read, as something to write: an SDK sends only what was set."""
        if isinstance(value, list):
            return [self._copy(item, field) for item in value]
        kind = unwrap(field.get_data_type())
        if is_record(value) and kind in LINKS:
            ends = {n: v for n, v in value.get_key_values().items() if is_reference(v)}
            return self._row({name: reference(end) for name, end in ends.items()})
        if is_record(value) and type(value).__name__ in ROWS:
            row, left_out = type(value)(), JOB["left_out"].get(type(value).__name__, ())
            for name, cell in value.get_key_values().items():
                if name not in ("id", *left_out) and cell not in NOTHING:
                    row.add_key_value(name, copied(cell))
            return row
        if is_record(value) and kind == "subform":
            return self._row(self._cells(value, field))
        return reference(value) if is_reference(value) else copied(value)

    def _cells(self, value: Any, field: Any) -> dict[str, Any]:
        module = field.get_associated_module() if NEW else field.get_subform()
        name = module.get_module()
        fields = {f.get_api_name(): f for f in fields_of(name)}
        left_out = JOB["left_out"].get(name, ())
        return {
            name: self._copy(cell, fields[name])
            for name, cell in value.get_key_values().items()
            if name in fields and cell not in NOTHING and is_writable(fields[name])
            if name not in (*PARENTS, *left_out)
        }


def is_writable(field: Any) -> bool:
    kind = unwrap(field.get_data_type())
    return not (field.get_read_only() or kind in NOT_WRITTEN)
