"""Zoho's codes in answers to writes: whether they concern the call or a record."""

from zoho_crm.errors import PERMISSION_LACKING, SCOPE_LACKING, TOKEN_REFUSED

#: Another record has a value that must be unique.
DUPLICATE_DATA = "DUPLICATE_DATA"
#: A new record lacks a value that it must have.
MANDATORY_NOT_FOUND = "MANDATORY_NOT_FOUND"
#: Codes that concern a record. Zoho's samples show some of them without a list around them, as if
#: the whole call were refused ("Insert Records": samples of errors).
OF_RECORDS = frozenset(
    """
    INVALID_DATA MANDATORY_NOT_FOUND DUPLICATE_DATA MULTIPLE_OR_MULTI_ERRORS NOT_APPROVED
    NOT_REVIEWED DEPENDENT_FIELD_MISSING DEPENDENT_MISMATCH DEPENDENT_FIELD_UNCHANGED
    EXPECTED_FIELD_MISSING AMBIGUITY_DURING_PROCESSING RECORD_LOCKED RECORD_IN_BLUEPRINT
    CANNOT_PROCESS CONVERTED_RECORD ID_ALREADY_CONVERTED NOT_ALLOWED PATTERN_NOT_MATCHED
    MAPPING_MISMATCH DATA_MISMATCH DUPLICATE_LINKING_DATA
    """.split()  # noqa: SIM905 - a list of words reads better as words
)

#: The records are linked already ("Update Records": errors of multi-select lookups).
DUPLICATE_LINK = "DUPLICATE_LINKING_DATA"

#: Codes that always concern a whole call. INVALID_MODULE is in a list in some samples and alone in
#: recordings.
OF_CALLS_ONLY = TOKEN_REFUSED | {
    SCOPE_LACKING,
    "API_NOT_SUPPORTED",
    "INVALID_HOST",
    "INVALID_MODULE",
    "INVALID_REQUEST_METHOD",
    "INVALID_URL_PATTERN",
    "TOO_MANY_REQUESTS",
}
#: Codes that concern a whole call unless they name a record; so do those of `lacks_feature`.
OF_CALLS = (
    OF_CALLS_ONLY
    | PERMISSION_LACKING
    | {
        "LICENSE_LIMIT_EXCEEDED",
        "LIMIT_EXCEEDED",
        "MODULE_NOT_AVAILABLE",
        "MODULE_NOT_SUPPORTED",
        "NOT_SUPPORTED_FEATURE",
        "REQUIRED_PARAM_MISSING",
        "STORAGE_SPACE_EXCEEDED",
    }
)

#: Codes that concern the state of a record: no row can change it now. BLOCKED_RECORD is of Bulk
#: Write.
OF_RECORD_STATES = frozenset(
    """
    BLOCKED_RECORD NOT_APPROVED NOT_REVIEWED RECORD_LOCKED RECORD_IN_BLUEPRINT CONVERTED_RECORD
    ID_ALREADY_CONVERTED
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
