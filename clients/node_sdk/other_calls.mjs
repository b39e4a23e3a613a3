// Calls that are not about one record: queries, exports, and attachments.

import { inflateRawSync } from "node:zlib";

import { PAGE } from "./records.mjs";
import { RefusedError, SDK, UnusableError, answer, params } from "./sdk.mjs";
import { unwrap } from "./values.mjs";

export async function coql(module, fields) {
  const columns = ["id", ...["Created_Time", "Owner"].filter((name) => fields.has(name))];
  const body = new SDK.Coql.BodyWrapper();
  body.setSelectQuery(`select ${columns} from ${module} where id > 0 limit ${PAGE}`);
  const found = await answer(new SDK.Coql.CoqlOperations().getRecords(body));
  return found ? found.getData().length : 0;
}

export async function bulkRead(module) {
  const query = new SDK.BulkRead.Query();
  const named = new SDK.Modules.MinifiedModule();
  named.setAPIName(module);
  query.setModule(named);
  query.setFields(["id", "Owner", "Created_Time"]);
  const body = new SDK.BulkRead.BodyWrapper();
  body.setQuery(query);
  const calls = new SDK.BulkRead.BulkReadOperations();
  const made = (await answer(calls.createBulkReadJob(body))).getData()[0];
  if (made.constructor.name !== "SuccessResponse") throw new RefusedError(made);
  const job = BigInt(made.getDetails().get("id"));
  let detail;
  for (let tries = 0; tries < 50; tries += 1) {
    detail = (await answer(calls.getBulkReadJobDetails(job))).getData()[0];
    if (["COMPLETED", "FAILURE"].includes(unwrap(detail.getState()))) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const file = (await answer(calls.downloadResult(job))).getFile().getStream();
  const rows = firstFile(Buffer.from(file)).trimEnd().split("\n").length - 1;
  const count = Number(detail.getResult().getCount());
  if (rows !== count) throw new UnusableError(`${rows} rows in the file, ${count} reported`);
  return rows;
}

/** The text of a ZIP's first file; its sizes stand in the directory at the end. */
export function firstFile(zip) {
  const entry = zip.indexOf(Buffer.from("PK\x01\x02", "latin1"));
  const start = 30 + zip.readUInt16LE(26) + zip.readUInt16LE(28);
  return inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(entry + 20))).toString();
}

/** Attachments are read below one record at a time. */
export async function attachments(parents) {
  let rows = 0;
  for (const [module, id] of parents) {
    const named = await params(SDK.Attachments.GetAttachmentsParam, { FIELDS: "id,File_Name" });
    const calls = new SDK.Attachments.AttachmentsOperations();
    const found = await answer(calls.getAttachments(id, module, named));
    rows += found ? found.getData().length : 0;
  }
  return rows;
}
