"""Amounts of the sample org's documents are those that Zoho would compute."""

import pytest

DOCUMENTS = {
    "Quotes": "Quoted_Items",
    "Sales_Orders": "Ordered_Items",
    "Purchase_Orders": "Purchase_Items",
    "Invoices": "Invoiced_Items",
}


@pytest.fixture
def new_org(zoho):
    """As it was drawn."""
    zoho.control("POST", "reset", {"org": True})
    return zoho


@pytest.mark.parametrize("module", DOCUMENTS.values())
def test_a_line_item_has_the_amounts_of_its_product_price_discount_and_taxes(
    new_org, module
) -> None:
    products = {row["id"]: row for row in new_org.truth("Products")}
    items = new_org.truth(module)
    for item in items:
        product = products.get(item["Product_Name"]["id"])
        if product is not None:
            copied = item["Unit_Price"], item["Quantity_in_Stock"]
            assert copied == (product["Unit_Price"], product["Qty_in_Stock"])
        quantity = 1 if item["Quantity"] is None else item["Quantity"]
        total = item["List_Price"] * quantity
        assert item["Total"] == pytest.approx(total, abs=0.011)
        text = item["Discount"] or "0"
        share = float(text.rstrip("%"))
        discount = total * share / 100 if text.endswith("%") else share
        after = total - discount
        assert item["Total_After_Discount"] == pytest.approx(after, abs=0.011)
        taxes = [after * tax["percentage"] / 100 for tax in item["Line_Tax"] or []]
        assert [tax["value"] for tax in item["Line_Tax"] or []] == pytest.approx(taxes, abs=0.011)
        tax = sum(taxes) if taxes else item["Tax"] or 0
        assert item["Net_Total"] == pytest.approx(after + tax, abs=0.03)
    assert len(items) > 20
    assert len({item["Net_Total"] for item in items}) > len(items) / 2


@pytest.mark.parametrize(("module", "of_items"), DOCUMENTS.items())
def test_a_document_has_the_totals_of_its_line_items(new_org, module, of_items) -> None:
    nets: dict[str, float] = {}
    for item in new_org.truth(of_items):
        parent = item["Parent_Id"]["id"]
        nets[parent] = nets.get(parent, 0) + item["Net_Total"]
    documents = new_org.truth(module)
    for record in documents:
        net = nets.get(record["id"], 0)
        own = {name: record[name] or 0 for name in ("Discount", "Tax", "Adjustment")}
        assert record["Sub_Total"] == pytest.approx(net, abs=0.011)
        grand = net - own["Discount"] + own["Tax"] + own["Adjustment"]
        assert record["Grand_Total"] == pytest.approx(grand, abs=0.011)
    assert len(documents) >= 20
    assert len(nets) > 15


@pytest.mark.parametrize(("module", "of_items"), DOCUMENTS.items())
def test_a_write_that_changes_nothing_leaves_the_totals(new_org, module, of_items) -> None:
    """What is drawn and what is written have the same amounts."""
    fields = new_org.get("v8/settings/fields", module=module).json()["fields"]
    (rows,) = (field["api_name"] for field in fields if field["data_type"] == "subform")
    before = read_totals(new_org, module)
    of_record: dict[str, list[dict[str, object]]] = {record: [] for record in before}
    for item in new_org.truth(of_items):
        of_record[item["Parent_Id"]["id"]].append({"id": item["id"]})

    data = [{"id": record, rows: items} for record, items in of_record.items() if items]
    answer = new_org.call("PUT", f"v8/{module}", json={"data": data})

    assert answer.status_code == 200, answer.text
    assert read_totals(new_org, module) == before


def read_totals(zoho, module):
    return {row["id"]: (row["Sub_Total"], row["Grand_Total"]) for row in zoho.truth(module)}
