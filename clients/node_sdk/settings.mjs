// What an org says of itself and of its modules.

import { SDK, answer, params } from "./sdk.mjs";

// What is read once: the class of its calls, the call, and what gives its rows.
export const SETTINGS = [
  ["org", "Org", "getOrganization", "getOrg"],
  ["users", "Users", "getUsers"],
  ["roles", "Roles", "getRoles"],
  ["profiles", "Profiles", "getProfiles"],
  ["territories", "Territories", "getTerritories"],
  ["currencies", "Currencies", "getCurrencies"],
  ["contact_roles", "ContactRoles", "getRoles", "getContactRoles"],
];
// What is read of each module.
export const METADATA = [
  ["fields", "Fields"],
  ["layouts", "Layouts"],
  ["related_lists", "RelatedLists"],
  ["custom_views", "CustomViews"],
];

export async function setting(name, getter, property) {
  const found = await answer(new SDK[name][`${name}Operations`]()[getter]());
  return found[property ?? getter]().length;
}

export async function ofModule(name, module) {
  const there = SDK[name];
  const named = await params(there[`Get${name}Param`], { MODULE: module });
  const found = await answer(new there[`${name}Operations`]()[`get${name}`](named));
  return found ? found[`get${name}`]() : [];
}

export async function tags(module) {
  const named = await params(SDK.Tags.GetTagsParam, { MODULE: module });
  return (await answer(new SDK.Tags.TagsOperations().getTags(named))).getTags().length;
}

/** Those of the module's first layout. */
export async function pipelines(module) {
  const [layout] = await ofModule("Layouts", module);
  const calls = new SDK.Pipeline.PipelineOperations(layout.getId());
  return (await answer(calls.getPipelines())).getPipeline().length;
}

export async function theModule(name) {
  const found = await answer(new SDK.Modules.ModulesOperations().getModuleByAPIName(name));
  return found.getModules().length;
}
