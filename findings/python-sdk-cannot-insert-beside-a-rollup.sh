#!/usr/bin/env bash
# zohocrmsdk2_1 3.0.0 on PyPI, Zoho's SDK for v2.1 of its API (zohocrmsdk2_0 6.0.0 does the same).
#
# One field of a data type that it does not know, a roll-up summary for one, keeps it from inserting
# any record into the module, whatever the record holds. It reads the module well.
#
# Seen:
#   with the field: SDKException KeyError 'name'
#   without it: SUCCESS
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
from zcrmsdk.src.com.zoho.crm.api.exception import SDKException
from zcrmsdk.src.com.zoho.crm.api.record import BodyWrapper, Record, RecordOperations
from zcrmsdk.src.com.zoho.crm.api.user_signature import UserSignature

name = {"id": "1", "api_name": "Account_Name", "data_type": "text", "json_type": "string"}
rollup = {"id": "2", "api_name": "Deals_Won", "data_type": "rollup_summary", "json_type": "integer"}
fields = []
created = {"code": "SUCCESS", "details": {"id": "3"}, "message": "added", "status": "success"}
page = {"data": [created]}


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
def insert(module):
    record, body = Record(), BodyWrapper()
    record.add_key_value("Account_Name", "Acme")
    body.set_data([record])
    try:
        answer = RecordOperations().create_records(module, body)
        return answer.get_object().get_data()[0].get_code().get_value()
    except SDKException as error:
        return f"SDKException {type(error.cause).__name__} {error.cause}"


fields = [name, rollup]
with_it = insert("Accounts")
fields = [name]
without_it = insert("Vendors")
print("with the field:", with_it)
print("without it:", without_it)
assert with_it == "SDKException KeyError 'name'"
assert without_it == "SUCCESS"
PY
