"""Made-up values of what only some of Zoho's own modules have: reminders, repeats, taxes ..."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import orjson

from zoho_emulator.store.ids import derive_id
from zoho_emulator.store.model import Field, NamedItem
from zoho_emulator.store.values import Stored

_FIRST, _LAST = 1_420_156_800, 1_767_139_200


def _dump(value: object) -> str:
    return orjson.dumps(value).decode()


def _draw_time(rng: Random) -> datetime:
    return datetime.fromtimestamp(rng.randrange(_FIRST, _LAST), UTC).replace(microsecond=0)


def _draw_id(rng: Random) -> str:
    return str(rng.randrange(10**17, 10**18))


def _draw_alarm(field: Field, rng: Random) -> str:
    trigger = f"TRIGGER=DATE-TIME:{_draw_time(rng).isoformat()}"
    return _dump({"ALARM": f"FREQ=NONE;ACTION={rng.choice(('EMAIL', 'POPUP'))};{trigger}"})


def _draw_repeat(field: Field, rng: Random) -> str:
    start = _draw_time(rng).date()
    until = start.replace(year=start.year + 1, day=min(start.day, 28))
    rule = f"FREQ={rng.choice(('DAILY', 'WEEKLY', 'MONTHLY'))};INTERVAL=1"
    except_on = f"{until}" if rng.random() < 0.3 else None
    return _dump({"RRULE": f"{rule};DTSTART={start};UNTIL={until}", "EXDATE": except_on})


def _draw_reminders(field: Field, rng: Random) -> str:
    """`at` is for v2, which shows a time."""
    return _dump(
        [
            {
                "unit": rng.choice((0, 5, 15, 30)),
                "period": rng.choice(("minutes", "hours", "days")),
                "time": f"{rng.randrange(24):02d}:00",
                "at": rng.randrange(_FIRST, _LAST),
            }
            for _ in range(rng.choice((1, 1, 2)))
        ]
    )


def _draw_participants(field: Field, rng: Random) -> str:
    items = []
    for _ in range(rng.choice((0, 1, 2, 4))):
        mail = f"guest{rng.randrange(10_000)}@example.com"
        kind = rng.choice(("contact", "lead", "user", "email"))
        items.append(
            {
                "name": None if kind == "email" else f"Guest {rng.randrange(100)}",
                "Email": mail,
                "invited": bool(rng.getrandbits(1)),
                "id": _draw_id(rng),
                "type": kind,
                "participant": mail if kind == "email" else _draw_id(rng),
                "status": rng.choice(("not_known", "accepted", "declined")),
            }
        )
    return _dump(items)


def _draw_comments(field: Field, rng: Random) -> str:
    return _dump(
        [
            {
                "id": _draw_id(rng),
                "comment_content": rng.choice(("Called back.\nNo answer.", 'Says "later"', "Done")),
                "commented_by": rng.choice(("First Administrator", "Second Manager")),
                "commented_time": _draw_time(rng).isoformat(),
            }
            for _ in range(rng.choice((0, 0, 1, 3)))
        ]
    )


def _draw_line_tax(field: Field, rng: Random) -> str:
    return _dump(
        [
            {
                "percentage": percentage,
                "name": name,
                "id": str(derive_id(field.id, "tax", number)),
                "value": round(rng.uniform(0, 500), 2),
            }
            for number, (name, percentage) in enumerate((("Sales Tax", 2), ("Vat", 5)))
            if rng.getrandbits(1)
        ]
    )


def _draw_taxes(field: Field, rng: Random) -> str:
    chosen = rng.sample(range(len(field.pick_list)), rng.randint(0, len(field.pick_list)))
    return _dump(
        [
            {"id": str(derive_id(field.id, "tax", number)), "value": field.pick_list[number]}
            for number in sorted(chosen)
        ]
    )


def _draw_ranges(field: Field, rng: Random) -> str:
    edges = [1, *sorted(rng.sample(range(2, 500), rng.choice((1, 2, 3))))]
    return _dump(
        [
            {
                "id": _draw_id(rng),
                "from_range": low,
                "to_range": high,
                "discount": rng.randrange(50),
            }
            for low, high in pairwise(edges)
        ]
    )


def _draw_consent(field: Field, rng: Random) -> str:
    granted = bool(rng.getrandbits(1))
    return _dump(
        {
            "Contact_Through_Email": granted,
            "Contact_Through_Phone": False,
            "Contact_Through_Social": False,
            "Data_Processing_Basis": "Consent - Obtained" if granted else "Legitimate Interests",
            "Consent_Date": _draw_time(rng).date().isoformat() if granted else None,
            "Lawful_Reason": None,
            "Consent_Through": "Email" if granted else None,
            "id": _draw_id(rng),
        }
    )


def _draw_hours(field: Field, rng: Random) -> str:
    """A span before noon, one after it, or both."""
    spans = (
        {"From": f"{rng.randrange(6, 9):02d}:00", "To": f"{rng.randrange(9, 12):02d}:30"},
        {"From": f"{rng.randrange(13, 16):02d}:15", "To": f"{rng.randrange(16, 22):02d}:45"},
    )
    return _dump(rng.choice((spans, spans[:1], spans[1:])))


def _draw_days(field: Field, rng: Random) -> str:
    first = _draw_time(rng).date()
    return ";".join(str(first + timedelta(day)) for day in range(rng.choice((1, 3))))


def _draw_discount(field: Field, rng: Random) -> str:
    amount = rng.choice(("0", "12.5", str(rng.randrange(1, 90))))
    return f"{amount}%" if rng.getrandbits(1) else amount


Maker = Callable[[Field, Random], Stored]

BY_TYPE: Mapping[str, Maker] = {
    "ALARM": _draw_alarm,
    "RRULE": _draw_repeat,
    "multireminder": _draw_reminders,
    "time_range": _draw_hours,
    "consent_lookup": _draw_consent,
    "linetax": _draw_line_tax,
    "module": lambda field, rng: rng.choice(("Leads", "Contacts", "Deals")),
}
#: Fields that Zoho knows by their name.
BY_NAME: Mapping[str, Maker] = {
    "Participants": _draw_participants,
    "Comments": _draw_comments,
    "Tax": _draw_taxes,
    "Pricing_Details": _draw_ranges,
    "Discount": _draw_discount,
    "Available_Dates": _draw_days,
}


def find_maker(field: Field) -> Maker | None:
    """What makes values of the field, if it is one of these."""
    if field.api_name == "Size":
        return lambda _, rng: rng.randrange(1, 20_000_000)
    if field.api_name == "Quantity" and not field.custom:  # of a line item
        return lambda _, rng: float(rng.randrange(1, 500))
    if field.api_name == "Duration":  # of a service or an appointment, in minutes
        return lambda _, rng: rng.choice((5, 15, 30, 60, 90, 1_440))
    if field.like == "text" and not field.custom:
        return BY_NAME[field.api_name]
    by_name = BY_NAME.get(field.api_name) if field.json_type == "jsonarray" else None
    return by_name or BY_TYPE.get(field.data_type)


def draw_territories(all_of_them: list[NamedItem], rng: Random) -> str:
    """The territories of a record."""
    chosen = rng.choice(all_of_them[1:] or all_of_them)
    return _dump([{"Name": chosen.name, "id": str(chosen.id), "$assigned": "Auto"}])
