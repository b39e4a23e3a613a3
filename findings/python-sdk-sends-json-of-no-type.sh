#!/usr/bin/env bash
# zohocrmsdk2_0 6.0.0 on PyPI, Zoho's SDK for v2 of its API (zohocrmsdk2_1 3.0.0 does the same with v2.1).
#
# It sends the JSON of inserts, updates, upserts and queries without a Content-Type, although it knows
# that they are application/json. A server that goes by the header takes no write from this SDK.
#
# Seen:
#   POST /crm/v2/Leads Content-Type: None body: {"data": [{"Last_Name": "Doe"}]}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet zohocrmsdk2_0==6.0.0
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
from zcrmsdk.src.com.zoho.crm.api.record import BodyWrapper, Record, RecordOperations
from zcrmsdk.src.com.zoho.crm.api.user_signature import UserSignature

heard = []
field = {"api_name": "Last_Name", "data_type": "text", "json_type": "string", "id": "1"}
created = {"code": "SUCCESS", "details": {"id": "2"}, "message": "added", "status": "success"}


class Stub(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.command == "POST" and "oauth" not in self.path:
            heard.append((self.headers.get("Content-Type"), body.decode()))
        if "oauth" in self.path:
            content = {"access_token": "t", "expires_in": 3600}
        elif "fields" in self.path:
            content = {"fields": [field]}
        else:
            content = {"data": [created]}
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
record, body = Record(), BodyWrapper()
record.add_key_value("Last_Name", "Doe")
body.set_data([record])
answer = RecordOperations().create_records("Leads", body)
assert answer.get_status_code() == 200
[(kind, sent)] = heard
print("POST /crm/v2/Leads Content-Type:", kind, "body:", sent)
assert kind is None and json.loads(sent)["data"] == [{"Last_Name": "Doe"}]
PY
