"""The tags that every module with a field Tag has."""

from zoho_emulator.store.ids import derive_id
from zoho_emulator.store.model import Field, Org

#: Name and colour.
TAGS: tuple[tuple[str, str | None], ...] = (
    ("VIP", "#57B1FD"),
    ("Trade fair 2024", None),
    ("do-not-call", "#F17574"),
    ("Größe XL", None),
    ("a,b", "#879BFC"),
    ('quote"d', None),
)


def build_tag(field: Field, number: int) -> dict[str, object]:
    """A tag as records of v8 carry it; each module has tags of its own."""
    name, colour = TAGS[number]
    return {"name": name, "id": str(derive_id(field.id, "tag", number)), "color_code": colour}


def list_tags(org: Org, field: Field) -> list[dict[str, object]]:
    """All tags of a module, those that writes made after the others."""
    first = [build_tag(field, number) for number in range(len(TAGS))]
    return first + [
        {"name": name, "id": str(derive_id(field.id, "tag", number)), "color_code": None}
        for number, name in enumerate(org.new_tags.get(field.id, ()), len(TAGS))
    ]


def find_tag(org: Org, field: Field, name: str) -> dict[str, object]:
    """The tag of that name, in any letter case; a new one is made."""
    for known in list_tags(org, field):
        if str(known["name"]).casefold() == name.casefold():
            return known
    org.new_tags.setdefault(field.id, []).append(name)
    return list_tags(org, field)[-1]
