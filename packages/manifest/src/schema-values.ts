import { type TSchema, Type } from "typebox";
import { defaults, limits } from "./limits.ts";

/** Kinds of values that several tables of the manifest have. Build time only, as `schema.ts`. */

/** Letters, digits and `_ . - + @ :` in ASCII: no space, no slash, no quote, no comma, and not a leading dot or dash. */
const namePattern = `^[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,${limits.nameLength - 1}}$`;
const nameTitle = `a name of ASCII letters, digits and _ . - + @ : (at most ${limits.nameLength}, no space)`;
/** A colon would make `bind:pattern` ambiguous. */
export const bindNamePattern = `^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,${limits.nameLength - 1}}$`;

export const closed = { additionalProperties: false } as const;

export const text = (title: string, description: string) =>
  // A NUL would end the text early wherever the system takes it.
  Type.String({ title, description, minLength: 1, maxLength: limits.textLength, pattern: "^[^\\u0000]*$" });

export const name = (description: string) => Type.String({ title: nameTitle, description, pattern: namePattern });

export const list = <T extends TSchema>(items: T, title: string, description: string, maxItems: number) =>
  Type.Array(items, { title, description, maxItems });

const argument = Type.String({ title: "text", maxLength: limits.textLength, pattern: "^[^\\u0000]*$" });

export const command = text("a command", "Program to run: a name found in `PATH`, or a path. No shell is involved.");
export const args = Type.Optional(list(argument, 'a list of texts such as ["db:migrate"]', "Arguments.", limits.args));

const scalar = Type.Union([argument, Type.Number({ title: "a number" }), Type.Boolean({ title: "true or false" })], {
  title: "text, a number, true or false",
});

export const env = Type.Optional(
  Type.Record(Type.String({ pattern: "^[^=\\u0000]+$" }), scalar, {
    title: 'a table of variables such as { RAILS_ENV = "production" }',
    description: "Environment variables, added to those of mothership. Numbers and booleans become text.",
    maxProperties: limits.entries,
    ...closed,
  }),
);

export const config = (description: string) =>
  Type.Optional(
    Type.Record(Type.String({ pattern: "^[^\\u0000]+$" }), scalar, {
      title: 'a table of settings such as { redis_url = "redis://localhost" }',
      description,
      maxProperties: limits.entries,
      ...closed,
    }),
  );

export const duration = (description: string, initial?: string) =>
  Type.String({
    title: 'a duration such as "10s"',
    description,
    maxLength: limits.nameLength,
    ...(initial !== undefined && { default: initial }),
  });

export const size = (description: string, initial?: string) =>
  Type.String({
    title: 'a size such as "512MiB"',
    description,
    maxLength: limits.nameLength,
    ...(initial !== undefined && { default: initial }),
  });

export const yesNo = (description: string, initial: boolean) => Type.Boolean({ title: "true or false", description, default: initial });

export const whole = (what: string, description: string, minimum: number, maximum: number, initial?: number) =>
  Type.Integer({ title: what, description, minimum, maximum, ...(initial !== undefined && { default: initial }) });

export const texts = (one: string, title: string, description: string, maxItems: number) =>
  Type.Array(text(one, ""), { title, description, maxItems });

export const waitsFor = name("A ship or bay.");

export const tags = Type.Optional(
  list(
    name("A tag."),
    'a list of tags such as ["web"]',
    "For filtering, with those of the base template. Filters do not touch modules.",
    limits.tags,
  ),
);

export const critical = Type.Optional(
  Type.Boolean({ title: "true or false", description: "A crash ends the whole fleet.", default: defaults.critical }),
);

export const pattern = text('a pattern such as "/api/.*"', "Only requests whose path matches.");

export const tables = <T extends TSchema>(items: T, header: string, description: string, maxItems: number) =>
  Type.Array(items, { title: `tables with the header ${header}`, description, maxItems });

export const groups = <T extends TSchema>(items: T, header: string, description: string) =>
  Type.Record(Type.String({ pattern: namePattern }), tables(items, header, description, limits.membersPerGroup), {
    title: `tables with the header ${header}`,
    description,
    maxProperties: limits.groups,
    ...closed,
  });
