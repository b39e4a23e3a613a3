"""What would find the record or user that a rejected value means.

The sentences name modules and fields, never a value, so that they may be logged.
"""

from collections.abc import Iterator

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.columns import Column, find_parts
from destination_zoho_crm.modules import TargetModules
from destination_zoho_crm.outcomes import Outcome, list_unexplained
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.target_fields import TargetField
from zoho_crm.errors import INVALID_DATA

#: Codes of values that Zoho did not find or take ("Insert Records": errors of a record).
_OF_VALUES = (INVALID_DATA, "MULTIPLE_OR_MULTI_ERRORS")


class Suggestions:
    """For values that are not ids, of columns that take ids."""

    def __init__(self, modules: TargetModules) -> None:
        self._modules = modules

    def suggest(self, column: Column) -> str:
        """Empty where nothing but an id can be written. May ask Zoho for the fields of the module
        that a lookup points at."""
        field = column.field
        if field is None or field.form not in ("reference", "links"):
            return ""
        if field.is_user:
            return f"an e-mail address finds a user in the column {field.api_name}.email"
        return self._suggest_for_lookup(field, column.of_rows) if field.points_at else ""

    def _suggest_for_lookup(self, field: TargetField, of_rows: bool) -> str:
        name = str(field.points_at)
        try:
            module = self._modules.find([name]).get(name)
        except AirbyteTracedException:
            # The row is rejected anyway; what fails here also fails where it matters.
            return ""
        if module is None:
            return ""
        external, keys = find_parts(field, module)
        columns = [f"{field.api_name}.{one}" for one in {**external, **({} if of_rows else keys)}]
        if columns:
            return f"to find a record of {name} by another value, write {' or '.join(columns)}"
        if not module.reports_external:
            return (
                f"{name} may have External ID fields, which this version of Zoho's API does not "
                "report: with a later one they find records, too"
            )
        if of_rows:
            return (
                f"rows inside records name records of {name} by Zoho's ids or an External ID field "
                f"alone, and {name} has no such field"
            )
        return (
            f"{name} has no External ID field and no unique one, so nothing but the id finds a "
            "record of it"
        )


def add_searched_places(plan: StreamPlan, outcome: Outcome) -> Outcome:
    """Adds to a rejected value in which module Zoho looked for its record, if it did."""
    if outcome.result != "rejected" or outcome.code not in _OF_VALUES or not outcome.field:
        return outcome
    names = outcome.field.split(", ")
    places = dict.fromkeys(
        f"{name}: {said}" if len(names) > 1 else said
        for name, said in _find_searched_places(plan, outcome, names)
    )
    return outcome._replace(
        message="; ".join([outcome.message, *places]),
        loggable="; ".join(filter(None, [outcome.loggable, *places])),
    )


def _find_unknown_ids(plan: StreamPlan, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Of lookups by ids, also in rows: Zoho names the field and no form that it would have taken.

    UNVERIFIED: that it says no more of an id that it does not know; the pages have the message only
    ("Insert Records": errors).
    """
    for name in list_unexplained(outcome.details):
        field = _find_field(plan, name)
        if field is None or field.form not in ("reference", "links"):
            continue
        if field.is_user:
            yield name, "no active user has this id"
        else:
            of = f"record of {field.points_at}" if field.points_at else "record"
            # Rows may name records either way.
            what = "id" if _find_column(plan, name) else "id or External ID"
            yield name, f"no {of} that the token's user sees has this {what}"


def _find_field(plan: StreamPlan, name: str) -> TargetField | None:
    """Of a column whose values are ids, or of a row's: `Quoted_Items.Product_Name`, of which v2
    says `Product_Name`."""
    if column := _find_column(plan, name):
        return column.field if column.via in ("value", "key") else None
    subform, _, of_row = name.rpartition(".")
    for field, shape in plan.row_shapes.items():
        if subform in ("", field) and (found := shape.find_field(of_row)):
            return shape.module.fields.get(found)
    return None


def _find_column(plan: StreamPlan, name: str) -> Column | None:
    return next((column for column in plan.columns if column.name == name), None)


def _find_searched_places(
    plan: StreamPlan, outcome: Outcome, names: list[str]
) -> Iterator[tuple[str, str]]:
    """What was looked for, and that it is not there.

    UNVERIFIED: which of the two Zoho names of a lookup by an External ID field, the lookup or
    the field; the pages have messages only ("Insert Records Using External ID")."""
    yield from _find_unknown_ids(plan, outcome)
    key = plan.key
    if key and plan.key_kind == "external" and plan.operation == "update" and key.name in names:
        yield key.name, f"no record of {plan.module.api_name} has this {key.name}"
    for column in plan.columns:
        if column.external is None or column.field is None:
            continue
        if column.name in names or column.external.api_name in names:
            module = column.field.lookup_module
            yield column.name, f"no record of {module} has this {column.external.api_name}"
