#!/usr/bin/env bash
# airbyte-cdk 7.39.1 on PyPI.
#
# What prints a source's messages leaves out every column of a record that is null, but keeps nulls
# inside objects and lists. So a destination cannot tell a value that was cleared from a column that
# was not read, unless it takes what is missing for null.
#
# Seen:
#   {"id":1,"inner":{"fax":null},"list":[null]}    of a record with "phone": null besides
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet airbyte-cdk==7.39.1
cd "$folder"
timeout 120 env/bin/python - <<'PY'
import json

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, Type

data = {"id": 1, "phone": None, "inner": {"fax": None}, "list": [None]}
record = AirbyteRecordMessage(stream="contacts", data=data, emitted_at=1)
line = AirbyteEntrypoint.airbyte_message_to_string(AirbyteMessage(type=Type.RECORD, record=record))
printed = json.loads(line)["record"]["data"]
print(json.dumps(printed, separators=(",", ":")))
assert printed == {"id": 1, "inner": {"fax": None}, "list": [None]}
PY
