"""The page on moves between orgs says what the round trip does."""

import re
from pathlib import Path

from unit_tests.round_trip import EXCEPTIONS, MODULES

PAGE = Path(__file__).parents[1] / "docs" / "integrations" / "zoho-crm" / "from-org-to-org.md"
#: Whose fields differ from org to org: the page names the kind.
KINDS = (
    "an auto-number counts in its own org",
    "Zoho computes it of other fields",
    "Zoho computes it of other records",
)
#: Modules that only the sample org has.
CUSTOM = ("Vehicles", "Contracts")


def test_the_page_inserts_modules_in_the_order_of_the_round_trip() -> None:
    (order,) = re.findall(r"parents before children: (.+?)\. ", PAGE.read_text())

    assert order.split(", ") == [module for module in MODULES if module not in CUSTOM]


def test_the_page_names_every_field_that_no_call_writes() -> None:
    text = PAGE.read_text()
    names = {
        name.partition(".")[2] or name
        for reason, of_reason in EXCEPTIONS.items()
        for name in of_reason
        if reason not in KINDS
    }

    assert {name for name in names if f"`{name}`" not in text} == set()
    assert {*KINDS} < EXCEPTIONS.keys()
