import re

import pytest

from zoho_crm.domains import find_api_address

KNOWN = ["https://www.zohoapis.com", "https://www.zohoapis.eu", "https://www.zohoapis.com.au"]


@pytest.mark.parametrize(
    ("api", "api_domain", "used"),
    [
        ("https://www.zohoapis.com", "https://www.zohoapis.com", None),
        ("https://www.zohoapis.com", "https://www.zohoapis.eu", "https://www.zohoapis.eu"),
        ("https://sandbox.zohoapis.com", "https://www.zohoapis.com", None),
        ("https://sandbox.zohoapis.com", "https://www.zohoapis.eu", "https://sandbox.zohoapis.eu"),
        (
            "https://developer.zohoapis.eu",
            "https://www.zohoapis.com.au",
            "https://developer.zohoapis.com.au",
        ),
    ],
)
def test_another_data_center_is_followed_and_the_environment_stays(
    api: str, api_domain: str, used: str | None
) -> None:
    assert find_api_address(api, api_domain, KNOWN) == used


@pytest.mark.parametrize(
    "api_domain",
    [
        "https://www.example.com",
        "https://zohoapis.com.example.com",
        "http://www.zohoapis.eu",
        "https://evil.com/www.zohoapis.eu",
        "zohoapis.eu",
        "",
        "https://www.zohoapis.com.example.com",
        "https://www.zohoapis.eu@www.example.com",
        "https://user@www.zohoapis.eu",
        "https://www.zohoapis.eu:8443",
        "https://www.zohoapis.eu.",
        "https://www.example.com#www.zohoapis.eu",
        "https://www.example.com?www.zohoapis.eu",
        "https://www.example.com\\www.zohoapis.eu",
        "//www.zohoapis.eu",
        "ftp://www.zohoapis.eu",
    ],
)
def test_what_is_not_zohos_is_not_followed(api_domain: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(api_domain)):
        find_api_address("https://www.zohoapis.com", api_domain, KNOWN)
