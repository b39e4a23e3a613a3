"""Tasks, events and calls, and the notes and attachments of any record."""

from zoho_emulator.catalogue.notation import (
    ENDING,
    RECORD_ID,
    STAMPS,
    TAG,
    Table,
    field,
    lookup,
    owner,
    picklist,
)

#: What an activity or a note may be about. Zoho's metadata names them "se_module".
_RELATED = (
    *("Accounts", "Deals", "Leads", "Products", "Quotes", "Sales_Orders", "Purchase_Orders"),
    *("Invoices", "Campaigns", "Vendors", "Cases", "Solutions", "Vehicles"),
)
_ABOUT = (
    field("What_Id", "lookup", label="Related To", targets=_RELATED),
    lookup("Who_Id", "Contacts", label="Contact Name"),
)
_TASK_STATES = ("Not Started", "Deferred", "In Progress", "Completed", "Waiting for input")
_PRIORITIES = ("High", "Highest", "Low", "Lowest", "Normal")
_RECURRING = field("Recurring_Activity", "RRULE", label="Repeat")

TASKS = Table(
    "Tasks",
    "Task",
    display_field="Subject",
    rows=400,
    fields=(
        owner("Task"),
        field("Subject", length=255, mandatory=True),
        field("Due_Date", "date"),
        *_ABOUT,
        picklist("Status", *_TASK_STATES),
        picklist("Priority", *_PRIORITIES),
        field("Closed_Time", "datetime", read_only=True),
        field("Send_Notification_Email", "boolean"),
        _RECURRING,
        field("Remind_At", "ALARM", label="Reminder"),
        field("Description", "textarea"),
        *STAMPS,
        *ENDING,
    ),
)

EVENTS = Table(
    "Events",
    "Meeting",
    plural_label="Meetings",
    module_name="Meetings",
    display_field="Event_Title",
    rows=300,
    fields=(
        owner("Meeting"),
        field("Event_Title", length=255, label="Title", mandatory=True),
        field("Venue", length=255, label="Location"),
        field("All_day", "boolean"),
        field("Start_DateTime", "datetime", label="From", mandatory=True),
        field("End_DateTime", "datetime", label="To", mandatory=True),
        *_ABOUT,
        _RECURRING,
        # UNVERIFIED: its data type in v2. Zoho's SDKs know both types, and v2 shows a datetime.
        field("Remind_At", "multireminder", label="Reminder", v2_type="event_reminder"),
        # UNVERIFIED: its data type and that lists carry it. SDKs know the field by its name.
        field("Participants", "bigint", json_type="jsonarray", filterable=False, sortable=False),
        field("Check_In_Time", "datetime", read_only=True),
        field("Check_In_Address", "textarea", textarea="small", read_only=True),
        picklist("Check_In_Status", "PLANNED", "VISITED", read_only=True),
        field("Description", "textarea"),
        *STAMPS,
        *ENDING,
    ),
)

CALLS = Table(
    "Calls",
    "Call",
    display_field="Subject",
    rows=300,
    fields=(
        owner("Call"),
        field("Subject", length=255, mandatory=True),
        picklist("Call_Type", "Outbound", "Inbound", "Missed", mandatory=True),
        picklist("Call_Purpose", "-None-", "Prospecting", "Administrative", "Negotiation", "Demo"),
        *_ABOUT,
        field("Call_Start_Time", "datetime", mandatory=True),
        field("Call_Duration", length=20),
        field("Call_Duration_in_seconds", "integer"),
        picklist("Call_Status", "Overdue", "Scheduled", "Completed", "Cancelled"),
        field("Call_Agenda", "textarea", textarea="small"),
        picklist("Call_Result", "-None-", "Interested", "Not interested", "No response/Busy"),
        picklist("Outgoing_Call_Status", "Scheduled", "Completed", "Cancelled"),
        field("CTI_Entry", "boolean", read_only=True),
        field("Caller_ID", length=50),
        # A picklist by its metadata, a datetime by its values, as readers of Zoho report.
        field("Reminder", "picklist", like="datetime", length=120),
        field("Voice_Recording__s", "website", label="Voice Recording", since=4.0),
        field("Description", "textarea"),
        *STAMPS,
        *ENDING,
    ),
)

#: Tasks, events and calls together, in v2 and v2.1 only.
ACTIVITIES = Table(
    "Activities",
    "Activity",
    display_field="Subject",
    until=2.1,
    view_of=("Tasks", "Events", "Calls"),
    writable=False,
    fields=(
        owner("Activity"),
        field("Activity_Type", length=20, read_only=True),
        field("Subject", length=255),
        field("Event_Title", length=255, label="Title"),
        field("Due_Date", "date"),
        field("Start_DateTime", "datetime", label="From"),
        field("End_DateTime", "datetime", label="To"),
        field("Call_Start_Time", "datetime"),
        field("Call_Duration", length=20),
        picklist("Call_Type", "Outbound", "Inbound", "Missed"),
        *_ABOUT,
        picklist("Status", *_TASK_STATES),
        picklist("Priority", *_PRIORITIES),
        field("Description", "textarea"),
        *STAMPS,
        TAG,
        field("id", "bigint", label="Activity Id", read_only=True),
    ),
)

NOTES = Table(
    "Notes",
    "Note",
    display_field="Note_Title",
    rows=300,
    status="system_hidden",
    fields=(
        owner("Note"),
        field("Note_Title", length=120),
        field("Note_Content", "textarea", v2_type="text"),
        field(
            "Parent_Id",
            "lookup",
            label="Parent ID",
            targets=(*_RELATED, "Contacts"),
            mandatory=True,
            module_since=7.0,
        ),
        *STAMPS,
        RECORD_ID,
    ),
)

ATTACHMENTS = Table(
    "Attachments",
    "Attachment",
    display_field="File_Name",
    rows=200,
    status="system_hidden",
    files=True,
    fields=(
        owner("Attachment"),
        field("File_Name", length=255, mandatory=True),
        field("Size", "bigint", read_only=True),
        field(
            "Parent_Id",
            "lookup",
            label="Parent ID",
            targets=(*_RELATED, "Contacts", "Notes"),
            mandatory=True,
        ),
        *STAMPS,
        RECORD_ID,
    ),
)
