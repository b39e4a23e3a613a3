"""Calls that write: insert, update, upsert and delete, as Zoho's pages of these names have them.

`calls.py` has the calls, `body.py` and `external.py` read what they say, `checking.py` turns a
record into values or into Zoho's complaints, `rows.py` does so for rows inside a record,
`matching.py` finds records by unique values, `answers.py` writes what is answered and
`automations.py` keeps what a write set off.
"""
