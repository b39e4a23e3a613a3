"""Changes that lists, queries and exports show late."""

import pytest

from zoho_emulator.server import Settings, running

LATE_S = 30


@pytest.fixture
def late(zoho):
    zoho.knobs(visible_after_s=LATE_S)
    yield zoho
    zoho.knobs(visible_after_s=0)


@pytest.fixture
def seen(late, bulk):
    """The names of the accounts with these ids, by list, query and export."""

    def seen(*ids: str) -> list[dict[str, str]]:
        name = "Account_Name"
        listed = late.get("v8/Accounts", fields=name, ids=",".join(ids))
        wanted = ", ".join(ids)
        queried = late.coql(f"select {name} from Accounts where id in ({wanted})")
        exported = bulk.export("Accounts", name)
        return [
            {row["id"]: row[name] for row in (answer.json()["data"] if answer.content else ())}
            for answer in (listed, queried)
        ] + [{row["Id"]: row[name] for row in exported if row["Id"] in ids}]

    return seen


def advance(zoho, seconds: float) -> None:
    zoho.control("POST", "clock", {"advance_s": seconds})


def test_a_change_is_seen_so_many_seconds_later_and_by_its_id_at_once(late, seen) -> None:
    rows = [{"Account_Name": name} for name in ("edited", "deleted")]
    edited, deleted = late.control("POST", "records/Accounts", rows)["ids"]
    advance(late, LATE_S)
    assert seen(edited, deleted) == [{edited: "edited", deleted: "deleted"}] * 3

    (added,) = late.control("POST", "records/Accounts", {"Account_Name": "added"})["ids"]
    late.control("PATCH", "records/Accounts", {"id": edited, "Account_Name": "once"})
    advance(late, LATE_S / 2)
    late.control("PATCH", "records/Accounts", {"id": edited, "Account_Name": "twice"})
    late.control("DELETE", f"records/Accounts?ids={deleted}")

    assert seen(edited, deleted, added) == [{edited: "edited", deleted: "deleted"}] * 3
    (single,) = late.get(f"v8/Accounts/{edited}").json()["data"]
    assert single["Account_Name"] == "twice"
    assert late.get("v8/Accounts/deleted").json()["data"][0]["id"] == deleted
    advance(late, LATE_S / 2)
    once = {edited: "once", deleted: "deleted", added: "added"}
    assert seen(edited, deleted, added) == [once] * 3
    advance(late, LATE_S / 2)
    assert seen(edited, deleted, added) == [{edited: "twice", added: "added"}] * 3
    late.control("DELETE", f"records/Accounts?ids={edited},{added}&type=permanent")


def test_without_the_knob_all_is_seen_at_once_again(late, seen) -> None:
    (added,) = late.control("POST", "records/Accounts", {"Account_Name": "added"})["ids"]
    assert seen(added) == [{}] * 3
    late.knobs(visible_after_s=0)
    assert seen(added) == [{added: "added"}] * 3
    late.control("DELETE", f"records/Accounts?ids={added}&type=permanent")


def test_a_new_field_or_module_is_there_at_once(late) -> None:
    late.control("POST", "fields/Accounts", {"api_name": "Later", "data_type": "text"})
    late.control("POST", "modules", {"api_name": "Boats"})
    (account,) = late.control("POST", "records/Accounts", {"Account_Name": "x", "Later": "y"})[
        "ids"
    ]
    (boat,) = late.control("POST", "records/Boats", {"Name": "z"})["ids"]
    advance(late, LATE_S)
    row = late.get("v8/Accounts", fields="Later", ids=account).json()["data"][0]
    assert row["Later"] == "y"
    assert late.get("v8/Boats", fields="Name", ids=boat).json()["data"][0]["Name"] == "z"
    late.control("DELETE", "modules/Boats")
    late.control("DELETE", "fields/Accounts/Later")
    late.control("DELETE", f"records/Accounts?ids={account}&type=permanent")
    assert late.get("v8/Accounts", fields="id", per_page=1).status_code == 200


def test_an_org_can_be_late_from_the_start_and_after_a_reset() -> None:
    with running(Settings(rows=3), {"visible_after_s": LATE_S, "tokens_per_10_min": 0}) as server:
        for _ in range(2):
            server.control("POST", "records/Accounts", {"Account_Name": "x"})
            server.control("POST", "reset", {"org": True})
        assert server.control("GET", "counts")["Accounts"]["live"] == 3
