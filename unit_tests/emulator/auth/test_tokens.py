import pytest

from zoho_emulator.auth.tokens import Accounts, Credentials, module_scopes
from zoho_emulator.clock import Clock
from zoho_emulator.errors import ZohoError
from zoho_emulator.knobs import Knobs

CREDENTIALS = Credentials.from_seed(1)
GOOD = {
    "grant_type": "refresh_token",
    "client_id": CREDENTIALS.client_id,
    "client_secret": CREDENTIALS.client_secret,
    "refresh_token": CREDENTIALS.refresh_token,
}


@pytest.fixture
def knobs() -> Knobs:
    return Knobs()


@pytest.fixture
def accounts(clock: Clock, knobs: Knobs) -> Accounts:
    return Accounts(CREDENTIALS, clock, knobs, seed=1)


def issue_token(accounts: Accounts) -> str:
    status, body = accounts.refresh(GOOD, "http://api")
    assert status == 200
    return str(body["access_token"])


def find_refusal(accounts: Accounts, authorization: str | None) -> str | None:
    try:
        accounts.authenticate(authorization)
    except ZohoError as error:
        return error.code if error.status == 401 else str(error)
    return None


def test_credentials_follow_from_the_seed() -> None:
    assert Credentials.from_seed(1) == CREDENTIALS != Credentials.from_seed(2)
    assert len(CREDENTIALS.refresh_token) >= 20


def test_a_refresh_answers_as_zoho_does(accounts: Accounts) -> None:
    status, body = accounts.refresh(GOOD, "http://api")
    assert status == 200
    assert body.pop("access_token")
    assert "ZohoCRM.modules.ALL" in str(body.pop("scope"))
    assert body == {"api_domain": "http://api", "token_type": "Bearer", "expires_in": 3600}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "x"}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_client_secret"),
        ({"refresh_token": "x"}, "invalid_code"),
        ({"grant_type": "password"}, "general_error"),
    ],
)
def test_wrong_credentials_are_refused_with_status_200(
    accounts: Accounts, changed: dict[str, str], error: str
) -> None:
    assert accounts.refresh(GOOD | changed, "http://api") == (200, {"error": error})
    assert accounts.issued == 0


@pytest.mark.parametrize("word", ["Zoho-oauthtoken", "Bearer", "zoho-oauthtoken"])
def test_a_token_opens_the_api(accounts: Accounts, word: str) -> None:
    assert find_refusal(accounts, f"{word} {issue_token(accounts)}") is None


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "AUTHENTICATION_FAILURE"),
        ("", "AUTHENTICATION_FAILURE"),
        ("Basic abc", "AUTHENTICATION_FAILURE"),
        ("Zoho-oauthtoken", "AUTHENTICATION_FAILURE"),
        ("Zoho-oauthtoken nonsense", "INVALID_TOKEN"),
    ],
)
def test_anything_else_does_not(accounts: Accounts, authorization: str | None, code: str) -> None:
    assert find_refusal(accounts, authorization) == code


def test_a_token_expires_after_an_hour(accounts: Accounts, clock: Clock) -> None:
    header = f"Zoho-oauthtoken {issue_token(accounts)}"
    clock.advance(3_599)
    assert find_refusal(accounts, header) is None
    clock.advance(1)
    assert find_refusal(accounts, header) == "INVALID_TOKEN"


def test_the_eleventh_token_in_ten_minutes_is_denied(accounts: Accounts, clock: Clock) -> None:
    for _ in range(10):
        issue_token(accounts)
        clock.advance(30)
    status, body = accounts.refresh(GOOD, "http://api")
    assert (status, body["error"]) == (400, "Access Denied")
    clock.advance(300)  # ten minutes after the first
    issue_token(accounts)
    assert accounts.refresh(GOOD, "http://api")[0] == 400


def test_the_throttle_can_be_switched_off(accounts: Accounts, knobs: Knobs) -> None:
    knobs.tokens_per_10_min = 0
    assert len({issue_token(accounts) for _ in range(30)}) == 30


def test_a_sixteenth_live_token_kills_the_oldest(accounts: Accounts, knobs: Knobs) -> None:
    knobs.tokens_per_10_min = 0
    tokens = [issue_token(accounts) for _ in range(16)]
    assert find_refusal(accounts, f"Bearer {tokens[0]}") == "INVALID_TOKEN"
    assert all(find_refusal(accounts, f"Bearer {token}") is None for token in tokens[1:])


def test_a_scope_that_was_not_granted_is_a_mismatch(accounts: Accounts, knobs: Knobs) -> None:
    knobs.scopes = ("ZohoCRM.modules.leads.READ",)
    accounts.require(*module_scopes("Leads", "default"))
    with pytest.raises(ZohoError) as caught:
        accounts.require(*module_scopes("Contacts", "default"))
    assert (caught.value.status, caught.value.code) == (401, "OAUTH_SCOPE_MISMATCH")


@pytest.mark.parametrize(
    ("module", "generated_type", "word"),
    [
        ("Price_Books", "default", "pricebooks"),
        ("Appointments__s", "default", "appointments"),
        ("Vehicles", "custom", "custom"),
        ("Quoted_Items", "subform", "custom"),
    ],
)
def test_the_scope_word_of_a_module(module: str, generated_type: str, word: str) -> None:
    assert f"ZohoCRM.modules.{word}.READ" in module_scopes(module, generated_type)


def test_both_form_and_query_refresh(zoho) -> None:
    assert zoho.refresh().json()["api_domain"] == zoho.server.base_url
    by_query = zoho.session.post(zoho.token_url, params=zoho.grant)
    assert by_query.json()["access_token"]
    assert zoho.usage()["tokens_issued"] == 2


def test_a_token_answer_may_lack_keys_and_count_milliseconds(accounts: Accounts, knobs) -> None:
    knobs.set({"token_without": ["scope", "api_domain"], "token_expires_in": 3_600_000})
    status, body = accounts.refresh(GOOD, "http://api")
    assert (status, body.keys()) == (200, {"access_token", "token_type", "expires_in"})
    assert body["expires_in"] == 3_600_000
    assert find_refusal(accounts, f"Bearer {body['access_token']}") is None
