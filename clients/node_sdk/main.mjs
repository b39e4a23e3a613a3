/* Reads and writes every module of an org with Zoho's Node SDK of v8, unpatched.
 *
 * A job and what was seen are as in `python_sdk`; the job also names the `environment` of the SDK.
 */

import { attachments, bulkRead, coql } from "./other_calls.mjs";
import { Records } from "./records.mjs";
import { SDK, answer, start } from "./sdk.mjs";
import { METADATA, SETTINGS, ofModule, pipelines, setting, tags, theModule } from "./settings.mjs";
import { json, unwrap } from "./values.mjs";

/** Does a step and says what came of it. */
async function seen(module, step, act) {
  let found;
  try {
    found = { rows: await act() };
  } catch (error) {
    const said = error instanceof SDK.SDKException ? error.toString() : error.message;
    found = { error: `${error.constructor.name}: ${said}`.slice(0, 600) };
  }
  console.log(json({ module, step, ...found }));
}

async function oneModule(module) {
  const name = module.getAPIName();
  const found = {};
  const of = async (kind) => (found[kind] = await ofModule(kind, name)).length;
  await seen(name, "module", () => theModule(name));
  for (const [step, kind] of METADATA) await seen(name, step, () => of(kind));
  const isLink = unwrap(module.getGeneratedType()) === "linking";
  const records = new Records(name, found.Fields ?? [], isLink);
  await seen(name, "read", () => records.read());
  await seen(name, "coql", () => coql(name, records.fields));
  if (name === "Attachments") return;
  if (found.RelatedLists?.some((one) => one.getAPIName() === "Attachments")) {
    parents.push(...records.ids.map((id) => [name, id]));
  }
  const steps = ["read_one"];
  if (module.getCreatable()) steps.push("insert", "update", "upsert", "delete");
  if (module.getCreatable() && !isLink) steps.push("deleted");
  for (const step of steps) await seen(name, step, () => records[step]());
}

await start();
const parents = [];
let modules = [];
await seen("", "modules", async () => {
  modules = (await answer(new SDK.Modules.ModulesOperations().getModules())).getModules();
  return modules.length;
});
for (const [step, ...call] of SETTINGS) await seen("", step, () => setting(...call));
await seen("", "tags", () => tags("Leads"));
await seen("", "pipelines", () => pipelines("Deals"));
for (const module of modules) if (module.getAPISupported()) await oneModule(module);
await seen("Attachments", "read_one", () => attachments(parents));
await seen("Leads", "bulk_read", () => bulkRead("Leads"));
