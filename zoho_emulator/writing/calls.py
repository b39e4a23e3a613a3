"""The five calls that write."""

from functools import partial

from starlette.responses import Response

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.writing import automations
from zoho_emulator.writing.answers import write_each
from zoho_emulator.writing.body import MOST_RECORDS, read_body
from zoho_emulator.writing.matching import order_matching_fields
from zoho_emulator.writing.permission import find_writable
from zoho_emulator.writing.writer import Writer


def insert(call: Call) -> Response:
    """POST /{module} ("Insert Records")."""
    writer = Writer(call, find_writable(call, "insert"))
    body = read_body(call)
    writer.prepare(body.records, body.automations)
    return write_each(call, body.records, writer.insert, done=201)


def update_many(call: Call) -> Response:
    """PUT /{module}: each record names itself ("Update Records")."""
    writer = Writer(call, find_writable(call, "update"))
    body = read_body(call)
    writer.prepare(body.records, body.automations)
    return write_each(call, body.records, writer.update)


def update_one(call: Call) -> Response:
    """PUT /{module}/{id}, or /{value} of the field that X-EXTERNAL names."""
    writer = Writer(call, find_writable(call, "update"))
    # UNVERIFIED: what a second record is answered.
    body = read_body(call, most=1)
    writer.prepare(body.records, body.automations)
    named = call.path_params["id"]
    writer.refuse_path(named)
    return write_each(call, body.records, partial(writer.update, named=named))


def upsert(call: Call) -> Response:
    """POST /{module}/upsert ("Upsert Records")."""
    writer = Writer(call, find_writable(call, "upsert"))
    body = read_body(call)
    writer.matching = order_matching_fields(call, writer.module, body.duplicate_check_fields)
    writer.prepare(body.records, body.automations)
    return write_each(call, body.records, writer.upsert)


def delete_many(call: Call) -> Response:
    """DELETE /{module}?ids= ("Delete Records")."""
    writer = Writer(call, find_writable(call, "delete"))
    if not call.query.get("ids", "").strip(","):
        raise ZohoError(
            "REQUIRED_PARAM_MISSING",
            "One of the expected parameter is missing",
            {"param_name": "ids"},
        )
    ids = [part.strip() for part in call.query["ids"].split(",") if part.strip()]
    most = 1 if writer.module.api_name == "Appointments_Rescheduled_History__s" else MOST_RECORDS
    if len(ids) > most:
        # UNVERIFIED: the pages give the number, and no error.
        raise ZohoError("LIMIT_EXCEEDED", "limit exceeded", {"limit": most, "param_name": "ids"})
    writer.automations = automations.read_deletion_automations(call)
    return write_each(call, ids, writer.delete)


def delete_one(call: Call) -> Response:
    """DELETE /{module}/{id}, or /{value} of the field that X-EXTERNAL names."""
    writer = Writer(call, find_writable(call, "delete"))
    writer.automations = automations.read_deletion_automations(call)
    named = call.path_params["id"]
    if writer.external.key is None and writer.find_record(named) is None:
        # The one writing call whose answer to an unknown id is not a list, as its samples have it.
        known = named.isascii() and named.isdigit()
        message = "record not deleted" if known else "invalid record id"
        raise ZohoError("INVALID_DATA", message, {"resource_path_index": 1 if known else 0})
    return write_each(call, [named], writer.delete)
