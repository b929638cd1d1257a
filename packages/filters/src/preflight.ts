/*
 * What a CORS preflight is, and which answers to it may be given again (Fetch standard, 4.8 and 4.9). Browsers send preflights without
 * credentials; whatever carries some is not theirs, and is neither answered from memory nor remembered.
 */
import type { Exchange, Fields, ResponseHead } from "@mothership/kernel";

/** Answers are not kept for longer than this, whatever Access-Control-Max-Age says; browsers have such limits too. */
export const longestTtlMs = 86_400_000;

/** Beyond this a preflight is not remembered, so that nobody fills the memory with few requests. */
const maxKeyLength = 4096;

/** What of a request decides about the answer: everything in the key, and the absence of these. */
const credentials = ["cookie", "authorization", "proxy-authorization"];
const asked = ["access-control-request-method", "access-control-request-headers"];
/** Vary may name these only: they are in the key, never there, or (Accept-Encoding) without effect on content that is not encoded. */
const variedBy = new Set(["origin", ...asked, ...credentials, "accept-encoding"]);

/**
 * The key of a preflight: bind, scheme, host with port, origin, path, Access-Control-Request-Method and -Headers (names in any order and
 * case). The query is not in it. Undefined for everything that is no preflight, or none that can be remembered.
 */
export function preflightKey({ bind, client, incoming, path, fields }: Exchange): string | undefined {
  if (incoming.body.length !== 0 || incoming.upgrade !== undefined) return undefined;
  const origins = fields.all("origin");
  const methods = fields.all("access-control-request-method");
  if (origins.length !== 1 || methods.length !== 1 || !onlyKnown(fields)) return undefined;
  const names = new Set(items(fields.all("access-control-request-headers")));
  const scheme = client.secure ? "https" : "http";
  // No part can hold a line feed.
  const key = [bind, scheme, incoming.authority.toLowerCase(), origins[0], path, methods[0], [...names].sort().join()].join("\n");
  return key.length <= maxKeyLength ? key : undefined;
}

/** For how many milliseconds this answer may be given again to preflights from `origin`; 0 for not at all. */
export function preflightTtlMs({ status, fields }: ResponseHead, origin: string, defaultTtlMs: number): number {
  const allowed = fields.all("access-control-allow-origin");
  const successful = status >= 200 && status <= 299 && allowed.length === 1 && (allowed[0] === "*" || allowed[0] === origin);
  // What is set for one client, or encoded for one, is not for others.
  if (!successful || fields.has("set-cookie") || fields.has("content-encoding")) return 0;
  if (items(fields.all("vary")).some((name) => !variedBy.has(name))) return 0;
  const ages = fields.all("access-control-max-age");
  if (ages.length === 0) return defaultTtlMs;
  // 0, -1 and what is no number ask for not being kept.
  const seconds = ages.length === 1 && /^\d+$/.test(ages[0]!.trim()) ? Number(ages[0]) : 0;
  return Math.min(seconds * 1000, longestTtlMs);
}

/** No credentials, and nothing asked (such as Access-Control-Request-Private-Network) that is not in the key. */
function onlyKnown(fields: Fields): boolean {
  for (let index = 0; index < fields.size; index++) {
    const key = fields.key(index);
    if (credentials.includes(key) || (key.startsWith("access-control-request-") && !asked.includes(key))) return false;
  }
  return true;
}

/** The items of a list of names, lower case, without the empty ones. */
function items(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) =>
    line
      .toLowerCase()
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== ""),
  );
}
