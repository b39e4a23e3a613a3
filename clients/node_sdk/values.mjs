// Values as the SDK gives them: made plain, and compared.

export const json = (value) =>
  JSON.stringify(value, (_, part) => (typeof part === "bigint" ? part.toString() : part));

/** A value without the SDK's objects, to be compared and printed. */
export function unwrap(value) {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(unwrap);
  if (value instanceof Map) return unwrap(Object.fromEntries(value));
  if (value == null || typeof value !== "object") return value;
  if (value.constructor.name === "Choice") return value.getValue();
  if (isReference(value) && value.getId() != null) return value.getId().toString();
  if (isRecord(value)) return unwrap(value.getKeyValues());
  const parts = Object.entries(value).filter(([name]) => name !== "keyModified");
  return Object.fromEntries(parts.map(([name, part]) => [name, unwrap(part)]));
}

export const isNothing = (value) => value == null || value === "" || value.length === 0;
export const isRecord = (value) => typeof value?.getKeyValues === "function";
export const isReference = (value) =>
  isRecord(value) || value?.constructor.name.endsWith("User");

/** The amount of a line item's tax, which Zoho computes from its rate. */
const isComputed = (value, name) => value.constructor.name === "LineTax" && name === "value";

/** Whether all that was written was read again; Zoho adds to rows inside a record. */
export function holds(read, written) {
  if (Array.isArray(written) && Array.isArray(read)) {
    return written.length === read.length && written.every((part, i) => holds(read[i], part));
  }
  const isRow = isRecord(written) && written.getId() == null;
  if (isRow && isRecord(read)) {
    return [...written.getKeyValues()].every(([name, cell]) => holds(read.getKeyValue(name), cell));
  }
  const [left, right] = [unwrap(read), unwrap(written)];
  if (left && right && typeof right === "object") {
    const parts = Object.entries(right).filter(([name, part]) => part && !isComputed(written, name));
    return parts.every(([name, part]) => json(left[name]) === json(part));
  }
  return json(left) === json(right);
}
