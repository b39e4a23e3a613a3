"""The tags that every module with a field Tag has."""

from zoho_emulator.ids import derived
from zoho_emulator.model import Field, Org

#: Name and colour.
TAGS: tuple[tuple[str, str | None], ...] = (
    ("VIP", "#57B1FD"),
    ("Trade fair 2024", None),
    ("do-not-call", "#F17574"),
    ("Größe XL", None),
    ("a,b", "#879BFC"),
    ('quote"d', None),
)


def tag(field: Field, number: int) -> dict[str, object]:
    """A tag as records of v8 carry it; each module has tags of its own."""
    name, colour = TAGS[number]
    return {"name": name, "id": str(derived(field.id, "tag", number)), "color_code": colour}


def tag_named(org: Org, field: Field, name: str) -> dict[str, object]:
    """The tag of that name, whatever its case; a new one is remembered."""
    for number, (known, _) in enumerate(TAGS):
        if known.casefold() == name.casefold():
            return tag(field, number)
    new = org.new_tags.setdefault(field.id, [])
    if name.casefold() not in [known.casefold() for known in new]:
        new.append(name)
    number = [known.casefold() for known in new].index(name.casefold())
    return {
        "name": new[number],
        "id": str(derived(field.id, "tag", len(TAGS) + number)),
        "color_code": None,
    }
