/*
 * Which responses may be compressed, and what their fields say then (RFC 9110, 8.4, 8.8 and 12.5). No effects apart from the fields.
 */
import type { Fields, ResponseHead } from "@mothership/kernel";
import compressible from "compressible";
import type { Coding } from "./codings.ts";

/**
 * no: it goes out as it is. told: nothing to compress in it, but it speaks for a response that would be (304). head: the fields of one that
 * would be, without its content. content: it may be compressed.
 */
export type Suitability = "no" | "told" | "head" | "content";

/** Whoever sends one of these vouches for the very bytes. */
const digests = ["content-digest", "repr-digest", "digest", "content-md5"];
/** Statuses whose content, if any, is no representation of its own. */
const unsuitable: ReadonlySet<number> = new Set([204, 205, 206]);

/** `length` is that of the body, `minBytes` what is worth the effort. */
export function suitabilityOf(method: string, { status, fields }: ResponseHead, length: number | undefined, minBytes: number): Suitability {
  if (status < 200 || unsuitable.has(status) || fields.has("content-encoding") || fields.has("content-range")) return "no";
  const type = fields.get("content-type");
  if (type === undefined ? status !== 304 : !isWorthIt(type)) return "no";
  if (forbidsTransform(fields) || digests.some((name) => fields.has(name))) return "no";
  if (status === 304) return "told";
  const least = Math.max(1, minBytes);
  if (method !== "HEAD") return length !== undefined && length < least ? "no" : "content";
  const stated = length === undefined || length === 0 ? Number(fields.get("content-length") ?? Number.POSITIVE_INFINITY) : length;
  return stated < least ? "no" : "head";
}

function isWorthIt(type: string): boolean {
  // The database takes bytes of unknown kind for compressible; mostly they are archives, media and the like.
  return compressible(type) === true && !/^\s*application\/octet-stream\b/i.test(type);
}

/** Cache-Control has no-transform (RFC 9111, 5.2.1.6 and 5.2.2.6), in a request or a response. */
export function forbidsTransform(fields: Fields): boolean {
  return fields.has("cache-control") && fields.all("cache-control").some((value) => /(?:^|[\s,])no-transform(?:[\s,]|$)/i.test(value));
}

/** Server-sent events: what comes must go out at once. */
export function isLive(fields: Fields): boolean {
  return /^\s*text\/event-stream\s*(?:;|$)/i.test(fields.get("content-type") ?? "");
}

/** Says that the response depends on Accept-Encoding, for caches; also where this client gets it plain (RFC 9110, 12.5.5). */
export function addVary(fields: Fields): void {
  const values = fields.all("vary");
  const names = values.flatMap((value) => value.toLowerCase().split(",")).map((name) => name.trim());
  if (names.includes("*") || names.includes("accept-encoding")) return;
  fields.set("Vary", [...values, "Accept-Encoding"].join(", "));
}

/** The fields of a response that goes out in this coding. */
export function dress(fields: Fields, coding: Coding): void {
  fields.append("Content-Encoding", coding);
  fields.delete("content-length");
  // Ranges of the plain content mean nothing in what is sent.
  fields.delete("accept-ranges");
  weaken(fields);
}

/**
 * A strong ETag becomes a weak one: the bytes are others, the meaning is the same (RFC 9110, 8.8.1 and 8.8.3.3).
 */
export function weaken(fields: Fields): void {
  const etag = fields.get("etag");
  if (etag?.startsWith('"')) fields.set("ETag", `W/${etag}`);
}

/**
 * Makes a 304 name the validator that the client has: the weak form, when it asked with that, so that a cache finds what it
 * stored (RFC 9111, 4.3.4). `compressed`: the client would get the response in a coding.
 */
export function matchValidator(fields: Fields, ifNoneMatch: string, compressed: boolean): void {
  fields.delete("content-length");
  const etag = fields.get("etag");
  if (etag === undefined) return;
  const listed: readonly string[] = ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  if (listed.includes(`W/${etag}`) && (compressed || !listed.includes(etag))) weaken(fields);
}
