"""What differs between the API versions that are emulated. A version is data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Version:
    name: str
    #: Position in Zoho's history: 2, 2.1, 4 or 8. Modules and fields say since when they exist.
    number: float
    #: Get Records: `fields` must be given and names at most 50 fields.
    fields_required: bool
    #: Get Records: page tokens, and no more than 2,000 rows by `page`.
    page_tokens: bool
    #: Get Records: only id, Created_Time and Modified_Time sort.
    sort_restricted: bool
    #: COQL: most rows a call returns, and most that `limit` and `offset` reach together.
    coql_rows: int
    coql_reach: int
    #: COQL: joins to other modules in from/where/order by, and in select.
    coql_joins: int
    coql_select_joins: int
    #: COQL: aggregates and group by exist.
    coql_aggregates: bool
    #: Metadata: `lookup.module` and the like are plain strings.
    plain_module_names: bool
    #: Metadata: filterable, sortable, external, profiles of a field.
    field_flags: bool
    #: Metadata: `operation_type`, `associated_module`, `textarea`, modules' `status`.
    v6_metadata: bool
    #: Bulk Read: modules and the fields of criteria are named by plain strings.
    bulk_plain_names: bool = False
    #: Bulk Read: page tokens, and no page but the first by number.
    bulk_page_tokens: bool = False
    #: Writing: the status when some records failed, and when all did.
    some_failed: int = 207
    all_failed: int = 400
    #: Writing: errors name their place in the body.
    json_paths: bool = True
    #: Writing: feature executions, If-Unmodified-Since, all errors of a record at once and the
    #: record that a duplicate is one of.
    v7_writes: bool = False
    #: Bulk Write: files by name, inventory modules, and answers without keys that are null.
    v7_bulk_write: bool = False


VERSIONS = {
    version.name: version
    for version in (
        Version(
            *("v2", 2.0, False, False, False, 200, 10_000, 2, 2, False, True, False, False),
            bulk_plain_names=True,
            some_failed=202,
            all_failed=202,
            json_paths=False,
        ),
        Version("v2.1", 2.1, False, False, False, 200, 10_000, 2, 2, False, True, True, False),
        Version("v4", 4.0, True, True, True, 2_000, 10_000, 2, 2, True, False, True, False),
        Version(
            *("v8", 8.0, True, True, True, 2_000, 100_000, 5, 15, True, False, True, True),
            bulk_page_tokens=True,
            v7_writes=True,
            v7_bulk_write=True,
        ),
    )
}
