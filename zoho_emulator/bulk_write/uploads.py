"""POST /crm/{v}/upload ("Bulk Write: Upload File")."""

import io
import re
import zipfile

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_NAME = re.compile(rb'content-disposition:[^\r\n]*[;\s]name="?([^";\r\n]*)', re.IGNORECASE)
_MEGABYTE = 1024 * 1024


def read_upload(call: Call) -> memoryview:
    """The ZIP that a call brings; raises what Zoho refuses.

    UNVERIFIED: in which order it looks, and the message for a call without a file.
    """
    feature, org = call.headers.get("feature"), call.headers.get("x-crm-org")
    for name, given in (("feature", feature), ("x-crm-org", org)):
        if not given:
            raise ZohoError("MANDATORY_NOT_FOUND", f"Required key {name} is not available")
    if feature != "bulk-write":
        raise ZohoError("NOT_SUPPORTED_FEATURE", "Feature is not supported")
    if org != str(call.store.org.zgid):
        raise ZohoError("INVALID_DATA", "Invalid data - x-crm-org")
    content = find_part(call.body, call.headers.get("content-type", ""), "file")
    if content is None:
        raise ZohoError("MANDATORY_NOT_FOUND", "Required key file is not available")
    if len(content) > call.knobs.bulk_write_zip_mb * _MEGABYTE:
        raise _too_large(call)
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise ZohoError("INVALID_FILE_FORMAT", "invalid file format. only zip format is supported")
    return content


def _too_large(call: Call) -> ZohoError:
    if call.knobs.bulk_write_too_large == "FILE_TOO_LARGE":
        return ZohoError("FILE_TOO_LARGE", "File size too large to process", status=413)
    return ZohoError("INVALID_DATA", "Import file size should be less than 25 mb.")


def find_part(body: bytes, content_type: str, name: str) -> memoryview | None:
    """The content of a part of multipart/form-data; None where there is none of this name."""
    said = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or said is None:
        return None
    mark = b"--" + (said[1] or said[2]).encode("latin-1", "replace")
    start = body.find(mark)
    while start >= 0 and not body.startswith(b"--", start + len(mark)):
        begin = body.find(b"\r\n\r\n", start)
        end = body.find(b"\r\n" + mark, start)
        if begin < 0 or end < begin:
            return None
        named = _NAME.search(body, start, begin)
        if named and named[1].decode("latin-1") == name:
            return memoryview(body)[begin + 4 : end]
        start = end + 2
    return None
