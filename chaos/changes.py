"""What people and planners change in an org while it is read, and values that nobody expects."""

from chaos.setting import BULK, Plan, Setting, amid

#: A value that answers show as something else, and the columns that follow from it.
MARK = "Marked-by-chaos"
NO_LONGER_COMPARED = frozenset({"Last_Name", "Full_Name", "Greeting"})


def field_appears(s: Setting) -> Plan:
    field = {"api_name": "Fresh_Field", "data_type": "text"}
    return amid(s, lambda: s.org.control("POST", "fields/Leads", field))


def field_vanishes(s: Setting) -> Plan:
    name = s.rng.choice(["Designation", "Skype_ID", "Annual_Revenue", "Notes_Large"])
    return amid(s, lambda: s.org.control("DELETE", f"fields/Leads/{name}"), leave=frozenset({name}))


def field_changes(s: Setting) -> Plan:
    name, data_type = s.rng.choice(
        [("Designation", "multiselectpicklist"), ("No_of_Employees", "datetime")]
    )

    def change() -> None:
        s.org.control("PATCH", f"fields/Leads/{name}", {"data_type": data_type})

    return amid(s, change, leave=frozenset({name}))


def module_appears(s: Setting) -> Plan:
    module = {"api_name": "Fresh_Module", "singular_label": "Fresh", "plural_label": "Fresh ones"}
    return amid(s, lambda: s.org.control("POST", "modules", module))


def module_vanishes(s: Setting) -> Plan:
    return amid(
        s,
        lambda: s.org.control("DELETE", "modules/Quotes"),
        gone=frozenset({"Quotes", "Quoted_Items"}),
    )


def edits_at_a_rate(s: Setting) -> Plan:
    def hit() -> bool:
        rows = [*s.org.truth("Leads"), *s.org.truth("Vehicles")]
        return any(str(value).startswith("edited ") for row in rows for value in row.values())

    every = 1 if s.method == BULK else s.rng.choice([1, 2, 4])
    return Plan(knobs={"churn": every, "churn_rows": 3}, hit=hit)


def mass_update(s: Setting) -> Plan:
    def update() -> None:
        s.org.edit("Leads", s.org.ids("Leads"))
        s.org.edit("Vehicles", s.org.ids("Vehicles"))

    return amid(s, update)


def deletions(s: Setting) -> Plan:
    def delete() -> None:
        s.org.delete("Leads", 60)
        s.org.delete("Leads", 20, kind="permanent")
        s.org.delete("Vehicles", 20)
        s.org.restore(15)

    return amid(s, delete)


# --- Odd values


def odd_value(s: Setting, old: str, new: str) -> Plan:
    """A mark in one lead, which answers show as something else."""
    lead = s.org.ids("Leads")[0]
    s.org.control("PATCH", "records/Leads", {"id": lead, "Last_Name": MARK})
    s.org.advance(120)
    rule = {"match": s.early()["match"], "do": "replace", "args": {"old": old, "new": new}}
    return Plan([rule], leave=NO_LONGER_COMPARED, unseen=f'"Last_Name":"{MARK}"')


def odd_text(s: Setting) -> Plan:
    values = ["\x01 \x1f", 'a"b";,\r\nc', "NULL", "null", "=1+1", "\u2028\x85", "\\N", "''", "  x"]
    for value in values:
        lead = s.rng.choice(s.org.ids("Leads"))
        s.org.control("PATCH", "records/Leads", {"id": lead, "Last_Name": f"x{value}x"})
    s.org.advance(120)
    return Plan(hit=lambda: True)


TYPES = ("17", "[1]", '{"a":1}', "true", "null", '[{"id":"1"}]', "1e400")
