"""What an error says of an address to which Zoho sends a call on."""

import pytest
import requests

from zoho_crm.redirects import refuse_redirect


@pytest.mark.parametrize(
    ("location", "reported"),
    [
        ("https://other.example/crm?x=1", "https://other.example"),
        ("http://user:secret@other.example:8443/x", "http://other.example:8443"),
        ("http://a@b:secret@other.example/x", "http://other.example"),
        ("//user:secret@other.example/x", "the host other.example"),
        ("/elsewhere", "another path"),
        ("", "another path"),
        ("http://[foo", "an invalid address"),
        ("//[::1", "an invalid address"),
    ],
)
def test_a_redirect_names_scheme_and_host_and_nothing_else(location: str, reported: str) -> None:
    response = requests.Response()
    response.status_code = 302
    response.headers["Location"] = location

    refusal = refuse_redirect(response)

    assert refusal is not None
    assert refusal.error_message == (
        f"Zoho sends the call on to {reported}, and calls are made to the configured addresses "
        "only. "
        "Choose the region and environment in which the org was made."
    )
