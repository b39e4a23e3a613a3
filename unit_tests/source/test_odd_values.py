"""One odd value costs neither its row nor its module."""

import csv
import io
import json
import zipfile
from typing import IO, Any

import pytest
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput

from source_zoho_crm.bulk_read import BulkRead
from source_zoho_crm.components.records import RecordsRetriever
from unit_tests.source.conftest import BULK, COQL, REST, Org, Row, narrow, rows_of, states_of

#: Deals as Zoho would describe them if it were wrong about two fields.
FIELDS = {
    "Modified_Time": "datetime",
    "Closing_Date": "date",
    "Stage": "integer",
    "Deal_Name": "datetime",
}


def body(org: Org, match: str, content: object, **when: Any) -> None:
    fault = {"match": match, "do": "body", "args": {"body": content}}
    org.control("POST", "faults", [fault | when])


def warnings(output: EntrypointOutput) -> list[str]:
    return [message.log.message for message in output.logs if message.log.level.value == "WARN"]


@pytest.mark.parametrize(
    ("retrieval", "version", "resumed"),
    [
        pytest.param(COQL, "v2.1", True, id="COQL v2.1, incremental"),
        pytest.param(COQL, "v8", False, id="COQL v8, first"),
        pytest.param(REST, "v2", False, id="REST v2, first"),
        pytest.param(REST, "v4", True, id="REST v4, incremental"),
        pytest.param(BULK, "v2", True, id="Bulk v2, incremental"),
        pytest.param(BULK, "v8", False, id="Bulk v8, first"),
    ],
)
def test_values_that_do_not_fit_are_null_and_counted_and_the_rows_come(
    org: Org, retrieval: dict[str, str], version: str, resumed: bool
) -> None:
    org.settings = {"retrieval": retrieval, "schema_version": version}
    described = [
        {"api_name": name, "data_type": data_type, "json_type": "string"}
        for name, data_type in FIELDS.items()
    ]
    body(org, "settings.fields:Deals", {"fields": described})
    deals = org.stream("Deals")
    state = {
        "stream_descriptor": {"name": "Deals"},
        "stream_state": {"Modified_Time": "2018-01-01T00:00:00Z"},
    }

    output = org.read(
        narrow(deals, "Closing_Date", "Stage", "Deal_Name"),
        state=[{"type": "STREAM", "stream": state}] if resumed else [],
    )

    truth = {
        row["id"]: {name: row[name] for name in ("id", "Modified_Time", "Closing_Date")}
        for row in org.truth(narrow(deals, "Closing_Date")).values()
        if not resumed or row["Modified_Time"] > "2018-01-01T00:00:00Z"
    }
    rows = {row["id"]: row for row in rows_of(output, "Deals", deleted=False)}
    assert rows == truth
    assert [line for line in warnings(output) if "fit" in line] == [
        f"Deals.{name}: {len(truth)} values do not fit the data type {FIELDS[name]} and are read "
        "as null."
        for name in ("Stage", "Deal_Name")
    ]


ROW = (
    '{"id": "7", "Modified_Time": "2020-01-01T00:00:00Z", "Deal_Name": "a\\ud800b\x01", '
    '"Stage": "\\ud83d\\ude00", "Amount": NaN, "Probability": {"x": 1e999}, "Account_Name": [1], '
    '"Tag": [{"id": "1"}]}'
)


@pytest.mark.parametrize(
    ("retrieval", "call"), [(COQL, "coql:Deals"), (REST, "records.list:Deals")]
)
def test_json_with_odd_values_is_read(org: Org, retrieval: dict[str, str], call: str) -> None:
    org.settings = {"retrieval": retrieval}
    columns = ("Deal_Name", "Stage", "Amount", "Probability", "Account_Name", "Tag")
    deals = narrow(org.streams()["Deals"], *columns)
    body(org, call, f'{{"data": [{ROW}], "info": {{"more_records": false}}}}')

    output = org.read(deals)

    (row,) = rows_of(output, "Deals", deleted=False)
    assert row == {
        "id": "7",
        "Modified_Time": "2020-01-01T00:00:00Z",
        "Deal_Name": "a\ufffdb\x01",
        "Stage": "😀",
        "Account_Name": "[1]",
        "Tag": ['{"id": "1"}'],
    }
    assert sum("1 value does not fit the data type" in line for line in warnings(output)) == 4


def test_settings_with_odd_values_are_read(org: Org) -> None:
    stream: Row = org.streams()["users"]
    timestamps = [
        name
        for name, column in stream["json_schema"]["properties"].items()
        if column.get("format") == "date-time"
    ]
    user = {"id": "7", "full_name": "\ud800", **dict.fromkeys(timestamps, 7)}
    text = json.dumps({"users": [user, user], "info": {"more_records": False}})
    body(org, "users", text)

    output = org.read(stream)

    assert not output.errors
    rows = rows_of(output, "users")
    assert len(rows) == 2
    assert all(row["full_name"] == "\ufffd" for row in rows)
    assert not any(name in row for row in rows for name in timestamps)
    reported = [line for line in warnings(output) if "2 values do not fit" in line]
    assert sorted(reported) == sorted(
        f"users.{name}: 2 values do not fit the data type datetime and are read as null."
        for name in timestamps
    )
    assert timestamps


def replaced(org: Org, match: str, old: str, new: str, **when: int) -> None:
    fault = {"match": match, "do": "replace", "args": {"old": old, "new": new}}
    org.control("POST", "faults", [fault | when])


NO_TIMESTAMPS = ["null", "5", '"soon"', '["2024"]', '"9999-99-99T00:00:00+00:00"', "true"]


@pytest.mark.parametrize("value", NO_TIMESTAMPS)
def test_a_window_of_queries_does_not_end_at_what_is_no_datetime(
    org: Org, value: str, mocker
) -> None:
    mocker.patch("source_zoho_crm.readers.windows.MOST_ROWS", 400)
    org.settings = {"retrieval": COQL}
    leads = narrow(org.streams()["Leads"], "City")
    rows = org.control("GET", "records/Leads")
    border = sorted(row["Modified_Time"] for row in rows)[399]
    replaced(org, "coql:Leads", f'"Modified_Time":"{border}"', f'"Modified_Time":{value}')

    output = org.read(leads)

    assert not output.errors
    assert {row["id"] for row in rows_of(output, "Leads", deleted=False)} == {
        row["id"] for row in rows
    }
    assert len(states_of(output, "Leads")) >= 5
    hidden = sum(row["Modified_Time"] == border for row in rows)
    reported = [line for line in warnings(output) if "Leads.Modified_Time" in line]
    assert len(reported) == (value != "null")
    assert all(f": {hidden} value" in line for line in reported)


def test_a_torn_row_without_a_timestamp_goes_out(org: Org, mocker) -> None:
    """Its columns come in several queries, and the first one has another Modified_Time."""
    few = property(lambda retriever: {**retriever.versions["v4"], "coql_columns": 5})
    mocker.patch.object(RecordsRetriever, "_version", few)
    org.settings = {"retrieval": COQL, "schema_version": "v4"}
    deals = narrow(org.streams()["Deals"], "Stage", "Deal_Name", "Amount", "Closing_Date")
    row = min(org.control("GET", "records/Deals"), key=lambda row: row["id"])
    named = f'"id":"{row["id"]}"'
    # In one of the column groups that are read again, too.
    replaced(org, "coql:Deals", named, f'{named},"Modified_Time":5', times=1)
    replaced(
        org, "coql:Deals", f'"Modified_Time":"{row["Modified_Time"]}"', '"Modified_Time":7', after=1
    )

    output = org.read(deals)

    assert not output.errors
    rows = rows_of(output, "Deals", deleted=False)
    assert {row["id"] for row in rows} == org.truth(deals).keys()


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
@pytest.mark.parametrize("mode", ["incremental", "full_refresh"])
def test_a_row_of_an_export_without_a_timestamp_goes_out(
    org: Org, version: str, mode: str, mocker
) -> None:
    org.settings = {"retrieval": BULK, "schema_version": version}
    deals = narrow(org.streams()["Deals"], "Stage")
    download = BulkRead.download
    first = min(org.truth(deals))

    def downloading(service: BulkRead, job: str, file: IO[bytes]) -> None:
        """As Zoho would send it with two odd values."""
        download(service, job, file)
        with zipfile.ZipFile(file) as archive:
            (name,) = archive.namelist()
            header, *lines = csv.reader(io.StringIO(archive.read(name).decode()))
        place = header.index("Modified_Time")
        lines[0][place], lines[1][place] = "soon", ""
        text = io.StringIO(newline="")
        csv.writer(text).writerows([header, *lines])
        file.seek(0)
        file.truncate()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, text.getvalue())

    mocker.patch.object(BulkRead, "download", downloading)

    output = org.read(deals, sync_mode=mode)

    rows = {row["id"]: row for row in rows_of(output, "Deals", deleted=False)}
    assert rows.keys() == org.truth(deals).keys()
    assert "Modified_Time" not in rows[first]
    assert [line for line in warnings(output) if "Deals.Modified_Time" in line] == [
        "Deals.Modified_Time: 1 value does not fit the data type datetime and is read as null."
    ]
