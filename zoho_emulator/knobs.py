"""Choices of a run: undocumented behaviour of Zoho, and the state of the org.

A default is what Zoho documents, or the more likely of two readings. Limits are knobs too, so that
a test of a limit needs no 100,000 rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_type_hints

from zoho_emulator.knob_values import parse_value

SCOPES = (
    "ZohoCRM.modules.ALL",
    "ZohoCRM.settings.ALL",
    "ZohoCRM.users.ALL",
    "ZohoCRM.org.ALL",
    "ZohoCRM.coql.READ",
    "ZohoCRM.bulk.ALL",
    "ZohoSearch.securesearch.READ",
)
AUTOMATIONS = ("workflow", "approval", "blueprint", "pathfinder", "orchestration")


@dataclass(slots=True)
class Knobs:
    # --- OAuth
    #: Access tokens per refresh token in ten rolling minutes; 0 is no limit.
    tokens_per_10_min: int = 10
    #: Access tokens of one refresh token that live at a time; one more kills the oldest.
    live_tokens: int = 15
    #: What a token may do. Zoho fixes it at consent; here it also counts for tokens already out.
    scopes: tuple[str, ...] = SCOPES
    #: The same, in addition. Uploads for bulk write need ZohoFiles.files.ALL, which connectors
    #: that only read never ask for.
    more_scopes: tuple[str, ...] = ()
    #: `api_domain` of the token answer; empty is the address the caller used.
    api_domain: str = ""
    #: Lifetime in seconds that the token answer gives; a token lives an hour. Some answers gave
    #: milliseconds.
    token_expires_in: int = 3_600
    #: Keys that the token answer lacks. Answers without any were reported.
    token_without: tuple[str, ...] = ()
    #: False: the token's user is not an administrator (Notes are then refused).
    admin_user: bool = True

    # --- Limits
    #: Whether a COQL call costs by its LIMIT or by the rows it returned ("API Limits" says both).
    coql_credits: Literal["limit", "rows"] = "limit"
    #: Credits of a rolling day; 0 is what edition and licences give.
    credits_per_day: int = 0
    #: Credits that other applications have used; they never roll off.
    credits_used: int = 0
    #: Answers show the credits that are left once half of them are used, as "API Limits" says. None
    #: of 63 recorded answers does, and how much was used then is not known.
    credits_header: bool = True
    #: Calls at a time; 0 is what the edition gives.
    concurrency: int = 0
    #: Calls at a time of COQL, of lists with `sort_by` or `cvid`, and of writes of more than ten
    #: records.
    sub_concurrency: int = 10
    #: Rows that a list gives by `page`, and by `page_token`.
    page_rows: int = 2_000
    page_token_rows: int = 100_000
    #: Most `ids` of one list call. The docs do not name a number.
    max_ids: int = 100

    # --- Requests
    #: Versions that take a JSON body of no Content-Type in calls for records and queries. Zoho's
    #: own clients of these send none; of v4 nothing is known.
    json_unsaid: tuple[str, ...] = ("v2", "v2.1", "v8")
    #: The same in bulk read, where Zoho's clients of v2 and v2.1 do say what they send.
    bulk_json_unsaid: tuple[str, ...] = ("v8",)
    #: Modules are known in any letter case in paths and in `module=`. A client in wide use names
    #: them in lower case; Zoho's pages write `api_name` and do not speak of case.
    module_names_any_case: bool = True

    #: Refusals of whole calls stand in `data`, as the answers to records do. Zoho's samples of v8
    #: show some so and some alone; recordings of v6 show them alone.
    refusals_in_data: bool = False

    # --- Reading
    #: `If-Modified-Since` also returns rows of exactly that second.
    if_modified_since_inclusive: bool = True
    #: Whether a page token stands after the last row of its page, or counts the rows before it as
    #: they are when it is used. Zoho does not say whether its tokens show one point in time.
    page_tokens: Literal["stand", "count"] = "stand"
    #: The status when `If-Modified-Since` leaves nothing; others report 204.
    not_modified: int = 304
    #: Columns that a query selects at most in v8. The page says 50; a client in production asks for
    #: up to 500.
    coql_columns: int = 50
    #: COQL returns converted leads.
    coql_converted: bool = True
    #: COQL takes a datetime that ends in Z. The samples carry numeric offsets.
    coql_accepts_z: bool = False
    #: How COQL gives the options of a multi-select picklist: as a list, or as one text that joins
    #: them by this. Samples show lists; an org was seen to give texts with semicolons.
    coql_lists: Literal["list", ";", ","] = "list"
    #: In COQL, a backslash before a quote makes it part of the text. No page says so.
    coql_backslash_escapes: bool = True
    #: Characters of a rich-text field that lists return; 0 is all of them.
    rich_text_cut: int = 500
    #: The same in a single record. The docs say of lists that they cut, and of a call for the rest.
    single_rich_text_cut: int = 0
    #: What the line items of v2 show of a price book. Samples show null, a post of Zoho's sends the
    #: bare id, and Zoho's SDK of v2 reads a number.
    v2_price_books: Literal["id", "object"] = "id"
    #: `/deleted` lists rows of subforms and linking modules. Nothing documents it.
    child_deletes: bool = False
    #: Modules that are listed and that no call reads or writes, each "MODULE" (the token's profile
    #: may not see it: 403 NO_PERMISSION) or "MODULE:CODE" with a code of `REFUSALS`. A client in
    #: production names modules for each of the other three.
    refused_modules: tuple[str, ...] = ()
    #: Their fields are refused, too. No source says which of them show their fields.
    refused_metadata: bool = False
    #: Modules that COQL does not know, in addition to those the API refuses. The aggregate of
    #: activities is in no list of what COQL supports.
    coql_refused_modules: tuple[str, ...] = ("Activities",)
    #: Features that the org lacks: currencies, territories or another settings call, each by itself
    #: (then the code is that of the call's own sample) or as "NAME:CODE" of `FEATURE_CODES`.
    features_refused: tuple[str, ...] = ()

    #: Seconds of the clock until lists, queries and exports show what was written; single records
    #: and `/deleted` show it at once. People report rows that are seen late; no source says by how
    #: much.
    visible_after_s: float = 0.0

    # --- Metadata
    #: What `return_type` says of a formula that gives a text. No page read names the word; Zoho's
    #: SDKs for Node of v7 and v8 know "text" and fail on modules with "string".
    formula_texts: Literal["text", "string"] = "text"
    #: v2 lists fields of the type `territories`, as later versions do. Zoho's SDK for Python of v2
    #: knows no such type; no recorded org of v2 has territories.
    v2_territories: bool = True

    # --- Bulk Read
    #: Seconds of the clock from a job to its result; writing the file may take longer. Real small
    #: jobs take some 3.5.
    bulk_job_seconds: float = 0.2
    #: Jobs worked on at a time; more are QUEUED. Zoho names no number.
    bulk_parallel: int = 4
    #: Downloads a minute; 0 is no limit. Zoho allows 10.
    bulk_downloads_per_minute: int = 0
    #: The first so many jobs since the start or a reset end in FAILURE.
    bulk_fail: int = 0
    #: Hours that a result can be downloaded. A day is what a sister product promises.
    bulk_result_hours: float = 24.0
    #: Rows of one job.
    bulk_rows: int = 200_000
    #: Whether `between` and `not_between` include the ends of the range. No page says so.
    bulk_between_inclusive: bool = True
    #: Looks at a completed job that show no `result`. A client in production has met such a job.
    bulk_bare_looks: int = 0
    #: What joins options of a multi-select picklist, or names of tags, in a cell. Bulk write takes
    #: semicolons; the code of a client in production says that bulk read joins by commas.
    bulk_list_separator: Literal[";", ","] = ";"
    #: Credits that making a job costs.
    bulk_job_credits: int = 50
    #: Modules that bulk read does not support, in addition to those it never supports.
    bulk_refused_modules: tuple[str, ...] = ()

    # --- Bulk Write
    #: Seconds of the clock from a job to its end; writing the rows may take longer.
    bulk_write_job_seconds: float = 0.2
    #: Credits that making a job costs.
    bulk_write_job_credits: int = 500
    #: Rows of one file: the page has this number and, of a request, 10,000.
    bulk_write_rows: int = 25_000
    #: 200 rows of a subform, or of line items, are all that a file or that a record may have. The
    #: page says file.
    bulk_write_child_rows: Literal["file", "record"] = "file"
    #: Megabytes of one upload.
    bulk_write_zip_mb: float = 25.0
    #: How a larger one is refused: the specification of v8, or with status 413 the page of v7.
    bulk_write_too_large: Literal["INVALID_DATA", "FILE_TOO_LARGE"] = "INVALID_DATA"
    #: A job must map the fields that the layout makes mandatory, and rows must have them: seen in a
    #: live org. The page of v7 says that the layout does not count.
    bulk_write_layout_fields: bool = True
    #: `find_by` takes fields of External IDs. No source says so.
    bulk_write_external_find_by: bool = False
    #: Forms of dates without a `format`: MM/dd/yyyy of the page, ISO 8601 of posts, or both.
    bulk_write_dates: Literal["us", "iso", "both"] = "us"
    #: Rows set off automations. No source says so.
    bulk_write_automations: bool = False
    #: The first so many jobs since the start or a reset end in FAILED, after this number of rows.
    bulk_write_fail: int = 0
    bulk_write_fail_rows: int = 0
    #: How the state of a job at work is spelt. Samples have one word, prose and SDKs have two.
    bulk_write_in_progress: Literal["INPROGRESS", "IN PROGRESS"] = "INPROGRESS"
    #: Looks at a completed job that show no `result`. A client in use has met such a job.
    bulk_write_bare_looks: int = 0
    #: The form of `download_url`: of v2's samples (on another host), of v7's and of v8's.
    bulk_write_download_url: Literal["absolute", "relative", "result"] = "absolute"
    #: Hours that a result can be downloaded: seven days.
    bulk_write_result_hours: float = 168.0
    #: Names of a result's own columns: STATUS, RECORD_ID, ERRORS, or Status, ID, Errors. One page
    #: has both.
    bulk_write_result_headers: Literal["STATUS", "Status"] = "STATUS"
    #: Words in its column of states. A client in use looks for `success`.
    bulk_write_status_words: Literal["added", "ADDED", "success"] = "added"
    #: Which mapped columns are its first three: by their place in the file, or in the mappings as
    #: they were sent, or as the job shows them.
    bulk_write_result_columns: Literal["index", "sent", "kept"] = "index"
    #: The last so many rows of a file are left unprocessed, or are not in the result.
    bulk_write_unprocessed: int = 0
    bulk_write_result_lacks: int = 0

    # --- Writing
    #: Statuses when some records failed and when all did; 0 is the version's. Old sandboxes are
    #: said to answer 200, clients of v2 to expect 202.
    some_failed_status: int = 0
    all_failed_status: int = 0
    #: v8 reports all errors of a record at once (MULTIPLE_OR_MULTI_ERRORS), as its samples do.
    multiple_errors: bool = True
    #: A key that is not a field. A sample of v8 shows an error; reports of old versions show none.
    unknown_fields: Literal["refuse", "ignore"] = "refuse"
    #: A read-only field. "Update Records" lets a call send what another one returned.
    read_only_fields: Literal["ignore", "refuse"] = "ignore"
    #: An empty text clears the field like null, is kept or rejected. The docs speak of null only.
    empty_text: Literal["clear", "keep", "refuse"] = "clear"
    #: Spaces around texts are removed. The docs do not say so.
    trim_text: bool = False
    #: Decimals of a double after the ninth. The docs give the number and no error.
    long_decimals: Literal["refuse", "cut"] = "refuse"
    #: A datetime that ends in Z, without fractions of a second: Zoho's Node SDK of v8 writes
    #: all in this form. The samples carry numeric offsets.
    writes_accept_z: bool = True
    #: Options that a picklist lacks. "Insert Records": they are added.
    new_options: Literal["add", "refuse"] = "add"
    #: {"email": ...} names a user. Seen in calls, in no page.
    owner_by_email: bool = True
    #: Lookups, owners and layouts take an id without an object around it. Some samples do so.
    bare_lookup_ids: bool = True
    #: Which of several records an upsert updates.
    upsert_pick: Literal["oldest", "newest"] = "oldest"
    #: An upsert uses the id in a record; if false, it ignores it.
    upsert_by_id: bool = True
    #: An upsert may match what the same call has inserted.
    batch_sees_itself: bool = True
    #: Unique values of converted leads count ("Duplicate Check Preference": converted_records).
    unique_among_converted: bool = False
    #: Modules whose unique values must not be in another module's field of the same name either,
    #: each "MODULE:OTHER" ("Duplicate Check Preference": records of mapped modules, as of leads and
    #: contacts).
    unique_across: tuple[str, ...] = ()
    #: The code of an update of a converted lead; three pages name three codes.
    converted_code: Literal["INVALID_DATA", "CONVERTED_RECORD", "ID_ALREADY_CONVERTED"] = (
        "INVALID_DATA"
    )
    #: An update that gives an appointment the start it has, and no reason to reschedule.
    same_start_time: Literal["accept", "refuse"] = "accept"
    #: Records that no call may write, each "ID:CODE" with a code of `HOLDS`.
    held_records: tuple[str, ...] = ()
    #: Modules that the token's profile may see and not write: 403 NO_PERMISSION.
    read_only_modules: tuple[str, ...] = ()
    #: Kinds of automations that every module has; "cadences" is one more.
    automations: tuple[str, ...] = AUTOMATIONS

    # --- State of the org and the server
    #: Until this time (ISO 8601) the org is on trial; then its edition is Free. Empty: it pays.
    trial_until: str = ""
    #: IANA name of the org's time zone, whose offset datetimes carry.
    time_zone: str = "America/Los_Angeles"
    #: That of the users; empty: the org's. Bulk write reads datetimes without an offset by it.
    user_time_zone: str = ""
    #: Milliseconds that each call under /crm takes.
    latency_ms: float = 0.0
    #: n > 0: each n-th call for data edits or deletes `churn_rows` random rows of its module first.
    churn: int = 0
    churn_rows: int = 3
    churn_kind: Literal["edit", "delete"] = "edit"
    #: Megabytes of answers kept for equal requests while no data changes; for benchmarks.
    body_cache_mb: int = 64
    #: Rows that a query has shown are kept as JSON for other queries of the same columns; for
    #: benchmarks, where no data changes.
    keep_rows: bool = False

    def set(self, values: Mapping[str, object]) -> None:
        """Sets all values or, with a ValueError, none."""
        types = get_type_hints(type(self))
        unknown = sorted(set(values) - {knob.name for knob in fields(self)})
        if unknown:
            raise ValueError(f"no such knob: {', '.join(unknown)}")
        parsed = {name: parse_value(name, value, types[name]) for name, value in values.items()}
        for name, value in parsed.items():
            setattr(self, name, value)

    def set_text(self, assignment: str) -> None:
        """NAME=VALUE of the command line."""
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ValueError(f"{assignment!r} is not NAME=VALUE")
        self.set({name.strip(): value.strip()})
