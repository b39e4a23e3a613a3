import re

import pytest

from zoho_crm.domains import find_api_address, is_zoho_address

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


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://www.zohoapis.com/crm/v8/result", True),
        ("https://download-accl.zoho.eu/a.zip?b=c", True),
        ("https://DOWNLOAD.zoho.eu/a.zip", True),
        ("https://zoho.eu/a.zip", True),
        ("http://download.zoho.eu/a.zip", False),
        ("https://download.zoho.eu:444/a.zip", False),
        ("https://user@download.zoho.eu/a.zip", False),
        ("https://zoho.eu.example.com/a.zip", False),
        ("https://down_load.zoho.eu/a.zip", False),
        ("https://evilzoho.eu/a.zip", False),
        ("https://example.com/zoho.eu/a.zip", False),
        ("https://zoho.xyz/a.zip", False),
        ("//example.com/a.zip", False),
        ("file:///a.zip", False),
    ],
)
def test_the_token_goes_to_zohos_own_domains_only(url: str, own: bool) -> None:
    known = [*KNOWN, "https://accounts.zoho.eu"]
    assert is_zoho_address(url, "https://www.zohoapis.com", known) is own


def test_a_local_address_is_taken_as_it_is_and_no_other() -> None:
    url = "http://127.0.0.1:8765"
    assert is_zoho_address(f"{url}/a.zip", url, [])
    assert not is_zoho_address("http://127.0.0.1:8766/a.zip", url, [])
    assert not is_zoho_address("https://www.zohoapis.com/a.zip", url, [])
