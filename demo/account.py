"""What the way back changed in Zoho, held against what it should have changed."""

from collections.abc import Mapping, Sequence
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
        self._after = after
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
                meant.add((model.module, found[0]["id"]))
                problems += [
                    f"{name}: {field} is {found[0][field]!r}, not {row[column]!r}"
                    for column, field in model.fields.items()
                    if found[0][field] != row[column]
                ]
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

    def calls(self, models: Sequence[Model]) -> list[tuple[str, str, object]]:
        """Calls of the emulator's that lead to the same rows."""
        calls: list[tuple[str, str, object]] = []
        for model in models:
            fields = [field for field in model.fields.values() if field != "id"]
            for (module, row_id), row in self._after.items():
                if module != model.module:
                    continue
                values = {field: row[field] for field in [*fields, "Modified_Time"]}
                if (module, row_id) in self.new:
                    values["Created_Time"] = row["Created_Time"]
                    calls.append(("POST", f"records/{module}", values))
                elif (module, row_id) in self.changed:
                    calls.append(("PATCH", f"records/{module}", {"id": row_id, **values}))
        return calls

    def _known(self, module: str, field: str) -> dict[object, list[Mapping[str, Any]]]:
        """The module's rows by what the field holds."""
        known: dict[object, list[Mapping[str, Any]]] = {}
        for (of, _), row in self._after.items():
            if of == module:
                known.setdefault(row[field], []).append(row)
        return known
