import pytest

from zoho_crm.scopes import explain_missing_scope

SCOPES = (
    *("ZohoCRM.modules.READ", "ZohoCRM.settings.READ", "ZohoCRM.coql.READ", "ZohoCRM.bulk.READ"),
    "ZohoFiles.files.ALL",
)
ROOT = "https://www.zohoapis.com/crm"


@pytest.mark.parametrize(
    ("path", "granted", "lacking"),
    [
        ("v8/Leads", "ZohoCRM.modules.ALL", ""),
        ("v8/Leads", "ZohoCRM.modules.all", ""),
        ("v8/Leads/deleted", "ZohoCRM.modules.READ", ""),
        ("v8/Leads", "ZohoCRM.modules.contacts.READ", "ZohoCRM.modules.READ"),
        ("v8/Leads", "ZohoCRM.settings.ALL", "ZohoCRM.modules.READ"),
        ("v8/Leads", "ZohoCRM.modules.CREATE", "ZohoCRM.modules.READ"),
        ("v8/Leads/deleted", "ZohoCRM.modules.leads.READ", ""),
        ("v8/Price_Books", "ZohoCRM.modules.pricebooks.READ", ""),
        ("v8/Appointments__s", "ZohoCRM.modules.appointments.READ", ""),
        ("v8/Vehicles", "ZohoCRM.modules.custom.READ", ""),
        ("v8/Leads", "ZohoCRM.modules.custom.READ", "ZohoCRM.modules.READ"),
        ("v4/coql", "ZohoCRM.coql.READ ZohoCRM.modules.custom.READ", "ZohoCRM.modules.READ"),
        ("v2/settings/fields?module=Leads", "ZohoCRM.settings.fields.READ", ""),
        ("v2/settings/fields?module=Leads", "ZohoCRM.settings.tags.ALL", "ZohoCRM.settings.READ"),
        ("v4/coql", "ZohoCRM.modules.ALL", "ZohoCRM.coql.READ"),
        ("v4/coql", "ZohoCRM.coql.READ ZohoCRM.modules.READ", ""),
        ("bulk/v4/read", "ZohoCRM.coql.READ", "ZohoCRM.modules.READ, ZohoCRM.bulk.READ"),
        ("bulk/v4/read", "ZohoCRM.bulk.ALL ZohoCRM.modules.READ", ""),
        ("bulk/v4/write", "ZohoCRM.bulk.CREATE ZohoCRM.modules.ALL", ""),
        ("bulk/v4/write/1", "ZohoCRM.bulk.READ ZohoCRM.modules.ALL", "ZohoCRM.bulk.READ"),
        ("v4/upload", "ZohoCRM.modules.ALL", "ZohoFiles.files.ALL"),
        ("v4/upload", "ZohoFiles.files.ALL", ""),
    ],
)
def test_a_scope_is_named_where_the_call_needs_it_and_the_token_lacks_it(
    path: str, granted: str, lacking: str
) -> None:
    sentence, held = explain_missing_scope(f"{ROOT}/{path}", SCOPES, frozenset(granted.split()))

    assert held is (not lacking)
    assert (f" needs: {lacking}. Make a new one" in sentence) == bool(lacking)
    assert path in sentence
