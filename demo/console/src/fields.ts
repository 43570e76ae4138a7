/**
 * Reading what comes off a wire, field by field: nothing from outside is
 * trusted to have the shape that it should have.
 */
export type Fields = Readonly<Record<string, unknown>>;

/** Thrown for a message that is not what it should be. */
export class WireError extends Error {}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object that a JSON text holds. */
export function parseFields(text: string): Fields {
  const parsed: unknown = JSON.parse(text);
  if (!isFields(parsed)) throw new WireError("The message is no object.");
  return parsed;
}

export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new WireError(`${name} is no text.`);
  return value;
}

export function maybeText(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" ? value : undefined;
}

export function numberOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== "number") throw new WireError(`${name} is no number.`);
  return value;
}

export function maybeNumber(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return typeof value === "number" ? value : undefined;
}

export function flagOf(fields: Fields, name: string): boolean {
  return fields[name] === true;
}

export function fieldsOf(fields: Fields, name: string): Fields {
  const value = fields[name];
  if (!isFields(value)) throw new WireError(`${name} is no object.`);
  return value;
}

export function listOf<T>(
  fields: Fields,
  name: string,
  read: (item: Fields) => T,
): T[] {
  return arrayOf(fields, name).map((item) => {
    if (!isFields(item)) throw new WireError(`${name} holds no objects.`);
    return read(item);
  });
}

export function textsOf(fields: Fields, name: string): string[] {
  return arrayOf(fields, name).map((item) => {
    if (typeof item !== "string") throw new WireError(`${name} holds no text.`);
    return item;
  });
}

function arrayOf(fields: Fields, name: string): unknown[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new WireError(`${name} is no list.`);
  return value;
}
