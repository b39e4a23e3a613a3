"""Inserts by HTTP, and the records that come of them."""

import pytest


@pytest.fixture
def insert(zoho):
    def insert(*records, module="Leads", version="v8", headers=None, **keys):
        body = {"data": list(records), **keys}
        return zoho.call("POST", f"{version}/{module}", json=body, headers=headers)

    return insert


def find_record(zoho, module, record_id):
    """The record as the emulator's own account has it."""
    return next(row for row in zoho.truth(module) if row["id"] == record_id)
