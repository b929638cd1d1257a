import { type IssueList, pathText, shown } from "./issue.ts";
import { suggestion } from "./nearest.ts";
import type { Path } from "./positions.ts";

/** The part of JSON Schema that the schema of the manifest uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly title?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly maxProperties?: number;
  readonly items?: JsonSchema;
  readonly maxItems?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

/**
 * Holds a value against the schema. Every mistake becomes an issue; what is returned is the value without the wrong parts, so that the
 * rules that come after can still look at the rest. A wrong element of a list leaves `undefined` in its place.
 */
export function validate(value: unknown, schema: JsonSchema, path: Path, issues: IssueList): unknown {
  const kind = kindOf(value);
  if (schema.anyOf) {
    const branch = schema.anyOf.find((one) => accepts(one, kind));
    return branch ? validate(value, branch, path, issues) : wrongKind(kind, value, schema, path, issues);
  }
  if (!accepts(schema, kind)) return wrongKind(kind, value, schema, path, issues);
  if (isTable(value)) return validateTable(value, schema, path, issues);
  if (Array.isArray(value)) return validateList(value, schema, path, issues);
  const wrong = typeof value === "string" ? wrongText(value, schema) : wrongNumber(value, schema);
  if (wrong === undefined) return value;
  issues.add(path, `${subject(path)} ${wrong}`, { expected: schema.title });
  return undefined;
}

type Kind = "string" | "integer" | "number" | "boolean" | "array" | "object" | "date";

const kindNames: Readonly<Record<Exclude<Kind, "integer" | "number">, string>> = {
  string: "text",
  boolean: "true or false",
  array: "a list",
  object: "a table",
  date: "a date or time",
};

function kindOf(value: unknown): Kind {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "boolean";
  // Integers that a number cannot hold exactly arrive as bigint.
  if (typeof value === "bigint" || Number.isInteger(value)) return "integer";
  if (typeof value === "number") return "number";
  if (Array.isArray(value)) return "array";
  return value instanceof Date ? "date" : "object";
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return kindOf(value) === "object";
}

function accepts(schema: JsonSchema, kind: Kind): boolean {
  const type = schema.type ?? (schema.enum ? "string" : undefined);
  return type === kind || (type === "number" && kind === "integer");
}

function wrongKind(kind: Kind, value: unknown, schema: JsonSchema, path: Path, issues: IssueList): undefined {
  const expected = schema.title ?? schema.type ?? "something else";
  const found = kind === "integer" || kind === "number" ? `the number ${String(value)}` : kindNames[kind];
  issues.add(path, `${subject(path)} must be ${expected}, not ${found}`, { expected, hint: repair(kind, value, schema, path) });
  return undefined;
}

/** How to write what was probably meant. */
function repair(kind: Kind, value: unknown, schema: JsonSchema, path: Path): string | undefined {
  const key = path.findLast((step) => typeof step === "string") ?? "";
  if (kind === "string" && schema.type === "boolean" && (value === "true" || value === "false"))
    return `write ${key} = ${value} without quotes`;
  if (kind === "string" && /^\d+$/.test(String(value)) && (schema.type === "integer" || schema.type === "number"))
    return `write ${key} = ${String(value)} without quotes`;
  if ((kind === "integer" || kind === "number") && schema.type === "string") return `write ${key} = "${String(value)}" with quotes`;
  if (kind === "string" && schema.type === "array" && schema.items?.type !== "object")
    return `write ${key} = [...] with brackets around the text`;
  if (kind === "object" && schema.type === "array" && schema.items?.type === "object")
    return `write [[${pathText(path)}]] with two brackets`;
  if (kind === "array" && path.length === 1 && schema.patternProperties)
    return "the header names a group as well, as in [[fleet.web]] or [[bays.websocket]]";
  return undefined;
}

function validateTable(value: Readonly<Record<string, unknown>>, schema: JsonSchema, path: Path, issues: IssueList): unknown {
  const { properties = {}, required = [], maxProperties = Number.POSITIVE_INFINITY } = schema;
  const keys = Object.keys(value);
  if (keys.length > maxProperties) {
    issues.add(path, `${subject(path)} has ${keys.length} entries, and may have ${maxProperties}`);
    return undefined;
  }
  // Without a prototype, like what the parser gives: a key named "__proto__" is a key.
  const clean: Record<string, unknown> = Object.create(null);
  for (const key of keys) {
    const here = [...path, key];
    const inner = Object.hasOwn(properties, key) ? properties[key] : matching(key, schema.patternProperties);
    if (inner) clean[key] = validate(value[key], inner, here, issues);
    else unknownKey(key, schema, here, issues);
  }
  for (const key of required)
    if (!Object.hasOwn(value, key)) issues.add(path, `${owner(path)} needs "${key}"`, { expected: properties[key]?.title });
  return clean;
}

function matching(key: string, patterns: JsonSchema["patternProperties"] = {}): JsonSchema | undefined {
  for (const [pattern, schema] of Object.entries(patterns)) if (new RegExp(pattern, "u").test(key)) return schema;
  return undefined;
}

function unknownKey(key: string, schema: JsonSchema, path: Path, issues: IssueList): void {
  if (schema.patternProperties) {
    const isVariable = Object.keys(schema.patternProperties)[0]?.startsWith("^[^");
    const rule = isVariable ? "it is empty, or holds = or NUL" : "use ASCII letters, digits and _ . - + @, at most 64";
    issues.add(path, `${shown(key)} cannot be a name here: ${rule}`, { at: "key" });
    return;
  }
  const known = Object.keys(schema.properties ?? {});
  const parent = path.slice(0, -1);
  issues.add(path, `unknown key ${shown(key)} in ${parent.length > 0 ? pathText(parent) : "the manifest"}`, {
    at: "key",
    expected: known.join(", "),
    hint: () =>
      parent.length === 0 && isSetting(key, schema) ? `write it under [mothership]` : suggestion(key, known, "no key can stand here"),
  });
}

function validateList(value: readonly unknown[], schema: JsonSchema, path: Path, issues: IssueList): unknown {
  const { items = {}, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (value.length > maxItems) {
    issues.add(path, `${subject(path)} has ${value.length} elements, and may have ${maxItems}`);
    return undefined;
  }
  return value.map((item, index) => validate(item, items, [...path, index], issues));
}

function wrongText(
  value: string,
  { title = "text", minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, enum: choices }: JsonSchema,
) {
  if (value.length > maxLength) return `has ${value.length} characters, and may have ${maxLength}`;
  if (value.length < minLength) return `is empty, and must be ${title}`;
  if (choices && !choices.includes(value)) return `must be ${title}, not ${shown(value)}`;
  if (pattern === undefined || new RegExp(pattern, "u").test(value)) return undefined;
  return value.includes("\0") ? "holds a NUL character" : `must be ${title}, not ${shown(value)}`;
}

function wrongNumber(value: unknown, { title = "a number", minimum, maximum, exclusiveMinimum }: JsonSchema): string | undefined {
  if (typeof value !== "number" && typeof value !== "bigint") return undefined;
  const tooLarge = maximum !== undefined && value > maximum;
  const tooSmall = (minimum !== undefined && value < minimum) || (exclusiveMinimum !== undefined && value <= exclusiveMinimum);
  const bounded = minimum !== undefined || exclusiveMinimum !== undefined;
  if (!tooLarge && !tooSmall && !(bounded && Number.isNaN(value))) return undefined;
  const bound = tooLarge ? ` up to ${maximum}` : minimum === undefined ? "" : ` from ${minimum}`;
  // Some titles name the bounds themselves.
  return `must be ${title}${title.includes(String(tooLarge ? maximum : (minimum ?? exclusiveMinimum))) ? "" : bound}, not ${String(value)}`;
}

/** What a message speaks of: the key, and in a list the number of the element too. */
function subject(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "the manifest";
  if (typeof last === "string") return shown(last);
  const key = path.findLast((step) => typeof step === "string") ?? "";
  return `element ${last + 1} of "${key}"`;
}

function owner(path: Path): string {
  return path.length > 0 ? pathText(path) : "the manifest";
}

/** True when an unknown key of the whole manifest is a key of `[mothership]`. */
function isSetting(key: string, { properties }: JsonSchema): boolean {
  return Object.hasOwn(properties?.["mothership"]?.properties ?? {}, key);
}
