#!/usr/bin/env bash
# @zohocrm/nodejs-sdk-8.0 2.0.0 on npm, Zoho's SDK for v8 of its API.
#
# It asks for access tokens with multipart/form-data. OAuth 2 (RFC 6749, appendix B) knows only
# application/x-www-form-urlencoded; a server that holds to that finds no client_id.
#
# Seen:
#   POST /oauth/v2/token Content-Type: multipart/form-data; boundary=...
#   fields: client_id, client_secret, grant_type, refresh_token
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

const heard = [];
const stub = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    const isToken = request.url.includes("oauth");
    if (isToken) heard.push([request.headers["content-type"], body]);
    response.setHeader("Content-Type", "application/json;charset=UTF-8");
    response.end(JSON.stringify(isToken ? { access_token: "t", expires_in: 3600 } : { org: [] }));
  });
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
await new SDK.Org.OrgOperations().getOrganization();
stub.close();

const [kind, body] = heard[0];
const names = [...body.matchAll(/; name="(\w+)"/g)].map((match) => match[1]).sort();
console.log("POST /oauth/v2/token Content-Type:", kind.replace(/boundary=.*/, "boundary=..."));
console.log("fields:", names.join(", "));
assert.ok(kind.startsWith("multipart/form-data"));
assert.deepEqual(names, ["client_id", "client_secret", "grant_type", "refresh_token"]);
process.exit(0);
JS
NO_PROXY=127.0.0.1 timeout 60 node finding.js
