"""Bulk write: uploads, jobs that write their rows, and the results of these jobs.

`uploads.py` keeps files, `table.py` reads the CSV of one, `request.py` and `columns.py` read what a
job is asked for. `jobs.py` lets jobs run, `rows.py` writes a row, with `cells.py` and `formats.py`
for its values; `work.py` writes the result, and `calls.py` has the calls.
"""
