#!/usr/bin/env bash
# @zohocrm/nodejs-sdk-8.0 2.0.0 on npm, Zoho's SDK for v8 of its API.
#
# A formula field that returns a text keeps it from reading any record of the module. Zoho's metadata
# say return_type "string" of such a field, as Zoho's pages show it, and this SDK knows no type of
# that name: it raises where the value is read. With return_type "text" it reads the same page.
#
# Seen:
#   return_type string: SDKException TypeError: Cannot read properties of undefined (reading 'toString')
#   return_type text: 1 record, Greeting = Dear
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' > package.json
npm install --silent --no-fund --no-audit @zohocrm/nodejs-sdk-8.0@2.0.0
cat > finding.js <<'JS'
import assert from "node:assert";
import { createServer } from "node:http";
import * as SDK from "@zohocrm/nodejs-sdk-8.0";

const returns = process.argv[2];
const formula = { return_type: returns, expression: "'Dear'", dynamic: false };
const fields = [{ id: "1", api_name: "Greeting", data_type: "formula", json_type: "string", formula }];
const page = { data: [{ id: "2", Greeting: "Dear" }], info: { count: 1, more_records: false } };
const stub = createServer((request, response) => {
  request.resume();
  response.setHeader("Content-Type", "application/json;charset=UTF-8");
  const token = { access_token: "t", expires_in: 3600 };
  const isFields = request.url.includes("settings/fields");
  response.end(JSON.stringify(request.url.includes("oauth") ? token : isFields ? { fields } : page));
});
await new Promise((ready) => stub.listen(0, "127.0.0.1", ready));
const url = `http://127.0.0.1:${stub.address().port}`;
const token = new SDK.OAuthBuilder().clientId("c").clientSecret("s").refreshToken("refresh");
const builder = await new SDK.InitializeBuilder();
await builder
  .environment(SDK.DataCenter.setEnvironment(url, url + "/oauth/v2/token", url))
  .token(token.findUser(false).build())
  .store(new SDK.FileStore("tokens.csv"))
  .resourcePath(".")
  .initialize();
let seen;
try {
  const params = new SDK.ParameterMap();
  await params.add(SDK.Record.GetRecordsParam.FIELDS, "Greeting");
  const answer = await new SDK.Record.RecordOperations("Leads").getRecords(params);
  const rows = answer.getObject().getData();
  seen = `${rows.length} record, Greeting = ${rows[0].getKeyValue("Greeting")}`;
} catch (error) {
  seen = `${error.constructor.name} ${error.cause}`;
}
console.log(`return_type ${returns}: ${seen}`);
const raises = "SDKException TypeError: Cannot read properties of undefined (reading 'toString')";
assert.equal(seen, returns === "string" ? raises : "1 record, Greeting = Dear");
process.exit(0);
JS
for returns in string text; do
  rm -rf resources
  NO_PROXY=127.0.0.1 timeout 60 node finding.js $returns
done
