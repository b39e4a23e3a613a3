// The records of one module: read, copied, written, deleted.

import { JOB, RefusedError, SDK, UnusableError, answer, params } from "./sdk.mjs";
import { ofModule } from "./settings.mjs";
import { holds, isNothing, isRecord, isReference, json, unwrap } from "./values.mjs";

export const PAGE = 200;
// Fields that one list of v8 may ask for.
const MOST_FIELDS = 50;
// Zoho sets them, or a call of its own does.
const NOT_WRITTEN = [
  "autonumber", "formula", "rollup_summary", "fileupload", "imageupload", "profileimage", "layout",
];
const LINKS = ["multiselectlookup", "multiuserlookup"];
// Classes of rows that are more than a reference, and the lookup by which rows hang on a record.
const ROWS = ["Participants", "PricingDetails"];
const PARENTS = ["Parent_Id"];

const isWritable = (field) =>
  !(field.getReadOnly() || NOT_WRITTEN.includes(unwrap(field.getDataType())));

function reference(value) {
  const copy = new value.constructor();
  copy.setId(BigInt(value.getId()));
  return copy;
}

function row(values, record = new SDK.Record.Record()) {
  for (const [name, value] of values) record.addKeyValue(name, value);
  return record;
}

/** What was read, as something to write: an SDK sends only what was set. */
async function copied(value, field) {
  if (Array.isArray(value)) return Promise.all(value.map((item) => copied(item, field)));
  const kind = unwrap(field?.getDataType());
  if (isRecord(value) && field) {
    const cells = [...value.getKeyValues()].filter(([, cell]) => !isNothing(cell));
    if (LINKS.includes(kind)) {
      const ends = cells.filter(([, cell]) => isReference(cell));
      return row(ends.map(([name, end]) => [name, reference(end)]));
    }
    if (ROWS.includes(value.constructor.name)) {
      const leftOut = ["id", ...(JOB.left_out[value.constructor.name] ?? [])];
      const kept = cells.filter(([name]) => !leftOut.includes(name));
      const copies = kept.map(async ([name, cell]) => [name, await copied(cell)]);
      return row(await Promise.all(copies), new value.constructor());
    }
    if (kind === "subform") {
      const module = field.getAssociatedModule().getModule();
      const known = await ofModule("Fields", module);
      const leftOut = [...PARENTS, ...(JOB.left_out[module] ?? [])];
      const fields = new Map(known.map((one) => [one.getAPIName(), one]));
      const kept = cells.filter(
        ([name]) => fields.has(name) && isWritable(fields.get(name)) && !leftOut.includes(name),
      );
      const copies = kept.map(async ([name, cell]) => [name, await copied(cell, fields.get(name))]);
      return row(await Promise.all(copies));
    }
  }
  if (isReference(value)) return reference(value);
  if (value == null || typeof value !== "object" || value instanceof Date) return value;
  if (value instanceof Map || value.constructor.name === "Choice") return value;
  const copy = new value.constructor();
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(value))) {
    if (!name.startsWith("set") || typeof value["g" + name.slice(1)] !== "function") continue;
    const part = name.slice(3) ? value["g" + name.slice(1)]() : null;
    if (part != null) copy[name](await copied(part));
  }
  return copy;
}

export class Records {
  constructor(module, fields, isLink) {
    this.module = module;
    this.fields = new Map(fields.map((field) => [field.getAPIName(), field]));
    this.isLink = isLink;
    this.calls = new SDK.Record.RecordOperations(module);
    this.ids = [];
    this.written = [];
  }

  async read() {
    const names = [...this.fields.keys()];
    for (let from = 0; from < names.length; from += MOST_FIELDS) {
      const rows = await this.pages(names.slice(from, from + MOST_FIELDS));
      const ids = rows.map((one) => one.getId());
      if (from && json(ids) !== json(this.ids)) {
        throw new UnusableError(`${ids.length} rows with other columns, ${this.ids.length} before`);
      }
      this.ids = ids;
    }
    if (!names.length) await this.pages(["id"]);
    return this.ids.length;
  }

  async pages(names) {
    const rows = [];
    for (let page = 1; ; page += 1) {
      const wanted = { FIELDS: names.join(","), PAGE: page, PER_PAGE: PAGE };
      const values = await params(SDK.Record.GetRecordsParam, wanted);
      const found = await answer(this.calls.getRecords(values));
      if (!found) return rows;
      rows.push(...found.getData());
      if (!found.getInfo().getMoreRecords()) return rows;
    }
  }

  /** Each record on its own; the one that has most to say is written later. */
  async read_one() {
    const said = (one) => [...one.getKeyValues().values()].filter((v) => !isNothing(v)).length;
    const [name, value] = JOB.samples[this.module] ?? [];
    for (const id of this.ids) {
      const one = await this.one(id);
      if (value && unwrap(one.getKeyValue(name)) !== value) continue;
      if (!this.sample || said(one) > said(this.sample)) this.sample = one;
    }
    return this.ids.length;
  }

  async one(id) {
    return (await answer(this.calls.getRecord(id))).getData()[0];
  }

  async insert() {
    if (!this.sample) return null;
    const values = this.sample.getKeyValues();
    const written = new Map();
    for (const [name, value] of values) {
      const field = this.fields.get(name);
      if (isNothing(value) || !field || !isWritable(field)) continue;
      if (JOB.left_out[this.module]?.includes(name)) continue;
      written.set(name, await copied(value, field));
    }
    // Zoho takes no second link between the same two records.
    if (this.isLink) await this.remove(this.sample.getId());
    for (let tries = 0; tries < 5 && !this.created; tries += 1) {
      const record = row(written);
      if (values.get("$se_module")) record.addKeyValue("$se_module", values.get("$se_module"));
      try {
        this.created = await this.write("createRecords", record);
      } catch (error) {
        // The SDKs spell the key that makes a field unique otherwise than Zoho does.
        if (error.code !== "DUPLICATE_DATA") throw error;
        written.delete(error.details.api_name);
      }
    }
    if (!this.created) throw new UnusableError("five fields hold what another record holds");
    const again = (await this.one(this.created)).getKeyValues();
    for (const [name, value] of written) {
      if (!holds(again.get(name), value)) {
        const [there, here] = [json(unwrap(again.get(name))), json(unwrap(value))];
        throw new UnusableError(`${name}: written ${here}, read ${there}`);
      }
    }
    this.written = [...written.keys()];
    return written.size;
  }

  update() {
    const isText = (name) => typeof this.sample.getKeyValue(name) === "string";
    const texts = this.written.filter(isText).slice(-1);
    return this.again("updateRecords", texts.length ? texts : this.written.slice(0, 1));
  }

  upsert() {
    const isMandatory = (name) => this.fields.get(name).getSystemMandatory();
    return this.again("upsertRecords", this.written.filter(isMandatory));
  }

  async again(call, names) {
    if (!this.created) return null;
    const values = new Map();
    for (const name of names) {
      values.set(name, await copied(this.sample.getKeyValue(name), this.fields.get(name)));
    }
    const record = row(values);
    record.setId(this.created);
    const id = await this.write(call, record);
    if (id !== this.created) throw new UnusableError("another record was written");
    return names.length;
  }

  async delete() {
    if (!this.created) return null;
    await this.remove(this.created);
    return 1;
  }

  async remove(id) {
    const named = await params(SDK.Record.DeleteRecordsParam, { IDS: id.toString() });
    await this.judge(this.calls.deleteRecords(named));
  }

  async deleted() {
    if (!this.created) return null;
    const named = await params(SDK.Record.GetDeletedRecordsParam, { TYPE: "all", PER_PAGE: PAGE });
    const rows = (await answer(this.calls.getDeletedRecords(named))).getData();
    if (!rows.some((one) => one.getId() === this.created)) {
      throw new UnusableError("the deleted record is not listed");
    }
    return 1;
  }

  async write(call, record) {
    const body = new SDK.Record.BodyWrapper();
    body.setData([record]);
    return this.judge(this.calls[call](body));
  }

  async judge(call) {
    const outcome = (await answer(call)).getData()[0];
    if (outcome.constructor.name !== "SuccessResponse") throw new RefusedError(outcome);
    return BigInt(outcome.getDetails().get("id"));
  }
}
