import type { Literal } from "./js-literal.ts";

/** A value that was read by other means, in the form of a literal. `lineOf`: the line of a value at a path, where it is known. */
export function literalOf(
  value: unknown,
  lineOf: (path: readonly (string | number)[]) => number | undefined,
  path: readonly (string | number)[] = [],
): Literal {
  const line = lineOf(path);
  if (Array.isArray(value)) return { kind: "list", items: value.map((item: unknown, at) => literalOf(item, lineOf, [...path, at])), line };
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, item]: [string, unknown]) => ({
      key,
      value: literalOf(item, lineOf, [...path, key]),
      line: lineOf([...path, key]),
    }));
    return { kind: "table", entries, line };
  }
  const scalar = typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
  return { kind: "scalar", value: scalar, line };
}

/** The plain value of a literal. */
export function plainOf(literal: Literal): unknown {
  if (literal.kind === "list") return literal.items.map(plainOf);
  if (literal.kind === "table") return Object.fromEntries(literal.entries.map(({ key, value }) => [key, plainOf(value)]));
  return literal.value;
}
