"""What the connectors cost, measured against the emulator on this machine.

`experiments.py` says what is run and `marks.py` what it is to reach: both are lists, so a new
figure is a new entry. `runs.py` and `writing.py` have the kinds of runs, `lab.py` what they share;
`commands.py` measures a process; `builds.py` makes the environments that are compared; `orgs.py`
and `zoho.py` have the emulators. Connectors are reached by their commands only.
"""
