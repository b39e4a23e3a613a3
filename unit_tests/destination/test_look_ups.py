"""Inserts whose answer was lost are looked up: what is taken for a row's record, what is not."""

from collections.abc import Callable

import pytest

from unit_tests.destination.conftest import LEAD, Org, stream
from unit_tests.destination.lost_answers import FAILED, LOST, UNREADABLE

pytestmark = pytest.mark.usefixtures("no_pauses")


@pytest.mark.parametrize(
    ("module", "row"),
    [
        ("Leads", {"Last_Name": "L", "Email": "l@x.test"}),
        ("Accounts", {"Account_Name": "O'Brian", "ERP_ID": "e-9"}),
        ("Products", {"Product_Name": "P", "Product_Code": "c-9"}),
        ("Vehicles", {"Name": "V"}),
    ],
    ids=["system field", "external ID", "unique field", "custom module"],
)
@LOST
def test_an_insert_is_looked_up_and_never_doubled(
    org: Org, module: str, row: dict[str, str], fault: dict[str, object]
) -> None:
    before = len(org.records(module))
    org.fail("insert", **fault)

    result = org.write(stream(module, *row), [row])

    assert result.counts() == {"created": 1}
    assert len(org.records(module)) == before + 1
    assert org.calls("insert") == (1 if fault is UNREADABLE else 2)


def test_a_row_is_found_though_answers_before_it_came_with_a_clock_that_was_ahead(org: Org) -> None:
    """Only records made since the insert began are a row's, and a clock has to say since when."""
    org.fail("*", "date", times=3, off_s=18_000)
    org.fail("insert", **UNREADABLE)

    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "L", "Email": "l@x.test"}]
    )

    assert result.counts() == {"created": 1}
    assert len([r for r in org.records("Leads") if r["Email"] == "l@x.test"]) == 1
    assert org.calls("insert") == 1


def test_a_unique_number_traces_its_row(org: Org) -> None:
    field = {"api_name": "Serial", "data_type": "bigint", "custom": True, "unique": True}
    org.control("POST", "fields/Leads", field)
    org.fail("insert", **UNREADABLE)

    result = org.write(stream("Leads", "Last_Name", "Serial"), [{"Last_Name": "L", "Serial": 17}])

    assert result.counts() == {"created": 1}
    assert org.calls("insert") == 1


def test_only_a_record_made_since_the_call_began_is_the_rows(org: Org) -> None:
    org.control(
        "POST",
        "records/Leads",
        {"Last_Name": "Old", "Email": "l@x.test", "Created_Time": "2020-01-01T00:00:00+00:00"},
    )
    org.fail("insert", **FAILED)

    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "New", "Email": "l@x.test"}]
    )

    assert result.counts() == {"created": 1}
    assert org.record("Leads", Last_Name="New")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"data": [{"id": "111111000000000001"}, {"id": "111111000000000002"}]}, 201),
        ({"data": [{"code": "SUCCESS", "status": "success", "details": {"id": "1"}}]}, 201),
        ({"data": [{"code": "SUCCESS", "status": "success", "details": {"id": "1"}}] * 3}, 207),
        ({"data": {"code": "SUCCESS", "status": "success", "details": {"id": "1"}}}, 201),
        ({"data": []}, 200),
        ([], 200),
        (None, 204),
        ("<html>Welcome</html>", 200),
        ("<html>Too large</html>", 413),
        ("", 499),
        ({"data": [{"code": "INVALID_DATA", "status": "error", "details": {}}] * 3}, 400),
    ],
    ids=str,
)
@pytest.mark.parametrize("version", ["v2", "v8"])
def test_an_insert_whose_answer_has_no_outcomes_is_looked_up(
    org: Org, version: str, answer: object, status: int
) -> None:
    before = len(org.records("Leads"))
    org.fail("insert", status=status, body=answer, done=True)

    result = org.write(
        stream("Leads", "Last_Name"),
        [{"Last_Name": "L"}, {"Last_Name": "M"}],
        schema_version=version,
    )

    assert result.failure is None
    assert result.counts() == {"created": 2}
    assert len(org.records("Leads")) == before + 2
    assert org.calls("insert") == 1


def test_what_something_on_the_way_refused_and_is_not_there_ends_the_run(org: Org) -> None:
    org.fail("insert", times=9, status=403, body="<html>Forbidden</html>")

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": "L"}])

    assert "Writes to Leads are refused with HTTP 403 without a Zoho code" in result.sentence
    assert (org.calls("insert"), result.states) == (1, [])
    assert result.said("0 rejected, 1 without a known outcome")


def test_the_rest_of_a_call_that_was_carried_out_is_sent_again_whatever_its_answer(
    org: Org,
) -> None:
    """Zoho rejects one of its rows, which only an answer says."""
    org.fail("insert", status=403, body="<html>Forbidden</html>", done=True)
    rows = [{"Last_Name": "L", "Email": "l@x.test"}, {"Last_Name": "M", "Email": "no address"}]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows)

    assert result.failure is None
    assert result.counts() == {"created": 1, "rejected": 1}
    assert result.said("1 row with INVALID_DATA in Email")


def test_what_of_a_call_is_there_is_written_and_the_rest_is_sent_again(
    org: Org, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    org.fail("insert", **FAILED)
    meanwhile(lambda: [org.add("Leads", Last_Name=name) for name in ("A", "B")])

    result = org.write(
        stream("Leads", "Last_Name"), [{"Last_Name": name} for name in ("A", "B", "B", "C")]
    )

    assert result.counts() == {"created": 4}
    names = [lead["Last_Name"] for lead in org.records("Leads")]
    assert [names.count(name) for name in ("A", "B", "C")] == [1, 2, 1]


def test_every_value_that_is_compared_comes_back_as_it_was_sent(org: Org) -> None:
    row = {
        **LEAD,
        "Preferred_Channel": "Messenger",
        "Interests": ["Cloud"],
        "Description": "Two\nlines",
    }
    org.fail("insert", **UNREADABLE)

    result = org.write(stream("Leads", *row), [row])

    assert result.counts() == {"created": 1}
    assert org.calls("insert") == 1


@pytest.mark.parametrize("name", ["Acme\\", "O\\'Brian", "tab\there", " Acme", "Acme ", "a' or 'x"])
@LOST
def test_no_value_is_too_odd_to_be_found(org: Org, name: str, fault: dict[str, object]) -> None:
    org.knobs(trim_text=True)
    org.fail("insert", **fault)
    before = len(org.records("Accounts"))

    result = org.write(stream("Accounts", "Account_Name"), [{"Account_Name": name}])
    org.knobs(trim_text=False)

    assert result.counts() == {"created": 1}
    assert len(org.records("Accounts")) == before + 1


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_a_row_that_its_own_record_refuses_is_written(org: Org, version: str) -> None:
    """Two looks do not show the record; Zoho itself knows its unique value."""
    org.fail("insert", **UNREADABLE)
    org.fail("coql", times=2, status=204)

    result = org.write(
        stream("Products", "Product_Name", "Product_Code"),
        [{"Product_Name": "A", "Product_Code": "c-9"}],
        schema_version=version,
    )

    assert result.counts() == {"created": 1}
    assert len([one for one in org.records("Products") if one["Product_Code"] == "c-9"]) == 1
    assert org.calls("insert") == 2


def test_a_row_that_another_record_refuses_is_rejected(org: Org) -> None:
    org.add(
        "Products", Product_Name="B", Product_Code="c-9", Created_Time="2020-01-01T00:00:00+00:00"
    )
    org.fail("insert", **FAILED)

    result = org.write(
        stream("Products", "Product_Name", "Product_Code"),
        [{"Product_Name": "A", "Product_Code": "c-9"}],
    )

    assert result.counts() == {"rejected": 1}
    assert result.said("DUPLICATE_DATA")
