"""Lists and single records by HTTP."""

from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]


def read_pages(zoho, path: str, **params: object) -> Iterator[Row]:
    """All pages, by token."""
    token = None
    while True:
        extra = {} if token is None else {"page_token": token}
        answer = zoho.get(path, **params, **extra)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        token = answer.json()["info"]["next_page_token"]
        if token is None:
            return


def read_error(answer) -> tuple[int, str, object]:
    body = answer.json()
    assert body["status"] == "error"
    return answer.status_code, body["code"], body["details"]


def find_first_id(zoho, module: str, version: str = "v8") -> str:
    return zoho.get(f"{version}/{module}", fields="id", per_page=1).json()["data"][0]["id"]


def read_one(zoho, module: str, record_id: str, version: str = "v8", **params: object) -> Row:
    answer = zoho.get(f"{version}/{module}/{record_id}", **params)
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()["data"]
    assert answer.json().keys() == {"data"}
    return row


def find_children(zoho, module: str, lookup: str, parent: str) -> list[Row]:
    return [row for row in zoho.truth(module) if row[lookup]["id"] == parent]


def find_parent(zoho, module: str, lookup: str) -> str:
    return zoho.truth(module)[0][lookup]["id"]
