import { isIPv4 } from "node:net";
import { type Address, AddressError, parseAddress } from "@mothership/kernel";
import { type IssueList, shown } from "./issue.ts";
import type { Path } from "./positions.ts";
import type { Scalar } from "./raw.ts";

/** An address in any of its written forms; undefined, with an issue, when it is none. */
export function readAddress(text: string | undefined, path: Path, issues: IssueList): Address | undefined {
  if (text === undefined) return undefined;
  const expected = '"tcp://host:port", "host:port", a port alone, or "unix:///path"';
  try {
    const address = parseAddress(text);
    if (address.kind === "unix") return address;
    const { host, port } = address;
    if (port === 0) issues.add(path, `${shown(text)} has port 0, and ports begin at 1`, { expected });
    else if (host === "*")
      issues.add(path, `${shown(text)} names no host`, { hint: `write "0.0.0.0:${port}", or "[::]:${port}" for IPv6 as well` });
    else if (/^\d+(\.\d+){3}$/.test(host) && !isIPv4(host))
      issues.add(path, `${shown(text)} has an IPv4 address that there cannot be`, { expected });
    else return address;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    issues.add(path, error.message, { expected });
  }
  return undefined;
}

/** The texts without repeats, each where it came first. */
export function uniqueTexts(texts: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(texts.filter((text) => text !== undefined))];
}

/** Tables of texts, numbers and booleans merged into one of texts; later ones win. */
export function textTable(
  tables: readonly { readonly value: Readonly<Record<string, Scalar | undefined>>; readonly path: Path }[],
  issues: IssueList,
): Readonly<Record<string, string>> {
  const merged = new Map<string, string>();
  for (const { value, path } of tables)
    for (const [key, scalar] of Object.entries(value)) if (scalar !== undefined) merged.set(key, textOf(scalar, [...path, key], issues));
  // From entries, so that a key named "__proto__" is a key like any other.
  return Object.fromEntries(merged);
}

function textOf(scalar: Scalar, path: Path, { positions, text }: IssueList): string {
  if (typeof scalar !== "number") return String(scalar);
  const place = positions.exact(path);
  const written = place ? text.slice(place.start, place.end) : "";
  // 1.0 is a float in TOML and an integer in JavaScript; it shall not lose its point. 0xe is no float.
  const isFloat = /^[+-]?[\d_]+(?:\.|e)/i.test(written);
  if (Number.isFinite(scalar)) return isFloat && Number.isInteger(scalar) && !/e/i.test(String(scalar)) ? `${scalar}.0` : String(scalar);
  return Number.isNaN(scalar) ? "nan" : scalar > 0 ? "inf" : "-inf";
}
