import { parseHttpDate } from "./http-date.ts";

/** The conditional fields of a request, as sent; several lines of one joined with commas. */
export interface Conditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly ifUnmodifiedSince: string | undefined;
}

/** What identifies a state of a file. */
export interface Validators {
  /** With its quotes; strong. */
  readonly etag: string;
  /** Whole seconds since the epoch, as Last-Modified says it. */
  readonly modified: number;
}

/** What the conditions come to for GET and HEAD, in the order of RFC 9110, 13.2.2. */
export function evaluate(conditions: Conditions, { etag, modified }: Validators): "send" | "not-modified" | "failed" {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!listHolds(ifMatch, etag, "strong")) return "failed";
  } else if (ifUnmodifiedSince !== undefined) {
    const date = parseHttpDate(ifUnmodifiedSince);
    if (date !== undefined && modified > date) return "failed";
  }
  if (ifNoneMatch !== undefined) return listHolds(ifNoneMatch, etag, "weak") ? "not-modified" : "send";
  const date = ifModifiedSince === undefined ? undefined : parseHttpDate(ifModifiedSince);
  return date !== undefined && modified <= date ? "not-modified" : "send";
}

/**
 * Whether a Range may be honoured under this If-Range (RFC 9110, 13.1.5). `now` in seconds: a date younger than a second is no
 * strong validator, for the file may have changed twice in it.
 */
export function rangeAllowed(ifRange: string | undefined, { etag, modified }: Validators, now: number): boolean {
  if (ifRange === undefined) return true;
  const value = ifRange.trim();
  if (value.startsWith('"')) return value === etag;
  return !value.startsWith("W/") && parseHttpDate(value) === modified && now - modified >= 1;
}

function listHolds(list: string, etag: string, comparison: "strong" | "weak"): boolean {
  if (list.trim() === "*") return true;
  for (const [, weak, opaque] of list.matchAll(/(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g)) {
    if (opaque === etag && (comparison === "weak" || weak === undefined)) return true;
  }
  return false;
}
