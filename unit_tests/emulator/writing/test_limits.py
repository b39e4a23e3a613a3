"""What writing calls cost, who may make them, and what they set off."""

import threading

import pytest
import requests

LEAD = {"Last_Name": "Example"}
FIRST = ["workflow", "approval", "blueprint"]
ALL = [*FIRST, "pathfinder", "orchestration"]


def insert(zoho, number=1, version="v8", **keys):
    return zoho.call("POST", f"{version}/Leads", json={"data": [LEAD] * number, **keys})


@pytest.mark.parametrize(("records", "credits_"), [(1, 1), (10, 1), (11, 2), (100, 10)])
def test_ten_records_cost_a_credit(zoho, records, credits_) -> None:
    assert insert(zoho, records).status_code == 201
    usage = zoho.usage()
    assert usage["credits"] == credits_
    assert usage["calls"] == {"insert": 1, "insert:Leads": 1}


def test_a_call_that_cannot_be_paid_writes_nothing(zoho) -> None:
    zoho.knobs(credits_per_day=5)
    before = zoho.control("GET", "counts")["Leads"]
    assert insert(zoho, 100).status_code == 429
    assert zoho.control("GET", "counts")["Leads"] == before


@pytest.mark.parametrize(("records", "statuses"), [(10, [201, 201]), (11, [201, 429])])
def test_big_writes_have_a_smaller_limit_of_calls_at_a_time(zoho, records, statuses) -> None:
    zoho.knobs(sub_concurrency=1, latency_ms=400)
    url, headers = f"{zoho.server.base_url}/crm/v8/Leads", dict(zoho.session.headers)
    found = []

    def write() -> None:
        body = {"data": [LEAD] * records}
        found.append(requests.post(url, json=body, headers=headers, timeout=30).status_code)

    threads = [threading.Thread(target=write) for _ in statuses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == statuses


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("ZohoCRM.modules.ALL", "insert update upsert delete"),
        ("ZohoCRM.modules.leads.ALL", "insert update upsert delete"),
        ("ZohoCRM.modules.leads.CREATE", "insert upsert"),
        ("ZohoCRM.modules.leads.UPDATE", "update"),
        ("ZohoCRM.modules.leads.WRITE", "insert update upsert"),
        ("ZohoCRM.modules.leads.DELETE", "delete"),
        ("ZohoCRM.modules.leads.READ", ""),
        ("ZohoCRM.modules.contacts.ALL", ""),
    ],
)
def test_scopes(zoho, scope, allowed) -> None:
    zoho.knobs(scopes=[scope])
    body = {"data": [LEAD]}
    answers = {
        "insert": zoho.call("POST", "v8/Leads", json=body),
        "update": zoho.call("PUT", "v8/Leads", json=body),
        "upsert": zoho.call("POST", "v8/Leads/upsert", json=body),
        "delete": zoho.call("DELETE", "v8/Leads", ids="5"),
    }
    assert [
        name for name, answer in answers.items() if answer.status_code != 401
    ] == allowed.split()
    for answer in answers.values():
        if answer.status_code == 401:
            assert answer.json()["code"] == "OAUTH_SCOPE_MISMATCH"


@pytest.mark.parametrize(
    ("module", "word"),
    [
        ("Vehicles", "custom"),
        ("Price_Books", "pricebooks"),
        ("Sales_Orders", "salesorders"),
        ("Services__s", "services"),
        ("Appointments_Rescheduled_History__s", "appointments_rescheduled_history"),
    ],
)
def test_the_word_of_a_module_in_scopes(zoho, module, word) -> None:
    zoho.knobs(scopes=[f"ZohoCRM.modules.{word}.CREATE"])
    assert zoho.call("POST", f"v8/{module}", json={"data": [{}]}).status_code == 400


@pytest.mark.parametrize("knob", ["read_only_modules", "refused_modules"])
def test_a_profile_that_may_not_write(zoho, knob) -> None:
    zoho.knobs(**{knob: "Leads"})
    answer = insert(zoho)
    assert (answer.status_code, answer.json()["code"]) == (403, "NO_PERMISSION")
    assert answer.json()["details"] == {"permissions": ["Crm_Implied_View_Leads"]}
    reads = zoho.get("v8/Leads", fields="id", per_page=1).status_code
    assert reads == (200 if knob == "read_only_modules" else 403)


# --- Automations


@pytest.mark.parametrize(
    ("version", "keys", "kinds"),
    [
        ("v8", {}, ALL),
        ("v2", {}, ALL),
        ("v8", {"trigger": []}, []),
        ("v2", {"trigger": []}, []),
        ("v8", {"trigger": ["workflow"]}, ["workflow"]),
        ("v4", {"trigger": ["blueprint", "approval"]}, ["approval", "blueprint"]),
        ("v8", {"trigger": ["pathfinder"]}, ["pathfinder"]),
        ("v8", {"wf_trigger": "false"}, ALL[1:]),
    ],
)
def test_which_automations_run(zoho, version, keys, kinds) -> None:
    (item,) = insert(zoho, version=version, **keys).json()["data"]
    event = {
        "module": "Leads",
        "id": item["details"]["id"],
        "action": "insert",
        "kinds": kinds,
    }
    assert zoho.control("GET", "fired") == ([event] if kinds else [])


def test_every_record_fires_for_what_became_of_it(zoho) -> None:
    zoho.knobs(automations=["workflow"])
    record = {**LEAD, "Email": "fires@example.com"}
    body = {"data": [record, {}, record]}
    (first, _, _) = zoho.call("POST", "v8/Leads/upsert", json=body).json()["data"]
    record_id = first["details"]["id"]
    zoho.call("DELETE", f"v8/Leads/{record_id}")
    fired = zoho.control("GET", "fired")
    assert [event["action"] for event in fired] == ["insert", "update", "delete"]
    assert {event["id"] for event in fired} == {record_id}
    zoho.control("POST", "reset", {})
    assert zoho.control("GET", "fired") == []


def test_a_deletion_may_fire_nothing(zoho) -> None:
    (item,) = insert(zoho, trigger=[]).json()["data"]
    zoho.call("DELETE", "v8/Leads", ids=item["details"]["id"], wf_trigger="false")
    assert zoho.control("GET", "fired") == []


def test_an_assignment_rule_and_cadences(zoho) -> None:
    zoho.knobs(automations=["cadences"])
    insert(zoho, lar_id="77", trigger=[])
    insert(zoho, skip_feature_execution=[{"name": "cadences"}])
    (event,) = zoho.control("GET", "fired")
    assert (event["kinds"], event["assignment_rule"]) == (["cadences"], "77")


@pytest.mark.parametrize(
    ("version", "keys", "path"),
    [
        ("v8", {"trigger": ["workflows"]}, "$.trigger[0]"),
        ("v4", {"trigger": ["workflow", "pathfinder"]}, "$.trigger[1]"),
        ("v8", {"apply_feature_execution": [{"name": "x"}]}, "$.apply_feature_execution[0].name"),
        ("v8", {"skip_feature_execution": [{}]}, "$.skip_feature_execution[0].name"),
    ],
)
def test_unknown_automations_and_features(zoho, version, keys, path) -> None:
    answer = insert(zoho, version=version, **keys)
    assert answer.status_code == 400
    (item,) = answer.json()["data"]
    assert item["details"]["json_path"] == path
    assert item["details"]["supported_values"]


@pytest.mark.parametrize("rule", ["the first", ["77"], ""])
def test_an_assignment_rule_that_is_no_id(zoho, rule) -> None:
    answer = insert(zoho, lar_id=rule)
    assert (answer.status_code, answer.json()["details"]["json_path"]) == (400, "$.lar_id")


def test_features_of_later_versions_are_passed_over(zoho) -> None:
    features = [{"name": "layout_rules"}]
    assert insert(zoho, apply_feature_execution=features).status_code == 201
    assert insert(zoho, version="v4", apply_feature_execution=[{"name": "x"}]).status_code == 201


def test_faults_and_unknown_methods(zoho) -> None:
    fault = {"match": "insert:Leads", "times": 1, "do": "status", "args": {"status": 503}}
    zoho.control("POST", "faults", fault)
    assert [insert(zoho).status_code for _ in range(2)] == [503, 201]
    answer = zoho.call("PATCH", "v8/Leads")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST_METHOD")
