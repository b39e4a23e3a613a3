"""Calls that write: insert, update, upsert and delete, as Zoho's pages of these names have them.

`calls.py` has the calls, `permission.py` says which modules they may write to, `body.py` and
`external.py` read the request, and `writer.py` writes it, record by record. `checking.py` turns a
record into `changes.py`, with `values.py` and `shaped.py` for single values, `rows.py` and
`links.py` for rows inside a record, and `special.py` with `appointments.py` for the rules of single
modules about a `candidate.py`. `matching.py` finds records by unique values, `holds.py` says what
keeps a record from being written, `answers.py` writes the answer and `automations.py` records what
a write set off.
"""
