"""Calls that write: insert, update, upsert and delete, as Zoho's pages of these names have them.

`calls.py` has the calls, and `permission.py` who may make them; `body.py` and `external.py` read
what they say, and `writer.py` does it, record by record. `checking.py` turns a record into values
or into Zoho's complaints, with `given.py` and `shaped.py` for single values, `rows.py` and
`links.py` for rows inside a record, and `special.py` with `appointments.py` for what only some
modules ask of a `candidate.py`. `matching.py` finds records by unique values, `holds.py` tells what
keeps a record from being written, `answers.py` writes what is answered and `automations.py` what a
write set off.
"""
