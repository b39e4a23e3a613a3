import asyncio
from typing import Any

import pytest

from zoho_emulator.faults import Faults


def hits(faults: Faults, name: str, module: str | None, calls: int) -> list[int]:
    """Which of so many calls were hit, counted from 1."""
    return [n for n in range(1, calls + 1) if asyncio.run(faults.strike(name, module))]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"after": 4}, [5, 6]),
        ({"times": 2}, [1, 2]),
        ({"every": 3}, [1, 4]),
        ({"after": 1, "every": 2, "times": 2}, [2, 4]),
        ({"prob": 0}, []),
    ],
)
def test_which_calls_are_hit(rule: dict[str, Any], expected: list[int]) -> None:
    faults = Faults(seed=1)
    faults.plan([{"match": "coql:Leads", "do": "status"} | rule])
    assert hits(faults, "coql", "Leads", 6) == expected


@pytest.mark.parametrize(
    ("match", "name", "module", "hit"),
    [
        ("coql", "coql", "Leads", True),
        ("coql:Leads", "coql", "Contacts", False),
        ("coql:*", "coql", "Leads", True),
        ("coql:Leads", "coql", None, False),
        ("records.*:Leads", "records.list", "Leads", True),
        ("*", "token", None, True),
        ("deleted", "records.list", "Leads", False),
    ],
)
def test_what_a_rule_matches(match: str, name: str, module: str | None, hit: bool) -> None:
    faults = Faults(seed=1)
    faults.plan([{"match": match, "do": "status"}])
    assert bool(hits(faults, name, module, 1)) == hit


def test_chance_follows_from_the_seed() -> None:
    def run(seed: int) -> list[int]:
        faults = Faults(seed)
        faults.plan([{"match": "*", "do": "status", "prob": 0.3}])
        return hits(faults, "org", None, 100)

    assert run(1) == run(1) != run(2)
    assert 10 < len(run(1)) < 50


@pytest.mark.parametrize(
    "rule",
    [
        {"match": "*", "do": "reset_connection"},
        {"match": "*"},
        {"match": "*", "do": "status", "args": {"seconds": 1}},
        {"match": "*", "do": "status", "often": 1},
    ],
)
def test_a_rule_that_is_not_known_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"do|seconds|often"):
        Faults(seed=1).plan([rule])


def test_a_status_stands_in_for_the_answer(zoho) -> None:
    zoho.control(
        "POST",
        "faults",
        [
            {
                "match": "records.list:Leads",
                "do": "status",
                "times": 1,
                "args": {"status": 503, "body": "<html>", "headers": {"Retry-After": "7"}},
            }
        ],
    )
    answer = zoho.get("v8/Leads", fields="id")
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (503, "<html>", "7")
    assert zoho.get("v8/Leads", fields="id").status_code == 200
    assert zoho.control("GET", "faults") == [
        {"match": "records.list:Leads", "do": "status", "seen": 2, "hits": 1}
    ]
    zoho.control("DELETE", "faults")
    assert zoho.control("GET", "faults") == []


def test_a_body_replaces_that_of_the_true_answer(zoho) -> None:
    zoho.control(
        "POST", "faults", {"match": "org", "do": "body", "args": {"body": {"code": "ODD"}}}
    )
    answer = zoho.get("v8/org")
    assert (answer.status_code, answer.json()) == (200, {"code": "ODD"})


def test_token_calls_can_fail_too(zoho) -> None:
    zoho.control("POST", "faults", {"match": "token", "do": "status", "args": {"status": 500}})
    assert zoho.refresh().status_code == 500
    assert zoho.usage()["tokens_issued"] == 0


def test_an_unknown_fault_is_a_bad_request(zoho) -> None:
    with pytest.raises(RuntimeError, match=r"400.*teleport"):
        zoho.control("POST", "faults", {"match": "*", "do": "teleport"})
