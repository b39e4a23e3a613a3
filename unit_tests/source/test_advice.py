import pytest
import yaml

from source_zoho_crm.advice import Advice
from unit_tests.source.conftest import Org, rows_of, states_of
from zoho_crm.manifest import find_manifest

VERSIONS = yaml.safe_load(find_manifest().read_text())["definitions"]["versions"]


COQL = "set Use COQL to Enabled"
REST = "set Use COQL to Disabled and API type to REST"
BULK = "set Use COQL to Disabled and API type to Bulk"


def advise(method: str, *reads: tuple[int, int, int], version: str, rich: bool = False) -> str:
    """`reads`: rows, columns and credits of each module."""
    advice = Advice()
    for rows, columns, credits_ in reads:
        advice.count_read(
            rows=rows,
            columns=columns,
            credits_=credits_,
            version=VERSIONS[version],
            rich_text=rich,
        )
    return advice.build_sentence(method) or ""


@pytest.mark.parametrize(
    ("method", "read", "version", "better"),
    [
        ("COQL", (450_000, 48, 682), "v4", f"about 180 ({BULK})"),
        ("REST", (450_000, 48, 2_260), "v4", f"about 180 ({BULK})"),
        ("Bulk", (15_000, 30, 177), "v4", f"about 30 ({COQL})"),
        ("Bulk", (1_000, 30, 159), "v8", f"about 5 ({REST})"),
        ("COQL", (1_000, 40, 6), "v4", ""),
        ("COQL", (20_000, 40, 33), "v4", ""),
        ("Bulk", (450_000, 48, 180), "v4", ""),
        ("REST", (4_000, 200, 22), "v2", ""),
        # Half is saved, and fewer than a hundred.
        ("Bulk", (1_000, 30, 99), "v8", ""),
    ],
)
def test_a_method_that_saves_half_and_a_hundred_credits_is_named(
    method: str, read: tuple[int, int, int], version: str, better: str
) -> None:
    assert better in (sentence := advise(method, read, version=version))
    assert bool(better) == bool(sentence)


def test_the_source_is_advised_as_a_whole() -> None:
    """For one of its modules exports would be cheaper, for the many they would not."""
    large, quiet, medium = (450_000, 48, 682), (0, 48, 1), (5_000, 48, 14)
    assert BULK in advise("COQL", large, *[quiet] * 200, version="v4")
    assert advise("COQL", large, *[medium] * 20, version="v4") == ""


def test_lists_are_not_advised_where_they_cut_texts() -> None:
    """On v2 each text costs a call, and a read by lists many times what the pages do."""
    assert advise("COQL", (300, 30, 140), version="v2", rich=True) == ""
    assert f"about 7 ({COQL})" in advise("REST", (300, 30, 490), version="v2", rich=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("method", ["COQL", "REST", "Bulk"])
def test_ids_alone_cost_a_call_a_page_too(method: str, version: str) -> None:
    """Versions before v7 do not count the id among a module's fields."""
    none, one = (advise(method, (400, columns, 10_000), version=version) for columns in (0, 1))

    assert none
    assert none == one


def test_a_first_read_is_not_judged_and_the_next_one_is(own_org: Org) -> None:
    own_org.settings = {"retrieval": {"use_coql": "disabled", "api_type": "Bulk"}}
    streams = [own_org.stream(name) for name in ("Leads", "Accounts", "Deals", "Products")]
    first = own_org.read(*streams)
    for stream in streams:
        edited = [{"id": key, "Owner": row["Owner"]} for key, row in own_org.truth(stream).items()]
        own_org.control("PATCH", f"records/{stream['name']}", edited)
    own_org.control("POST", "clock", {"advance_s": 3_600})
    states = [states_of(first, stream["name"])[-1] for stream in streams]
    second = own_org.read(*streams, state=states)

    advised = [
        any("would have cost" in entry.log.message for entry in output.logs)
        for output in (first, second)
    ]
    assert advised == [False, True]


def test_listed_deletions_are_no_cost_of_the_retrieval_method(
    own_org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing has changed, they are half of all credits."""
    monkeypatch.setattr("source_zoho_crm.advice._ENOUGH", 2)
    streams = [own_org.stream(name) for name in ("Campaigns", "Solutions", "Vendors")]
    first = own_org.read(*streams)
    own_org.control("POST", "clock", {"advance_s": 3_600})
    states = [states_of(first, stream["name"])[-1] for stream in streams]

    output = own_org.read(*streams, state=states)

    assert not [entry for entry in output.logs if "would have cost" in entry.log.message]


def test_a_module_of_which_nothing_is_selected_is_read(org: Org) -> None:
    org.settings = {"schema_version": "v2", "retrieval": {"use_coql": "disabled"}}
    org.settings["retrieval"]["api_type"] = "REST"
    whole = org.stream("Extra_3")
    schema = {**whole["json_schema"], "properties": {"id": {"type": "string"}}}

    output = org.read({**whole, "json_schema": schema})

    assert {row["id"] for row in rows_of(output, "Extra_3")} == org.truth(whole).keys()
    assert any("records read by REST" in entry.log.message for entry in output.logs)
    assert not output.errors
