import pytest
import yaml

from source_zoho_crm.advice import advise_method
from unit_tests.source.conftest import Org, rows_of
from zoho_crm.manifest import find_manifest

VERSIONS = yaml.safe_load(find_manifest().read_text())["definitions"]["versions"]


COQL = "set Use COQL to Enabled"
REST = "set Use COQL to Disabled and API type to REST"
BULK = "set Use COQL to Disabled and API type to Bulk"


@pytest.mark.parametrize(
    ("method", "rows", "columns", "credits_", "version", "better"),
    [
        (
            "COQL",
            450_000,
            48,
            682,
            "v4",
            f"about 180 ({BULK})",
        ),
        (
            "REST",
            450_000,
            48,
            2_260,
            "v4",
            f"about 180 ({BULK})",
        ),
        ("Bulk", 5_000, 30, 59, "v4", f"about 14 ({COQL})"),
        ("Bulk", 150, 30, 59, "v8", f"about 1 ({REST})"),
        ("COQL", 1_000, 40, 6, "v4", None),
        ("COQL", 20_000, 40, 33, "v4", None),
        ("Bulk", 450_000, 48, 180, "v4", None),
        ("REST", 4_000, 200, 22, "v2", None),
    ],
)
def test_a_method_of_less_than_half_the_credits_is_named(
    method: str, rows: int, columns: int, credits_: int, version: str, better: str | None
) -> None:
    hint = advise_method(
        method,
        rows=rows,
        columns=columns,
        credits_=credits_,
        version=VERSIONS[version],
        rich_text=False,
    )
    assert (hint is None) if better is None else (hint is not None and better in hint)


def test_lists_are_not_advised_where_they_cut_texts() -> None:
    """On v2 each text costs a call, and a read by lists many times what the pages do."""
    reported = {"rows": 300, "columns": 30, "version": VERSIONS["v2"], "rich_text": True}

    assert advise_method("COQL", credits_=14, **reported) is None
    assert f"about 7 ({COQL})" in str(advise_method("REST", credits_=49, **reported))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("method", ["COQL", "REST", "Bulk"])
def test_ids_alone_cost_a_call_a_page_too(method: str, version: str) -> None:
    """Versions before v7 do not count the id among a module's fields."""
    reported = {"rows": 400, "version": VERSIONS[version], "rich_text": False, "credits_": 10_000}

    none, one = (advise_method(method, columns=columns, **reported) for columns in (0, 1))

    assert none is not None
    assert none.replace(" 0 columns", " 1 columns") == one


def test_a_module_of_which_nothing_is_selected_is_read(org: Org) -> None:
    org.settings = {"schema_version": "v2", "retrieval": {"use_coql": "disabled"}}
    org.settings["retrieval"]["api_type"] = "REST"
    whole = org.stream("Extra_3")
    schema = {**whole["json_schema"], "properties": {"id": {"type": "string"}}}

    output = org.read({**whole, "json_schema": schema})

    assert {row["id"] for row in rows_of(output, "Extra_3")} == org.truth(whole).keys()
    assert any("records read by REST" in entry.log.message for entry in output.logs)
    assert not output.errors
