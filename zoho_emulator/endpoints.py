"""Which paths of Zoho's there are, emulated or not."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from zoho_emulator.bulk import calls as bulk
from zoho_emulator.bulk_write import calls as bulk_write
from zoho_emulator.call import Call
from zoho_emulator.coql import route as coql
from zoho_emulator.metadata import org_settings, settings
from zoho_emulator.records import deleted, lists, one_record, record_count
from zoho_emulator.writing import calls as writing
from zoho_emulator.writing import tagging


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method of a path below /crm/{version}; a path may have several."""

    name: str
    path: str
    work: Callable[[Call], Response]
    method: str = "GET"
    #: Methods that Zoho has on this path and the emulator has not.
    missing: str = ""


def _build_settings(
    name: str,
    work: Callable[[Call], Response],
    missing: str = "",
    *,
    path: str = "",
    below: str = "",
) -> Endpoint:
    """A settings call; `below` its list stands a single one."""
    return Endpoint(f"settings.{name}", path or f"/settings/{name}{below}", work, missing=missing)


ENDPOINTS = (
    Endpoint("org", "/org", settings.get_org),
    Endpoint("users", "/users", settings.list_users, missing="POST PUT"),
    _build_settings("modules", settings.list_modules, "POST PUT"),
    _build_settings("modules", settings.get_module, "PUT", below="/{module}"),
    _build_settings("fields", settings.list_fields, "POST PATCH"),
    _build_settings("fields", settings.get_field, "PATCH DELETE", below="/{field}"),
    _build_settings("layouts", org_settings.list_layouts, "POST PATCH"),
    _build_settings("layouts", org_settings.get_layout, "PUT PATCH DELETE", below="/{id}"),
    _build_settings("related_lists", org_settings.list_related_lists),
    _build_settings("custom_views", org_settings.list_custom_views, "POST PUT DELETE"),
    _build_settings("roles", org_settings.list_roles, "POST PUT DELETE"),
    _build_settings("roles", org_settings.get_role, "PUT DELETE", below="/{id}"),
    _build_settings("profiles", org_settings.list_profiles, "POST PUT"),
    _build_settings("profiles", org_settings.get_profile, "PUT DELETE", below="/{id}"),
    _build_settings("territories", org_settings.list_territories, "POST PUT DELETE"),
    _build_settings("tags", org_settings.list_tags, "POST PUT"),
    _build_settings("pipeline", org_settings.list_pipelines, "POST PUT"),
    _build_settings("currencies", org_settings.list_currencies, "POST PUT", path="/org/currencies"),
    _build_settings(
        "contact_roles", org_settings.list_contact_roles, "POST PUT DELETE", path="/Contacts/roles"
    ),
    Endpoint("upload", "/upload", bulk_write.upload, method="POST"),
    Endpoint("coql", "/coql", coql.run_query, method="POST"),
    Endpoint("deleted", "/{module}/deleted", deleted.list_deleted),
    Endpoint("upsert", "/{module}/upsert", writing.upsert, method="POST"),
    Endpoint(
        "records.fetch_full_data", "/{module}/actions/fetch_full_data", one_record.fetch_full_data
    ),
    Endpoint("count", "/{module}/actions/count", record_count.count_records, missing="POST"),
    Endpoint("add_tags", "/{module}/actions/add_tags", tagging.add_tags, method="POST"),
    Endpoint("records.list", "/{module}", lists.list_records),
    Endpoint("insert", "/{module}", writing.insert, method="POST"),
    Endpoint("update", "/{module}", writing.update_many, method="PUT"),
    Endpoint("delete", "/{module}", writing.delete_many, method="DELETE"),
    Endpoint("update", "/{module}/{id}", writing.update_one, method="PUT"),
    Endpoint("delete", "/{module}/{id}", writing.delete_one, method="DELETE"),
    Endpoint("records.get", "/{module}/{id}", one_record.get_record),
    Endpoint(
        "records.fetch_full_data",
        "/{module}/{id}/actions/fetch_full_data",
        one_record.fetch_full_data,
    ),
    Endpoint(
        "records.related",
        "/{module}/{id}/{related_list}",
        one_record.list_related,
        missing="POST PUT DELETE",
    ),
)
#: Paths of single records look like many others, so they are tried last.
RECORD = "/{module}/{id}"

#: The same below /crm/bulk/{version}.
BULK_ENDPOINTS = (
    Endpoint("bulk.create", "/read", bulk.create_job, method="POST"),
    Endpoint("bulk.status", "/read/{job}", bulk.show_job),
    Endpoint("bulk.result", "/read/{job}/result", bulk.download_result),
)
BULK_WRITE_ENDPOINTS = (
    Endpoint("bulk_write.create", "/write", bulk_write.create_job, method="POST"),
    Endpoint("bulk_write.status", "/write/{job}", bulk_write.show_job),
)
#: Results of bulk write lie outside of /crm, as the version before these paths is no part of it.
RESULT_ENDPOINTS = (
    Endpoint("bulk_write.result", "/crm/{org}/bulk-write/{job}/{file}", bulk_write.download_result),
    Endpoint("bulk_write.result", "/bulk/write/{job}/result", bulk_write.download_result),
)

#: Names of the calls that are emulated, as usage counts them and faults match them.
CALL_NAMES = (
    "token",
    *dict.fromkeys(
        endpoint.name
        for endpoint in (*ENDPOINTS, *BULK_ENDPOINTS, *BULK_WRITE_ENDPOINTS, *RESULT_ENDPOINTS)
    ),
)

#: Other paths of Zoho's below /crm/{version}. Paths that could be a module's are tried first ...
UNEMULATED_LIKE_MODULES = (
    "/__apis",
    "/__composite_requests",
    "/__features",
    "/files",
    "/users/actions/count",
    "/zia/{rest:path}",
)
UNEMULATED = (
    "/org/{rest:path}",
    "/users/{rest:path}",
    "/Contacts/roles/{id}",
    "/{module}/search",
    "/{module}/actions/{action}",
    "/{module}/{id}/__conversion_options",
    "/{module}/{id}/__timeline",
    "/{module}/{id}/photo",
)
UNEMULATED_OF_RECORDS = (
    "/{module}/{id}/{related_list}/{related_id}",
    "/{module}/{id}/actions/{action}",
)
#: ... below /settings ...
UNEMULATED_SETTINGS = """
    automation blueprints business_hours cadences custom_links custom_views
    duplicate_check_preference emails field_update fields fiscal_year functions global_picklists
    holidays layouts map_dependency modules pipeline profiles recycle_bin related_lists roles
    scoring_rules tags territories user_groups variable_groups variables webhooks wizards
"""
#: ... and below /crm/bulk/{version}.
UNEMULATED_BULK = ("/backup", "/backup/{rest:path}")
