"""What the way back changed in Zoho, held against what it should have changed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from demo.emulator import Emulator
from demo.models import Model

#: By module and id: every live row of the org.
Truth = Mapping[tuple[str, str], Mapping[str, Any]]


def truth(zoho: Emulator) -> Truth:
    return {(module, row["id"]): row for module in zoho.modules() for row in zoho.records(module)}


class Account:
    """The rows that differ between two looks at the org."""

    def __init__(self, before: Truth, after: Truth) -> None:
        self._before, self._after = before, after
        self.new = after.keys() - before.keys()
        self.gone = before.keys() - after.keys()
        self.changed = {key for key in after.keys() & before.keys() if after[key] != before[key]}
        self.untouched = len(before) - len(self.changed) - len(self.gone)

    def problems(
        self,
        models: Sequence[Model],
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
        outcomes: Mapping[str, Mapping[str, int]],
    ) -> list[str]:
        """What is not as it should be, in words.

        By table, `rows` are those that should be written, `outcomes` what the destination counted.
        """
        problems = []
        meant = set()
        for model in models:
            field = model.fields[model.key]
            known = self._known(model.module, field)
            for row in rows[model.table]:
                found = known.get(row[model.key], [])
                name = f"{model.module} with {field} {row[model.key]}"
                if len(found) != 1:
                    problems.append(f"{name}: there are {len(found)}")
                    continue
                record = found[0]
                meant.add((model.module, record["id"]))
                if model.holder:
                    # Its totals follow from its rows.
                    meant.add((model.holder, record["Parent_Id"]["id"]))
                for column, field in model.fields.items():
                    held, wanted = _plain(record.get(field)), row[column]
                    if field in model.inner:
                        keys, held, wanted = self._inner(model, field, record["id"], row[column])
                        meant |= keys
                    if held != wanted:
                        problems.append(f"{name}: {field} is {held!r}, not {wanted!r}")
            counted = outcomes[model.table]
            for result, keys in (("created", self.new), ("updated", self.changed)):
                number = sum(module == model.module for module, _ in keys)
                if number != counted.get(result, 0):
                    problems.append(
                        f"{model.module}: {number} {result}, {counted.get(result, 0)} counted"
                    )
        others = (self.new | self.changed | self.gone) - meant
        problems += [f"{module} {row_id} has changed unasked" for module, row_id in others]
        problems += [
            f"{module} {row_id} is as it was" for module, row_id in meant - self.new - self.changed
        ]
        return problems

    def calls(self) -> list[tuple[str, str, object]]:
        """Calls of the emulator's that lead to the same rows."""
        calls: list[tuple[str, str, object]] = []
        for key, row in self._after.items():
            module, row_id = key
            if key in self.new:
                values = {name: row[name] for name in row if name != "id" and row[name] is not None}
                calls.append(("POST", f"records/{module}", values))
            elif key in self.changed:
                before = self._before[key]
                values = {name: row[name] for name in row if row[name] != before.get(name)}
                calls.append(("PATCH", f"records/{module}", {"id": row_id, **values}))
        return calls

    def _inner(
        self, model: Model, field: str, record_id: str, text: str
    ) -> tuple[set[tuple[str, str]], list[Any], list[Any]]:
        """The rows or links inside a record: themselves, what they hold, what they should hold."""
        module, lookup, other = model.inner[field]
        wanted = json.loads(text)
        rows = [
            row
            for (of, _), row in self._after.items()
            if of == module and row[lookup]["id"] == record_id
        ]
        names = wanted[0].keys() if not other else ()
        held = [
            _plain(row[other]) if other else {name: _plain(row[name]) for name in names}
            for row in rows
        ]
        order = str
        keys = {(module, row["id"]) for row in rows}
        return keys, sorted(held, key=order), sorted(wanted, key=order)

    def describe(
        self, models: Sequence[Model], rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> Iterator[str]:
        """What became of rows inside records and of links, a line for each record."""
        for model in models:
            if not (model.inner or model.holder):
                continue
            known = self._known(model.module, model.fields[model.key])
            for row in rows[model.table]:
                for record in known.get(row[model.key], [])[:1]:
                    yield from self._describe_inner(model, record)
                    if model.holder:
                        yield self._describe_row(model, record)

    def _describe_inner(self, model: Model, record: Mapping[str, Any]) -> Iterator[str]:
        for module, lookup, other in model.inner.values():
            ends = [
                row[other or "Product_Name"]["name"]
                for (of, _), row in self._after.items()
                if of == module and row[lookup]["id"] == record["id"]
            ]
            names = " and ".join(f'"{name.strip()}"' for name in ends)
            name = record.get("Subject") or record.get("Last_Name")
            if other:
                yield f'{model.module} "{name}": linked with {names}'
            else:
                total = f"Grand_Total {_amount(record['Grand_Total'])}"
                yield f'{model.module} "{name}": {len(ends)} line items, {names}; {total}'

    def _describe_row(self, model: Model, row: Mapping[str, Any]) -> str:
        of_row, of_holder = (model.module, row["id"]), (model.holder, row["Parent_Id"]["id"])
        holder = self._after[of_holder]
        number = sum(
            module == model.module and one["Parent_Id"]["id"] == holder["id"]
            for (module, _), one in self._after.items()
        )
        before = _amount(self._before[of_row]["Quantity"])
        return (
            f'{model.holder} "{holder["Subject"].strip()}": 1 of {number} line items changed, '
            f"Quantity {before} -> {_amount(row['Quantity'])}; "
            f"Grand_Total is now {_amount(holder['Grand_Total'])}"
        )

    def _known(self, module: str, field: str) -> dict[object, list[Mapping[str, Any]]]:
        """The module's rows by what the field holds."""
        known: dict[object, list[Mapping[str, Any]]] = {}
        for (of, _), row in self._after.items():
            if of == module:
                known.setdefault(row[field], []).append(row)
        return known


def _plain(value: Any) -> Any:
    """A lookup by its id alone."""
    return value["id"] if isinstance(value, dict) else value


def _amount(value: Any) -> str:
    return "(empty)" if value is None else f"{value:,}"
