"""Rows that name records by External IDs, which Zoho itself finds, are written after these."""

import pytest

from unit_tests.destination.conftest import Json, Org, row, state, stream

#: The sample org's products have no External ID.
PRODUCT_ID = {"api_name": "Shop_ID", "data_type": "text", "custom": True, "unique": True}


def test_what_has_arrived_of_the_parents_is_written_before(org: Org) -> None:
    lines = []
    for n in range(150):
        lines.append(row("Accounts", {"Account_Name": f"A-{n}", "ERP_ID": f"E-{n}"}))
        lines.append(row("Contacts", {"Last_Name": f"L-{n}", "Account_Name.ERP_ID": f"E-{n}"}))
    org.fail("insert", "delay", times=99, where="A-1", seconds=0.3)
    streams = [
        stream("Accounts", "Account_Name", "ERP_ID"),
        stream("Contacts", "Last_Name", "Account_Name.ERP_ID"),
    ]

    result = org.write_lines(streams, [*lines, state("Accounts"), state("Contacts")])

    assert [result.counts(state=n) for n in (0, 1)] == [{"created": 150}] * 2
    for n in (0, 99, 149):
        account = org.record("Accounts", ERP_ID=f"E-{n}")
        assert org.record("Contacts", Last_Name=f"L-{n}")["Account_Name"]["id"] == account["id"]
    # The order costs no calls.
    assert org.calls("insert:Accounts") + org.calls("insert:Contacts") == 4


def test_products_are_written_before_the_line_items_that_name_them(org: Org) -> None:
    org.control("POST", "fields/Products", PRODUCT_ID | {"external": {"type": "org"}})
    lines = []
    for n in range(3):
        lines.append(row("Products", {"Product_Name": f"P-{n}", "Shop_ID": f"S-{n}"}))
        items = [{"Product_Name.Shop_ID": f"S-{n}", "Quantity": 2}]
        lines.append(row("Quotes", {"Subject": f"Q-{n}", "Quoted_Items": items}))
    org.fail("insert", "delay", where="P-1", seconds=0.3)
    streams = [
        stream("Products", "Product_Name", "Shop_ID"),
        stream("Quotes", "Subject", "Quoted_Items"),
    ]

    result = org.write_lines(streams, [*lines, state("Quotes"), state("Products")])

    assert [result.counts(state=n) for n in (0, 1)] == [{"created": 3}] * 2
    product = org.record("Products", Shop_ID="S-2")["id"]
    assert [item for item in org.records("Quoted_Items") if item["Product_Name"]["id"] == product]


@pytest.mark.parametrize("depth", [1, 3])
def test_a_record_of_the_same_stream_is_written_before(org: Org, depth: int) -> None:
    rows: list[Json] = [{"Account_Name": "A-0", "ERP_ID": "E-0", "Parent_Account.ERP_ID": None}]
    for n in range(1, depth + 1):
        parent = {"Parent_Account.ERP_ID": f"E-{n - 1}"}
        rows.append({"Account_Name": f"A-{n}", "ERP_ID": f"E-{n}", **parent})

    result = org.write(stream("Accounts", *rows[0]), rows)

    assert result.counts() == {"created": depth + 1}
    parent = org.record("Accounts", ERP_ID=f"E-{depth - 1}")
    assert org.record("Accounts", ERP_ID=f"E-{depth}")["Parent_Account"]["id"] == parent["id"]
    assert org.calls("insert:Accounts") == depth + 1
