"""Turns a record of a request into values to be written, or into Zoho's errors."""

from collections.abc import Iterator, Mapping

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.records.undescribed import list_undescribed
from zoho_emulator.store.data_types import is_stored
from zoho_emulator.store.model import Field, Module
from zoho_emulator.store.values import invalid
from zoho_emulator.writing import links, price_ranges, rows, special
from zoho_emulator.writing.answers import locate
from zoho_emulator.writing.candidate import Candidate
from zoho_emulator.writing.changes import Checked, Child
from zoho_emulator.writing.external import External
from zoho_emulator.writing.matching import find, list_unique_fields
from zoho_emulator.writing.values import FILES, ValueReader

#: Keys that records take, as recordings of v2 show, and that no record has when it is read.
#: UNVERIFIED: what they change, and until when they are taken.
TAKEN_UNREAD = {"Notes": "se_module", "Calls": "Outbound_Call_Status"}

#: Not texts that a picklist takes any option of: Deals are held to the stages of a pipeline.
_MAPPED = {
    "Stage": ("Pipeline", "Pipeline doesn't contain the Stage"),
    "Pipeline": ("Layout", "Layout doesn't contain the Pipeline"),
}


class Checker:
    """Checks records of one module for one call."""

    def __init__(
        self, call: Call, module: Module, external: External, *, parent_field: str = ""
    ) -> None:
        """`parent_field` is a lookup that is not the client's to set."""
        self.call = call
        self.module = module
        self.external = external
        self.parent_field = parent_field
        self.store = call.store
        self.given = ValueReader(call, module, external)
        self.undescribed = list_undescribed(module, call.version)
        #: Fields that are mandatory though neither metadata nor layout says so.
        self.more_mandatory = special.list_mandatory(module)

    def _build_row_checker(self, name: str, child: Child) -> "Checker":
        """That of the rows in the record's field `name`."""
        return Checker(
            self.call, child.module, self.external.narrow_to(name), parent_field=child.parent_field
        )

    def check(self, record: Mapping[str, object], path: str, *, old: int | None) -> Checked:
        """`old` is the record to be updated; None inserts one."""
        checked = Checked()
        refused: set[str] = set()
        for name, value in record.items():
            # "Update Records": what a call returned may be sent as it is, `$` keys and all.
            # UNVERIFIED: that this holds for keys that no field describes.
            if name in ("id", self.parent_field, *self.undescribed) or name.startswith("$"):
                continue
            if name == TAKEN_UNREAD.get(self.module.api_name):
                continue
            where = f"{path}.{name}"
            try:
                self._check_field(checked, record, name, value, where, old)
            except ZohoError as error:
                if error.status == 501:
                    raise
                refused.add(name)
                place = str(error.details.get("json_path", where))
                checked.problems.append(locate(self.call, error, place))
        checked.problems += self._find_missing(record, checked, path, old, refused)
        candidate = Candidate(self.call, self.module, record, checked.values, path, old)
        checked.problems += special.find_problems(candidate)
        if not checked.problems:
            checked.values |= special.find_follow_ups(candidate)
            checked.problems += self._find_duplicates(checked, path, old)
            # The rows of a record are looked at together.
            if not self.parent_field and (double := links.check_link(candidate)):
                checked.problems.append(double)
        return checked

    def refuse_what_is_not_emulated(self, record: Mapping[str, object]) -> None:
        """Before anything is written, because half a call cannot be undone."""
        if record.get("$approved") is False:
            raise not_emulated("records that wait for approval ($approved)")
        for name, value in record.items():
            known = self.module.fields.get(name)
            if known is None or not value:
                continue
            if known.data_type in FILES:
                raise not_emulated(f"the {known.data_type} {name}: there is no POST /files")
            if (
                known.virtual
                and not is_stored(known)
                and not rows.find_child(self.call, self.module, known)
            ):
                raise not_emulated(f"writing of the {known.data_type} {name}")

    # --- One field

    def _check_field(
        self,
        checked: Checked,
        record: Mapping[str, object],
        name: str,
        value: object,
        path: str,
        old: int | None,
    ) -> None:
        known = self.module.fields.get(name)
        knobs = self.call.knobs
        if known is None or not known.exists_in(self.call.version.number):
            if knobs.unknown_fields == "refuse":
                raise ZohoError(
                    "INVALID_DATA",
                    "the field api name given seems to be invalid",
                    {"api_name": name},
                )
        elif known.read_only or known.data_type == "profileimage":
            if knobs.read_only_fields == "refuse":
                raise invalid(known)
        elif child := rows.find_child(self.call, self.module, known):
            check = self._build_row_checker(name, child).check
            changes = rows.read_changes(self.call, known, child, value, path, old=old, check=check)
            checked.rows[name] = changes
            checked.problems += [p for change in changes for p in change.problems]
        else:
            if name == price_ranges.NAME:
                value = price_ranges.merge(self.call, self.module, known, value, path, old=old)
            shown = self.given.convert(known, value, inserting=old is None)
            if shown is None and name == "Owner":
                raise invalid(known)
            if shown is None and name == "Layout":
                # UNVERIFIED: a record cannot be without; null says nothing, then.
                return
            self.store.encode(known, shown)
            if isinstance(shown, list) and self._is_appended(record, name):
                shown = list(dict.fromkeys([*self._read_options(old, known), *shown]))
                self.store.encode(known, shown)
            checked.values[name] = shown
            if new := self._find_new_options(known, shown):
                checked.options[name] = new

    # --- Picklists

    def _is_appended(self, record: Mapping[str, object], name: str) -> bool:
        wish = record.get("$append_values")
        known = self.module.fields[name]
        # UNVERIFIED: since when; the page of v7 has it, no SDK before v2.1.
        return (
            isinstance(wish, dict)
            and wish.get(name) is True
            and known.data_type == "multiselectpicklist"
            and self.call.version.number >= 2.1
        )

    def _read_options(self, old: int | None, known: Field) -> list[str]:
        row = self.store.connection.execute(
            f"select {known.column} from {self.module.table} where id = ?", (old,)
        ).fetchone()
        return row[0].split(";") if row and row[0] else []

    def _find_new_options(self, known: Field, value: object) -> list[str]:
        """ "Insert Records": options that the picklist lacks are added to it."""
        lists = ("picklist", "multiselectpicklist")
        # A picklist whose values are like those of another type takes no options.
        if known.data_type not in lists or known.like is not None or value is None:
            return []
        given = value if isinstance(value, list) else [value]
        new = [str(item) for item in given if item not in known.pick_list]
        if not new:
            return []
        if self.module.api_name == "Deals" and known.api_name in _MAPPED:
            mapped, message = _MAPPED[known.api_name]
            raise ZohoError(
                "MAPPING_MISMATCH", message, {"mapped_field": mapped, "api_name": known.api_name}
            )
        if self.call.knobs.new_options == "refuse":
            raise invalid(known, supported_values=list(known.pick_list))
        return new

    # --- The record as a whole

    def _find_missing(
        self,
        record: Mapping[str, object],
        checked: Checked,
        path: str,
        old: int | None,
        refused: set[str],
    ) -> Iterator[ZohoError]:
        """Mandatory fields: all of them on insert, those that would be emptied on update.

        The layout's own count when the record names it ("Insert Records": Layout).
        """
        more = self.more_mandatory
        for known in self.module.fields.values():
            name = known.api_name
            of_layout = known.custom or known.layout_only
            wanted = known.mandatory and (bool(record.get("Layout")) or not of_layout)
            if not (wanted or name in more) or name == self.parent_field or name in refused:
                continue
            if known.read_only or not known.exists_in(self.call.version.number):
                continue
            if old is not None and name not in record:
                continue
            given = checked.rows.get(name) if name in checked.rows else checked.values.get(name)
            if given in (None, []):
                error = ZohoError(
                    "MANDATORY_NOT_FOUND", "required field not found", {"api_name": name}
                )
                of_record = {} if old is None else {"id": str(old)}
                yield locate(self.call, error, f"{path}.{name}", **of_record)

    def _find_duplicates(self, checked: Checked, path: str, old: int | None) -> Iterator[ZohoError]:
        for known in list_unique_fields(self.module):
            value = checked.values.get(known.api_name)
            if value is None:
                continue
            stored = self.store.encode(known, value)
            for module, twin in self._list_unique_places(known):
                found = find(
                    self.call,
                    module,
                    twin,
                    stored,
                    but=() if old is None else (old,),
                    converted=self.call.knobs.unique_among_converted,
                )
                if found:
                    yield self._describe_duplicate(known, module, found, f"{path}.{known.api_name}")
                    break

    def _list_unique_places(self, known: Field) -> Iterator[tuple[Module, Field]]:
        """Where no other record may have the field's value: its module, and those of the knob."""
        yield self.module, known
        for entry in self.call.knobs.unique_across:
            name, _, other = entry.partition(":")
            module = self.store.org.modules.get(other)
            if name == self.module.api_name and module and known.api_name in module.fields:
                yield module, module.fields[known.api_name]

    def _describe_duplicate(
        self, known: Field, module: Module, found: list[int], path: str
    ) -> ZohoError:
        details: dict[str, object] = {"api_name": known.api_name, "id": str(found[0])}
        if self.call.version.v7_writes:
            details |= {
                "more_records": len(found) > 1,
                "duplicate_record": {
                    "Owner": self._describe_owner(module, found[0]),
                    "module": {"api_name": module.api_name, "id": str(module.id)},
                    "id": str(found[0]),
                },
            }
        message = (
            "The external field contains duplicate data." if known.external else "duplicate data"
        )
        return locate(self.call, ZohoError("DUPLICATE_DATA", message, details), path)

    def _describe_owner(self, module: Module, record_id: int) -> dict[str, str] | None:
        owner = module.fields.get("Owner")
        if owner is None:
            return None
        (user_id,) = self.store.connection.execute(
            f"select {owner.column} from {module.table} where id = ?", (record_id,)
        ).fetchone()
        user = self.store.org.user(user_id)
        if user is None:
            return None
        return {"name": user.full_name, "id": str(user.id), "zuid": str(user.id % 1_000_000_000)}
