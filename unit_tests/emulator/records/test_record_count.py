import pytest

from zoho_emulator.knobs import SCOPES

VERSIONS = ("v2.1", "v4", "v8")


def count(zoho, module: str, version: str = "v8", **params: object) -> int:
    answer = zoho.get(f"{version}/{module}/actions/count", **params)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"count"}
    return answer.json()["count"]


@pytest.mark.parametrize("version", VERSIONS)
def test_live_records_are_counted_and_converted_ones_are_not(zoho, version) -> None:
    for module in ("Leads", "Deals"):
        live = zoho.control("GET", "counts")[module]["live"]
        assert 0 < count(zoho, module, version) == live
    converted = zoho.control("GET", "counts")["Leads"]["converted"]
    assert converted > 0
    zoho.control("DELETE", f"records/Deals?ids={zoho.truth('Deals')[0]['id']}&type=recycle")
    assert count(zoho, "Deals", version) == live - 1


def test_records_of_a_time_are_counted_with_both_ends(zoho) -> None:
    times = sorted(row["Modified_Time"] for row in zoho.truth("Deals"))
    first, last = times[2], times[-3]
    among = [time for time in times if first <= time <= last]
    assert count(zoho, "Deals", criteria=f"(Modified_Time:between:{first},{last})") == len(among)
    later = f"(Modified_Time:greater_than:{last})"
    assert count(zoho, "Deals", criteria=later) == len([time for time in times if time > last])


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("v2/Deals", {}, 501, "NOT_EMULATED"),
        ("v8/Deals", {"criteria": "(Deal_Name:equals:x)"}, 501, "NOT_EMULATED"),
        ("v8/Deals", {"criteria": "Modified_Time > 1"}, 501, "NOT_EMULATED"),
        ("v8/Deals", {"word": "x"}, 501, "NOT_EMULATED"),
        ("v8/Deals", {"criteria": "(Modified_Time:between:2024)"}, 400, "INVALID_QUERY"),
        ("v8/Deals", {"criteria": "(Modified_Time:equal:soon)"}, 400, "INVALID_QUERY"),
        ("v8/Nothing", {}, 400, "INVALID_MODULE"),
    ],
)
def test_what_is_refused(zoho, path, params, status, code) -> None:
    answer = zoho.get(f"{path}/actions/count", **params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_scope_of_searches_is_needed(zoho) -> None:
    zoho.control("POST", "knobs", {"scopes": [name for name in SCOPES if "Search" not in name]})
    answer = zoho.get("v8/Deals/actions/count")
    assert (answer.status_code, answer.json()["code"]) == (401, "OAUTH_SCOPE_MISMATCH")
