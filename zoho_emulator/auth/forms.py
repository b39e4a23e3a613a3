"""Bodies of forms."""

from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl


def read_form(body: bytes, content_type: str) -> dict[str, str]:
    """The texts of a form by name: multipart/form-data if the type says so, else URL-encoded."""
    if not content_type.lower().startswith("multipart/form-data"):
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    parts = BytesParser(policy=HTTP).parsebytes(head + body)
    named = ((part.get_param("name", header="content-disposition"), part) for part in parts.walk())
    return {
        name: bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")
        for name, part in named
        if isinstance(name, str)
    }
