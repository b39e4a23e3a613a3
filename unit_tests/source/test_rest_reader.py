"""The REST reader by itself: chains that end early, and seconds that hold too much."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests
from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.readers.rich_text import WholeTexts
from source_zoho_crm.readers.windows import Window
from unit_tests.source.conftest import Org, Row
from unit_tests.source.reading import RestReading, calls_of, result_of
from zoho_crm.answers import build_page_parser, parse_body
from zoho_crm.fields import Field

SINCE = datetime(1970, 1, 1, tzinfo=UTC)


class Asked:
    """Sends the calls of a retrieval method, in place of the CDK's requester."""

    def __init__(self, org: Org, version: str) -> None:
        account = org.config
        names = ("client_id", "client_secret", "refresh_token")
        form = {"grant_type": "refresh_token", **{name: account[name] for name in names}}
        token = requests.post(f"{account['base_url']}/oauth/v2/token", data=form, timeout=60).json()
        self._url = f"{account['base_url']}/crm/{version}"
        self._headers = {"Authorization": f"Zoho-oauthtoken {token['access_token']}"}
        #: Done before a call with these parameters.
        self.before: Callable[[str, dict[str, str]], object] = lambda path, params: None

    def ask(self, path, *, read, params, headers=None, usage_of, promised=False):
        self.before(path, params)
        headers = {**self._headers, **(headers or {})}
        answer = requests.get(f"{self._url}/{path}", params=params, headers=headers, timeout=60)
        assert answer.ok, answer.text
        return read(parse_body(answer))

    def ask_for_rows(self, path, **call):
        return self.ask(path, **call)


def reader(org: Org, version: str, asked: Asked | None = None, **limits: int) -> RestReading:
    """A retrieval method over Leads in column groups of two columns, with limits of its own."""
    calls = calls_of("Leads", asked or Asked(org, version))
    fields = [Field(name, "text") for name in ("Last_Name", "Company", "Email")]
    return RestReading(calls, [Field("Modified_Time", "datetime"), *fields], limits)


@pytest.mark.parametrize("inclusive", [True, False], ids=["header inclusive", "exclusive"])
@pytest.mark.parametrize(
    ("version", "limits"),
    [
        ("v8", {"rest_columns": 3, "rest_tokens": 1, "rest_chain_rows": 800}),
        ("v4", {"rest_columns": 50, "rest_tokens": 1, "rest_chain_rows": 1_000}),
        ("v2", {"rest_columns": 0, "rest_tokens": 0, "rest_chain_rows": 200}),
    ],
)
def test_a_chain_that_ends_early_goes_on_in_the_next_one(
    own_org: Org, version: str, limits: dict[str, int], inclusive: bool
) -> None:
    knobs = {"page_token_rows": limits["rest_chain_rows"], "if_modified_since_inclusive": inclusive}
    own_org.control("POST", "knobs", knobs)
    truth = {row["id"]: row for row in own_org.control("GET", "records/Leads")}

    parts = list(reader(own_org, version, **limits).read_changes(SINCE, datetime.now(UTC)))

    rows = [row for part in parts if not isinstance(part, Window) for row in part]
    assert Counter(row["id"] for row in rows) == Counter(truth.keys())
    assert all(row["Company"] == truth[row["id"]]["Company"] for row in rows)
    assert all(row["Email"] == truth[row["id"]]["Email"] for row in rows)


def test_a_second_that_no_chain_can_pass_is_a_sentence(own_org: Org) -> None:
    """Four hundred leads of the sample org share one second."""
    limits = {"rest_columns": 50, "rest_tokens": 1, "rest_chain_rows": 200}
    own_org.control("POST", "knobs", {"page_token_rows": 200})

    with pytest.raises(AirbyteTracedException) as caught:
        list(reader(own_org, "v8", **limits).read_changes(SINCE, datetime.now(UTC)))

    assert "Enable COQL, or choose the API type Bulk" in caught.value.message


def test_a_second_of_several_pages_is_read_again_as_far_as_before(own_org: Org) -> None:
    """With v2, where a page is a block, unless its second is longer."""
    limits = {"rest_columns": 0, "rest_tokens": 0, "rest_chain_rows": 200}
    since = datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)
    leads = [row["id"] for row in own_org.control("GET", "records/Leads")][:900]
    stamp = {"Modified_Time": since.isoformat()}
    own_org.control("PATCH", "records/Leads", [{"id": key, **stamp} for key in leads])
    asked, edited = Asked(own_org, "v2"), []
    order = {"sort_by": "Modified_Time", "sort_order": "asc", "converted": "both"}
    header = {"If-Modified-Since": since.isoformat()}
    first = asked.ask(
        "Leads", read=build_page_parser(), params=order, headers=header, usage_of=""
    ).rows

    def edit(path: str, params: dict[str, str]) -> None:
        # The first row of page 4 becomes the last of page 3.
        if params.get("page") == "4" and not edited:
            edited.append(next(row["id"] for row in first if row["id"] in leads))
            own_org.control("PATCH", "records/Leads", {"id": edited[0], "City": "Bern"})

    asked.before = edit
    end = datetime.now(UTC) - timedelta(minutes=1)
    parts = list(reader(own_org, "v2", asked, **limits).read_changes(since, end))

    assert edited
    read = Counter(row["id"] for part in parts if not isinstance(part, Window) for row in part)
    assert set(read.values()) == {1}
    assert read.keys() >= set(leads) - set(edited)


class Living(dict):
    """A row that is counted as long as it is in memory."""

    now = 0
    most = 0

    def __init__(self, row) -> None:
        super().__init__(row)
        Living.now += 1
        Living.most = max(Living.most, Living.now)

    def __del__(self) -> None:
        Living.now -= 1


@pytest.mark.parametrize("same_order", [True, False], ids=["in one order", "in two orders"])
def test_a_second_of_many_rows_does_not_stay_in_memory(
    own_org: Org, mocker, same_order: bool
) -> None:
    mocker.patch("source_zoho_crm.readers.list_walk._MOST_AHEAD", 400)
    mocker.patch("source_zoho_crm.readers.rest._PARTS_AT_ONCE", 1)
    leads = [row["id"] for row in own_org.control("GET", "records/Leads")]
    stamp = {"Modified_Time": "2019-05-06T07:08:09+00:00"}
    own_org.control("PATCH", "records/Leads", [{"id": key, **stamp} for key in leads])
    limits = {"rest_columns": 3, "rest_tokens": 1, "rest_chain_rows": 100_000}
    asked = Asked(own_org, "v4")
    asking = asked.ask

    def counted(path, *, params, **call):
        other = not same_order and "Email" in params.get("fields", "") and "ids" not in params
        if other:
            params = {**params, "sort_by": "id"}
        answer = asking(path, params=params, **call)
        answer.rows[:] = map(Living, answer.rows)
        return answer

    asked.ask = counted
    Living.now = Living.most = 0
    rows = {}
    for part in reader(own_org, "v4", asked, **limits).read_changes(SINCE, datetime.now(UTC)):
        if not isinstance(part, Window):
            rows |= {row["id"]: row["Email"] for row in part}
            del part

    truth = {row["id"]: row["Email"] for row in own_org.control("GET", "records/Leads")}
    assert rows == truth
    assert len(truth) > 2_000
    assert Living.most <= 1_400, "pages, the next one, and what waits"


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_a_row_of_a_whole_module_is_read_anew_when_it_was_edited_before_its_text_came(
    own_org: Org, version: str
) -> None:
    key = own_org.control("GET", "records/Contracts")[7]["id"]
    own_org.control("PATCH", "records/Contracts", {"id": key, "Clauses": "old " * 500})
    new = {"id": key, "Clauses": "new " * 500, "Name": "New"}
    asked = Asked(own_org, version)
    edited: list[object] = []

    def edit(path: str, params: dict[str, str]) -> None:
        if path != "Contracts" and "deleted" not in path and not edited:
            own_org.control("POST", "clock", {"advance_s": 10})
            edited.append(own_org.control("PATCH", "records/Contracts", new))

    asked.before = edit
    fields = [Field("Name", "text"), Field("Clauses", "textarea", is_rich_text=True)]
    fields.append(Field("Modified_Time", "datetime"))
    limits = {"rest_columns": 2, "rest_tokens": 1, "rest_chain_rows": 100_000}
    limits["rich_ids"] = 200 if version == "v8" else 0
    whole = RestReading(calls_of("Contracts", asked), fields, limits)

    rows = {row["id"]: row for page in whole.read_everything() for row in page}

    assert edited
    truth = {row["id"]: row for row in own_org.control("GET", "records/Contracts")}
    assert rows.keys() == truth.keys()
    assert {k: rows[k]["Clauses"] for k in truth} == {k: truth[k]["Clauses"] or None for k in truth}
    assert rows[key]["Name"] == "New"


@pytest.mark.parametrize(
    ("shown", "fetched"),
    [
        ("x" * 500, True),
        ("x" * 499, False),
        ("ü" * 499, False),
        ("\N{GRINNING FACE}" * 10 + "x" * 480, True),
        ("x" * 499 + "\N{GRINNING FACE}", True),
        ("\N{GRINNING FACE}" + "x" * 497, True),
        ("\N{GRINNING FACE}" * 249, False),
        ("\N{GRINNING FACE}" * 250, True),
    ],
)
def test_a_text_is_cut_by_characters_or_by_units_of_utf_16(shown: str, fetched: bool) -> None:
    """The fourth and sixth are what is left of longer ones, where an emoji counts twice."""
    whole = {"id": "1", "Clauses": shown + " and so on"}
    field = Field("Clauses", "textarea", is_rich_text=True)
    texts = WholeTexts("Contracts", [field], at_once=0)

    (row,) = result_of(texts.restore([{"id": "1", "Clauses": shown}]), lambda _: [whole])

    assert row["Clauses"] == (whole["Clauses"] if fetched else shown)


@pytest.mark.parametrize("odd", [700, 1.5, True, ["x"] * 300, {"a": "x" * 600}])
def test_what_is_no_text_is_not_taken_for_one_that_is_cut(odd: object) -> None:
    asked: list[object] = []
    field = Field("Clauses", "textarea", is_rich_text=True)
    texts = WholeTexts("Contracts", [field], at_once=0)

    left = result_of(texts.restore([{"id": "1", "Clauses": odd}]), asked.append)

    assert left == [{"id": "1", "Clauses": odd}]
    assert asked == []


@pytest.mark.parametrize("timestamp", [7, "soon", None, ["x"]])
def test_a_text_whose_timestamp_is_odd_does_not_end_the_read(timestamp: object) -> None:
    whole = {"id": "1", "Clauses": "x" * 600, "Modified_Time": timestamp}
    fields = [Field("Clauses", "textarea", is_rich_text=True), Field("Modified_Time", "datetime")]
    texts = WholeTexts("Contracts", fields, at_once=0)

    def restore(timestamp: object) -> list[Row]:
        row = {"id": "1", "Clauses": "x" * 500, "Modified_Time": timestamp}
        rows: list[Row] = result_of(texts.restore([row]), lambda _: [whole])
        return rows

    assert restore(timestamp) == [whole]
    assert restore("2024-01-01T00:00:00Z") == []


def test_the_id_comes_though_metadata_do_not_name_it(org: Org) -> None:
    """ "Fields Metadata" lists it since v7."""
    limits = {"rest_columns": 50, "rest_tokens": 1, "rest_chain_rows": 100_000}
    by_rest = reader(org, "v4", **limits)

    parts = list(by_rest.read_changes(SINCE, datetime.now(UTC)))

    rows = [row for part in parts if not isinstance(part, Window) for row in part]
    assert rows
    assert all(row["id"] for row in rows)


@pytest.mark.parametrize("timestamp", [None, 7, "soon", {"at": 1}])
def test_a_row_without_modified_time_comes_and_keeps_no_other_from_coming(
    org: Org, timestamp: object
) -> None:
    limits = {"rest_columns": 3, "rest_tokens": 1, "rest_chain_rows": 100_000}
    asked = Asked(org, "v4")
    asking, unstamped = asked.ask, min(row["id"] for row in org.control("GET", "records/Leads"))

    def without(path, **call):
        answer = asking(path, **call)
        for row in answer.rows:
            if row["id"] == unstamped:
                row["Modified_Time"] = timestamp
        return answer

    asked.ask = without
    parts = list(reader(org, "v4", asked, **limits).read_changes(SINCE, datetime.now(UTC)))

    ids = {row["id"] for part in parts if not isinstance(part, Window) for row in part}
    assert ids == {row["id"] for row in org.control("GET", "records/Leads")}
