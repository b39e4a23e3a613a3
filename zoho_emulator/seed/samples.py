"""Made-up values by field: pools that the seeded rows draw from.

No value belongs to a person. Every pool carries the values that break careless code: quotes,
commas, line breaks, other scripts, edges of numbers, dates before 1970, clock changes.
"""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import orjson

from zoho_emulator.seed.special_samples import find_maker
from zoho_emulator.store.data_types import is_json, value_type
from zoho_emulator.store.model import Field
from zoho_emulator.store.tags import TAGS, build_tag
from zoho_emulator.store.values import Stored

#: 2015-01-02 and 2025-12-31 in UTC: between them lie all times of seeded rows.
FIRST, LAST = 1_420_156_800, 1_767_139_200

_SYLLABLES = (
    *("an", "bel", "cor", "dan", "el", "fen", "gar", "hol", "is", "jor"),
    *("kal", "lum", "mar", "nor", "ol", "per", "quin", "ros", "sel", "tor"),
)
_WORDS = (
    *("agreement", "call", "contract", "delivery", "draft", "invoice", "meeting", "offer"),
    *("order", "price", "project", "quarter", "renewal", "report", "support", "visit"),
)
_PLACES = (
    ("San Francisco", "CA", "94107", "United States"),
    ("St. John's", "NL", "A1A 1A1", "Canada"),
    ("München", "Bayern", "80331", "Germany"),
    ("São Paulo", "SP", "01000-000", "Brazil"),
    ("東京", "東京都", "100-0001", "Japan"),
    ("القاهرة", "القاهرة", "11511", "Egypt"),
    ("Chennai", "Tamil Nadu", "600001", "India"),
    ("Winston-Salem, Forsyth", "NC", "27101", "United States"),
)
#: Seconds around the changes of the clock in California, the epoch, and before it.
_MOMENTS = (-86_401, -1, 0, 1_615_715_999, 1_615_716_000, 1_636_275_599, 1_636_275_600)

TEXTS = (
    "",  # UNVERIFIED: Zoho may hold it as null; a reader must keep the two apart
    "comma, semicolon; tab\tend",
    "says \"quoted\" and 'single'",
    "two\nlines",
    "carriage\r\nreturn",
    "back\\slash \\n is no line break",
    "smile \U0001f600 family \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "مرحبا بالعالم",
    "שלום, עולם",
    "日本語テキスト",
    "  spaces around  ",
    "null",
    "0012",
    "=1+1",
    "<b>bold</b> & co",
    "é and e\u0301",
    "100% _like_",
    "line\u2028separator",
)
Maker = Callable[[Field, Random], Stored]


def _draw_word(rng: Random) -> str:
    return "".join(rng.choices(_SYLLABLES, k=rng.choice((2, 2, 3)))).capitalize()


def _draw_sentence(rng: Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words)).capitalize() + "."


def _draw_text(field: Field, rng: Random) -> str:
    if field.length is not None and field.length <= 20:
        return _draw_word(rng)
    return f"{_draw_word(rng)} {_draw_word(rng)}"


def _draw_textarea(field: Field, rng: Random) -> str:
    if field.textarea == "rich_text":
        parts = (f"<p>{_draw_sentence(rng, 12)}</p>" for _ in range(rng.choice((1, 1, 2, 8))))
        return f"<div>{''.join(parts)}</div>"
    return "\n".join(_draw_sentence(rng, 8) for _ in range(rng.choice((1, 1, 1, 3))))


def _draw_date(field: Field, rng: Random) -> str:
    born = any(word in field.api_name for word in ("Birth", "Founded"))
    first, days = (date(1899, 12, 30), 38_000) if born else (date(2015, 1, 1), 4_000)
    return (first + timedelta(rng.randrange(days))).isoformat()


def _draw_decimal(field: Field, rng: Random) -> float:
    return round(rng.uniform(-1_000, 1_000_000), field.decimal_place or 2)


def _draw_option(field: Field, rng: Random) -> Stored:
    return rng.choice([option for option in field.pick_list if option != "-None-"] or [None])


def _draw_options(field: Field, rng: Random) -> str:
    return ";".join(rng.sample(field.pick_list, rng.randint(1, len(field.pick_list))))


def _draw_files(field: Field, rng: Random) -> str:
    image = field.data_type == "imageupload"
    ending, extra = ("png", ("Encrypted_Id__s", "Preview_Id__s")) if image else ("pdf", ())
    items = []
    for number in range(1, rng.choice((1, 1, 2, 3)) + 1):
        item: dict[str, object] = {
            "id": str(rng.randrange(10**17, 10**18)),
            "File_Id__s": f"{rng.getrandbits(128):032x}",
            "File_Name__s": f"{_draw_word(rng).lower()}, {number}.{ending}",
            "Size__s": rng.randrange(1_000, 5_000_000),
            **{key: f"{rng.getrandbits(128):032x}" for key in extra},
        }
        if image:
            item |= {"Sequence_Number__s": number, "State__s": "Available", "Description__s": None}
        items.append(item)
    return orjson.dumps(items).decode()


def _draw_tags(field: Field, rng: Random) -> str:
    chosen = sorted(rng.sample(range(len(TAGS)), rng.randint(1, 3)))
    return orjson.dumps([build_tag(field, number) for number in chosen]).decode()


_MAKERS: dict[str, Maker] = {
    "email": lambda field, rng: f"{_draw_word(rng).lower()}.{rng.randrange(10_000)}@example.com",
    "phone": lambda field, rng: f"+1 (555) 01{rng.randrange(100):02d}-{rng.randrange(100):02d}",
    "website": lambda field, rng: f"https://www.example.com/{_draw_word(rng).lower()}?a=1&b=2",
    "textarea": _draw_textarea,
    "mediumtext": _draw_textarea,
    "picklist": _draw_option,
    "multiselectpicklist": _draw_options,
    "integer": lambda field, rng: rng.randrange(5_000),
    "long": lambda field, rng: rng.randrange(10**12),
    "bigint": lambda field, rng: rng.randrange(10**18),
    "double": _draw_decimal,
    "percent": lambda field, rng: float(rng.randrange(101)),
    "currency": _draw_decimal,
    "boolean": lambda field, rng: rng.getrandbits(1),
    "date": _draw_date,
    "datetime": lambda field, rng: rng.randrange(FIRST, LAST),
    "profileimage": lambda field, rng: f"{rng.getrandbits(256):064x}",
}

_EDGES: dict[str, tuple[Stored, ...]] = {
    "text": TEXTS,
    "textarea": TEXTS,
    "mediumtext": TEXTS,
    "integer": (0, -1, 999_999_999, -999_999_999),
    "long": (0, -1, 2**53 + 1, 999_999_999_999_999_999),
    "bigint": (0, -1, 2**53 + 1, -(2**53) - 1, 999_999_999_999_999_999),
    "double": (0.0, -0.5, 0.01, 9_999_999_999_999.99, 1234567890123456.0),
    "currency": (0.0, -19.99, 0.01, 1_000_000.1, 99_999_999_999.99),
    "percent": (0.0, 100.0, 12.5),
    "date": ("1969-12-31", "1970-01-01", "2000-02-29", "1900-01-01", "2099-12-31"),
    "datetime": _MOMENTS,
}

_PLACE_PARTS = ("City", "State", "Code", "Country")


def _find_place_part(field: Field) -> int | None:
    """Which part of a place an address field is, so that a row's city and country agree."""
    ending = field.api_name.rpartition("_")[2]
    ending = "Code" if ending == "Zip" else ending
    if field.custom or field.data_type != "text" or ending not in _PLACE_PARTS:
        return None
    return _PLACE_PARTS.index(ending)


def is_of_place(field: Field) -> bool:
    """Pools of such fields agree when they have the same size."""
    return _find_place_part(field) is not None


def draw_pool(field: Field, rng: Random, size: int) -> list[Stored]:
    """`size` values of the field in random order, nulls among them where it may be empty."""
    kind = value_type(field)
    part = _find_place_part(field)
    if part is not None:
        # The same draw for all parts, for every generator of this field.
        together = Random("places")
        return [together.choice(_PLACES)[part] for _ in range(size)]
    if field.api_name == "Record_Status__s":
        return ["Available"]
    if field.api_name == "Locked__s":
        return [0]
    special = find_maker(field)
    make = special or (_draw_tags if is_json(field) else _MAKERS.get(kind, _draw_text))
    if field.data_type in ("fileupload", "imageupload"):
        make = _draw_files
    edges = () if special or is_json(field) else _EDGES.get(kind, ())
    fitting = [
        edge
        for edge in edges
        if not isinstance(edge, str)
        or (len(edge) <= (field.length or len(edge)) and (edge or not field.mandatory))
    ]
    values = [*fitting, *(make(field, rng) for _ in range(size - len(fitting)))]
    if not field.mandatory and kind != "boolean":
        rare = field.read_only or kind in ("fileupload", "imageupload", "profileimage")
        for position in rng.sample(range(size), size * (7 if rare else 2) // 10):
            if position >= len(fitting):
                values[position] = None
    rng.shuffle(values)
    return values[:size]
