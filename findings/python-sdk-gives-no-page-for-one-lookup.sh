#!/usr/bin/env bash
# zohocrmsdk2_1 3.0.0 on PyPI, Zoho's SDK for v2.1 of its API (zohocrmsdk2_0 6.0.0 does the same).
#
# It takes the value of a lookup to several modules (data type multimodulelookup) for a list, while
# Zoho gives an object. The error that this raises is swallowed: the whole page of the list is gone,
# the status is 200, and the object in the answer is None as if there were no records.
#
# Seen:
#   an object: HTTP 200, None
#   null: HTTP 200, 1 record
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet zohocrmsdk2_1==3.0.0
cd "$folder"
NO_PROXY=127.0.0.1 timeout 60 env/bin/python - <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from zcrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zcrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
from zcrmsdk.src.com.zoho.api.logger import Logger
from zcrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
from zcrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zcrmsdk.src.com.zoho.crm.api.record import RecordOperations
from zcrmsdk.src.com.zoho.crm.api.user_signature import UserSignature

fields = [
    {"id": "1", "api_name": "Related_To", "data_type": "multimodulelookup", "json_type": "jsonobject"}
]
info = {"per_page": 200, "count": 1, "page": 1, "more_records": False}
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
    user=UserSignature("user@example.com"),
    environment=DataCenter.Environment(url, url + "/oauth/v2/token", url, "stub"),
    token=OAuthToken(client_id="c", client_secret="s", refresh_token="refresh"),
    store=FileStore("tokens.csv"),
    resource_path=".",
    logger=Logger.get_instance(level=Logger.Levels.ERROR, file_path="sdk.log"),
)
def read(value):
    global page
    page = {"data": [{"id": "2", "Related_To": value}], "info": info}
    answer = RecordOperations().get_records("Leads")
    found = answer.get_object()
    rows = found and f"{len(found.get_data())} record"
    return f"HTTP {answer.get_status_code()}, {rows}"


given, empty = read({"name": "Acme", "id": "3"}), read(None)
print("an object:", given)
print("null:", empty)
assert given == "HTTP 200, None"
assert empty == "HTTP 200, 1 record"
PY
