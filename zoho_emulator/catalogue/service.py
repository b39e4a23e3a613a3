"""Campaigns, cases, solutions, and the appointments of v3's generation and later."""

from zoho_emulator.catalogue.notation import (
    ENDING,
    PRODUCT_TAX,
    RECORD_ID,
    STAMPS,
    RowsOf,
    Table,
    custom,
    field,
    lookup,
    multiselect,
    owner,
    picklist,
)

CAMPAIGNS = Table(
    "Campaigns",
    "Campaign",
    display_field="Campaign_Name",
    rows=200,
    fields=(
        owner("Campaign"),
        field("Campaign_Name", length=200, mandatory=True),
        picklist("Type", "-None-", "Conference", "Webinar", "Trade Show", "Email", "Telemarketing"),
        picklist("Status", "-None-", "Planning", "Active", "Inactive", "Complete"),
        field("Start_Date", "date"),
        field("End_Date", "date"),
        field("Expected_Revenue", "currency"),
        field("Budgeted_Cost", "currency"),
        field("Actual_Cost", "currency"),
        field("Expected_Response", "bigint"),
        field("Num_sent", "bigint", label="Numbers sent"),
        lookup("Parent_Campaign", "Campaigns"),
        field("Description", "textarea"),
        *STAMPS,
        custom("Landing_Page", "website"),
        *ENDING,
    ),
)

#: UNVERIFIED: data type and presence in lists of Comments; SDKs know the field by its name.
_COMMENTS = field("Comments", "text", json_type="jsonarray", filterable=False, sortable=False)

CASES = Table(
    "Cases",
    "Case",
    display_field="Subject",
    rows=250,
    fields=(
        owner("Case"),
        field("Case_Number", "autonumber"),
        field("Subject", length=250, mandatory=True),
        picklist("Case_Origin", "Email", "Phone", "Web", "Twitter", "Facebook", mandatory=True),
        picklist("Status", "New", "On Hold", "Escalated", "Closed", mandatory=True),
        picklist("Priority", "-None-", "High", "Medium", "Low"),
        picklist("Type", "-None-", "Problem", "Feature Request", "Question"),
        picklist("Case_Reason", "-None-", "User did not attend any training", "Complex", "Other"),
        lookup("Product_Name", "Products"),
        lookup("Account_Name", "Accounts"),
        lookup("Deal_Name", "Deals"),
        lookup("Related_To", "Contacts", label="Contact Name"),
        field("Reported_By", length=50),
        field("Email", "email"),
        field("Phone", "phone"),
        field("Internal_Comments", "textarea"),
        field("Solution", "textarea"),
        field("No_of_comments", "integer", label="No of comments", read_only=True),
        _COMMENTS,
        field("Description", "textarea"),
        *STAMPS,
        *ENDING,
    ),
)

SOLUTIONS = Table(
    "Solutions",
    "Solution",
    display_field="Solution_Title",
    rows=200,
    fields=(
        owner("Solution"),
        field("Solution_Number", "autonumber", prefix="SOL-"),
        field("Solution_Title", length=200, mandatory=True),
        picklist("Status", "-None-", "Draft", "Reviewed", "Duplicate"),
        field("Published", "boolean"),
        lookup("Product_Name", "Products"),
        field("Question", "textarea"),
        # UNVERIFIED: which of Zoho's fields are of this type.
        field("Answer", "mediumtext"),
        field("No_of_comments", "integer", label="No of comments", read_only=True),
        _COMMENTS,
        *STAMPS,
        *ENDING,
    ),
)

AVAILABILITY = (
    *("Every Business Days", "Specific Date Range", "Specific Date(s)", "Specific Day(s)"),
)

SERVICES = Table(
    "Services__s",
    "Service",
    plural_label="Services",
    module_name="Services",
    display_field="Service_Name",
    since=4.0,
    rows=200,
    fields=(
        owner("Service"),
        field("Service_Name", length=120, mandatory=True),
        field("Duration", "integer", label="Duration (mins)", mandatory=True),
        picklist(
            "Location",
            *("Business Address", "Business Address and Client Address", "Client Address"),
            mandatory=True,
        ),
        picklist("Status", "Available", "Temporarily Unavailable", "Not in Use", "Scheduled"),
        field("Price", "currency", mandatory=True, layout_only=True),
        picklist("Availability_Type", *AVAILABILITY, mandatory=True),
        field("Available_From", "date"),
        field("Available_Till", "date"),
        # UNVERIFIED: data type of the two, lists of texts. It is the only one of those that Zoho's
        # SDKs know whose values are such lists.
        multiselect(
            "Available_Days",
            *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        ),
        field("Available_Dates", "multiselectpicklist", like="multiselectpicklist"),
        # UNVERIFIED: since which version; SDKs know the type since v6.
        field("Available_Timings", "time_range", since=8.0),
        field("Unavailable_From", "datetime"),
        field("Unavailable_Till", "datetime"),
        picklist("Job_Sheet_Required", "Yes", "No"),
        # UNVERIFIED: its data type; the samples show it empty.
        field("Job_Sheet_Section__s", returned="null"),
        PRODUCT_TAX,
        field("Members", "multiuserlookup", targets=("users",), linking="Services__s_X_Users"),
        field("Record_Image", "profileimage", label="Service Image"),
        field("Description", "textarea"),
        *STAMPS,
        *ENDING,
    ),
)

APPOINTMENTS = Table(
    "Appointments__s",
    "Appointment",
    plural_label="Appointments",
    module_name="Appointments",
    display_field="Appointment_Name",
    since=4.0,
    rows=250,
    fields=(
        # UNVERIFIED: that metadata says so; the page lists Owner with the other mandatory fields.
        owner("Appointment", mandatory=True),
        field("Appointment_Name", length=120, mandatory=True),
        lookup("Service_Name", "Services__s", mandatory=True),
        field(
            "Appointment_For",
            "multi_module_lookup",
            targets=("Contacts", "Leads", "Accounts"),
            mandatory=True,
        ),
        field("Appointment_Start_Time", "datetime", mandatory=True),
        field("Appointment_End_Time", "datetime", read_only=True),
        field("Duration", "integer", read_only=True),
        picklist("Location", "Business Address", "Client Address", "Online", mandatory=True),
        field("Address", "textarea", textarea="small"),
        picklist("Status", "Scheduled", "Rescheduled", "Completed", "Overdue", "Cancelled"),
        picklist("Cancellation_Reason", "-None-", "By customer", "By member", "Other"),
        field("Cancellation_Note", "textarea", textarea="small"),
        field("Cancelled_Time", "datetime", read_only=True),
        field("Rescheduled_From", "datetime", read_only=True),
        field("Rescheduled_To", "datetime", read_only=True),
        field("Additional_Information", "textarea"),
        *STAMPS,
        *ENDING,
        picklist("Reschedule_Reason", "-None-", "By customer", "By member", "Other"),
        field("Reschedule_Note", "textarea", textarea="small"),
    ),
)

RESCHEDULED = Table(
    "Appointments_Rescheduled_History__s",
    "Appointment Rescheduled History",
    plural_label="Appointments Rescheduled History",
    module_name="AppointmentsRescheduledHistory",
    display_field="",
    generated_type="field_tracker",
    status="user_hidden",
    since=4.0,
    rows_of=RowsOf("Appointments__s", "Appointment_Name", share=40),
    fields=(
        lookup("Appointment_Name", "Appointments__s", mandatory=True),
        field("Rescheduled_Time", "datetime", mandatory=True),
        field("Rescheduled_By", "ownerlookup", targets=("users",), ui_type=20),
        field("Rescheduled_From", "datetime", mandatory=True),
        field("Rescheduled_To", "datetime", mandatory=True),
        picklist("Reschedule_Reason", "-None-", "By customer", "By member", "Other"),
        field("Reschedule_Note", "textarea", textarea="small"),
        *STAMPS,
        RECORD_ID,
    ),
)
