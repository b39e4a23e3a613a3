"""Vendors, price books, and the four documents with line items."""

from zoho_emulator.catalogue.notation import (
    ENDING,
    STAMPS,
    Draft,
    RowsOf,
    Table,
    address,
    custom,
    field,
    formula,
    lookup,
    owner,
    picklist,
    subform,
)

_CARRIERS = ("-None-", "FedEX", "UPS", "USPS", "DHL", "BlueDart")

VENDORS = Table(
    "Vendors",
    "Vendor",
    display_field="Vendor_Name",
    rows=200,
    fields=(
        owner("Vendor"),
        field("Vendor_Name", length=200, mandatory=True),
        field("Phone", "phone"),
        field("Email", "email"),
        field("Website", "website"),
        picklist("GL_Account", "-None-", "Sales-Software", "Sales-Hardware", "Rental-Income"),
        field("Category", length=50),
        field("Street", length=250),
        field("City", length=100),
        field("State", length=100),
        field("Zip_Code", length=30),
        field("Country", length=100),
        field("Description", "textarea"),
        field("Email_Opt_Out", "boolean"),
        field("Record_Image", "profileimage", label="Vendor Image"),
        *STAMPS,
        custom("Supplier_Number", length=50, unique=True, external="org"),
        *ENDING,
    ),
)

PRICE_BOOKS = Table(
    "Price_Books",
    "Price Book",
    plural_label="Price Books",
    module_name="PriceBooks",
    display_field="Price_Book_Name",
    rows=200,
    fields=(
        owner("Price Book"),
        field("Price_Book_Name", length=200, mandatory=True),
        field("Active", "boolean"),
        picklist("Pricing_Model", "-None-", "Flat", "Differential"),
        # UNVERIFIED: its data type. Zoho's SDKs know the field by its name, and the docs name no
        # module of its rows.
        field(
            "Pricing_Details",
            "subform",
            json_type="jsonarray",
            like="text",
            virtual=True,
            filterable=False,
            sortable=False,
        ),
        field("Description", "textarea"),
        *STAMPS,
        *ENDING,
    ),
)


def _build_document(
    label: str, number: str, items_field: str, items: str, *own: Draft
) -> tuple[Draft, ...]:
    """Fields of a quote, an order or an invoice."""
    return (
        owner(label),
        field(number, "autonumber", label=number.replace("_", " "), prefix=f"{label[0]}-"),
        field("Subject", length=300, mandatory=True),
        *own,
        picklist("Carrier", *_CARRIERS),
        lookup("Contact_Name", "Contacts"),
        *address("Billing_"),
        *address("Shipping_"),
        picklist("Currency", "USD", "EUR"),
        field("Exchange_Rate", "double", decimal_place=9),
        field("Discount", "currency"),
        field("Tax", "currency"),
        field("Adjustment", "currency"),
        field("Sub_Total", "formula", return_type="currency", expression="items"),
        field("Grand_Total", "formula", return_type="currency", expression="items"),
        field("Terms_and_Conditions", "textarea"),
        field("Description", "textarea"),
        # "Get Records" of v2: sample of a quote. UNVERIFIED: how fields of v2 describe it.
        field("Product_Details", "subform", linking=items, until=2.0),
        field(items_field, "subform", linking=items, since=2.1),
        *STAMPS,
        *ENDING,
    )


def _build_items(api_name: str, label: str, parent: str) -> Table:
    """Line items, a module of their own from v2.1 on."""
    return subform(
        api_name,
        label,
        RowsOf(parent),
        lookup("Product_Name", "Products", mandatory=True),
        field("Quantity", "double"),
        field("List_Price", "currency"),
        field("Unit_Price", "currency", read_only=True),
        field("Quantity_in_Stock", "double", read_only=True),
        field("Total", "formula", return_type="currency", expression="items"),
        # Zoho's SDKs make an exception for it: a string ("5%", "12.5") in a numeric field.
        field("Discount", "double", json_type="string", like="text", length=20),
        field("Total_After_Discount", "formula", return_type="currency", expression="items"),
        field("Tax", "currency"),
        field("Line_Tax", "linetax"),
        field("Net_Total", "formula", return_type="currency", expression="items"),
        lookup("Price_Book_Name", "Price_Books"),
        field("Description", "textarea", textarea="small"),
        field("Sequence_Number", "integer"),
        lookup("Parent_Id", parent, mandatory=True),
        plural_label=f"{label}s",
        since=2.1,
    )


QUOTES = Table(
    "Quotes",
    "Quote",
    display_field="Subject",
    rows=220,
    fields=_build_document(
        "Quote",
        "Quote_Number",
        "Quoted_Items",
        "Quoted_Items",
        lookup("Deal_Name", "Deals"),
        lookup("Account_Name", "Accounts"),
        picklist(
            "Quote_Stage",
            *("Draft", "Negotiation", "Delivered", "On Hold", "Confirmed", "Closed Won"),
            *("Closed Lost",),
        ),
        field("Valid_Till", "date", label="Valid Until"),
        field("Team", length=100),
    ),
)

SALES_ORDERS = Table(
    "Sales_Orders",
    "Sales Order",
    plural_label="Sales Orders",
    module_name="SalesOrders",
    display_field="Subject",
    rows=220,
    fields=_build_document(
        "Sales Order",
        "SO_Number",
        "Ordered_Items",
        "Ordered_Items",
        lookup("Deal_Name", "Deals"),
        lookup("Quote_Name", "Quotes"),
        lookup("Account_Name", "Accounts"),
        field("Customer_No", length=100, label="Customer No."),
        field("Purchase_Order", length=100),
        field("Due_Date", "date"),
        field("Pending", length=100),
        picklist("Status", "Created", "Approved", "Delivered", "Cancelled"),
        field("Excise_Duty", "currency"),
        field("Sales_Commission", "currency"),
    ),
)

PURCHASE_ORDERS = Table(
    "Purchase_Orders",
    "Purchase Order",
    plural_label="Purchase Orders",
    module_name="PurchaseOrders",
    display_field="Subject",
    rows=200,
    # UNVERIFIED: the docs name the field Purchased_Items, lists of modules its rows
    # Purchase_Items.
    fields=_build_document(
        "Purchase Order",
        "PO_Number",
        "Purchased_Items",
        "Purchase_Items",
        lookup("Vendor_Name", "Vendors", mandatory=True),
        field("Requisition_No", length=100, label="Requisition No."),
        field("Tracking_Number", length=100),
        field("PO_Date", "date"),
        field("Due_Date", "date"),
        picklist("Status", "Created", "Approved", "Delivered", "Cancelled"),
        field("Excise_Duty", "currency"),
    ),
)

INVOICES = Table(
    "Invoices",
    "Invoice",
    display_field="Subject",
    rows=220,
    fields=_build_document(
        "Invoice",
        "Invoice_Number",
        "Invoiced_Items",
        "Invoiced_Items",
        lookup("Sales_Order", "Sales_Orders"),
        lookup("Deal_Name__s", "Deals", label="Deal Name"),
        lookup("Account_Name", "Accounts"),
        field("Purchase_Order", length=100),
        field("Invoice_Date", "date"),
        field("Due_Date", "date"),
        picklist("Status", "Created", "Approved", "Delivered", "Cancelled"),
        field("Excise_Duty", "currency"),
        field("Sales_Commission", "currency"),
        formula("Days_Due", "double", "Datecomp(${Invoices.Due_Date}, ${Invoices.Invoice_Date})"),
    ),
)

QUOTED_ITEMS = _build_items("Quoted_Items", "Quoted Item", "Quotes")
ORDERED_ITEMS = _build_items("Ordered_Items", "Ordered Item", "Sales_Orders")
PURCHASE_ITEMS = _build_items("Purchase_Items", "Purchase Item", "Purchase_Orders")
INVOICED_ITEMS = _build_items("Invoiced_Items", "Invoiced Item", "Invoices")
