#!/usr/bin/env bash
# zohocrmsdk8_0 7.0.0 on PyPI, Zoho's SDK for v8 of its API.
#
# Where several fields of a record are wrong, v8 answers MULTIPLE_OR_MULTI_ERRORS and tells each of
# them in `errors` inside `details`. This SDK knows the keys that it expects in `details` and leaves
# out all others: details are empty, and which fields are wrong cannot be learned from its objects.
#
# Seen:
#   several errors: MULTIPLE_OR_MULTI_ERRORS {}
#   one error: INVALID_DATA {'api_name': 'Last_Name'}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet zohocrmsdk8_0==7.0.0
cd "$folder"
NO_PROXY=127.0.0.1 timeout 60 env/bin/python - <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
from zohocrmsdk.src.com.zoho.api.logger import Logger
from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zohocrmsdk.src.com.zoho.crm.api.record import BodyWrapper, Record, RecordOperations

fields = [{"id": "1", "api_name": "Last_Name", "data_type": "text", "json_type": "string"}]
wrong = {
    "code": "INVALID_DATA",
    "details": {"api_name": "Last_Name"},
    "message": "invalid data",
    "status": "error",
}
several = {
    "code": "MULTIPLE_OR_MULTI_ERRORS",
    "details": {"errors": [wrong, wrong]},
    "message": "Multiple errors in the request",
    "status": "error",
}
page = {}


class Stub(BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "oauth" in self.path:
            content = {"access_token": "t", "expires_in": 3600}
        elif "settings/fields" in self.path:
            content = {"fields": fields}
        else:
            content = page
        payload = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json;charset=UTF-8")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


stub = HTTPServer(("127.0.0.1", 0), Stub)
threading.Thread(target=stub.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{stub.server_port}"
Initializer.initialize(
    environment=DataCenter.Environment(url, url + "/oauth/v2/token", url),
    token=OAuthToken(client_id="c", client_secret="s", refresh_token="refresh"),
    store=FileStore("tokens.csv"),
    resource_path=".",
    logger=Logger.get_instance(level=Logger.Levels.ERROR, file_path="sdk.log"),
)
def insert(outcome):
    global page
    page = {"data": [outcome]}
    record, body = Record(), BodyWrapper()
    record.add_key_value("Last_Name", "Doe")
    body.set_data([record])
    found = RecordOperations("Leads").create_records(body).get_object().get_data()[0]
    return f"{found.get_code().get_value()} {found.get_details()}"


both, one = insert(several), insert(wrong)
print("several errors:", both)
print("one error:", one)
assert both == "MULTIPLE_OR_MULTI_ERRORS {}"
assert one == "INVALID_DATA {'api_name': 'Last_Name'}"
PY
