// The SDK of the environment that the job names: started, asked, and its answers taken apart.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { json, unwrap } from "./values.mjs";

export const JOB = JSON.parse(readFileSync(0, "utf8"));
const PACKAGE = createRequire(join(JOB.environment, "x.js")).resolve("@zohocrm/nodejs-sdk-8.0");
export const SDK = await import(pathToFileURL(PACKAGE));

export class UnusableError extends Error {}

/** Zoho refused, and the SDK understood that. */
export class RefusedError extends UnusableError {
  constructor(found) {
    const details = unwrap(found.getDetails());
    const code = unwrap(found.getCode());
    super(`${code} ${unwrap(found.getMessage())} ${json(details)}`);
    this.code = code;
    this.details = details;
  }
}

export async function start() {
  const tokenUrl = JOB.base_url + "/oauth/v2/token";
  const environment = SDK.DataCenter.setEnvironment(JOB.base_url, tokenUrl, JOB.base_url);
  const token = new SDK.OAuthBuilder()
    .clientId(JOB.client_id)
    .clientSecret(JOB.client_secret)
    .refreshToken(JOB.refresh_token)
    .build();
  const logger = new SDK.LogBuilder().level(SDK.Levels.INFO).filePath(join(JOB.folder, "sdk.log"));
  const builder = await new SDK.InitializeBuilder();
  await builder
    .environment(environment)
    .token(token)
    .store(new SDK.FileStore(join(JOB.folder, "tokens.csv")))
    .resourcePath(JOB.folder)
    .logger(logger.build())
    .initialize();
}

/** The object in an answer; null where Zoho has nothing to say. Of a file it is a promise. */
export async function answer(call) {
  const response = await call;
  if (response == null) throw new UnusableError("no answer");
  if ([204, 304].includes(response.getStatusCode())) return null;
  const found = await response.getObject();
  if (found == null) throw new UnusableError(`HTTP ${response.getStatusCode()} without an object`);
  if (found.constructor.name === "APIException") throw new RefusedError(found);
  return found;
}

export async function params(operations, values) {
  const chosen = new SDK.ParameterMap();
  for (const [name, value] of Object.entries(values)) await chosen.add(operations[name], value);
  return chosen;
}
