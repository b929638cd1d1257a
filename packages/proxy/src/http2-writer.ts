import type { OutgoingHttpHeaders } from "node:http2";
import { FieldError, type Fields } from "@mothership/kernel";

/** Fields of HTTP/1.1 connections have no place in HTTP/2 (RFC 9113, 8.2.2), and framing is never passed on. */
const leftOut: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

const token = /^[!#$%&'*+\-.^_`|~\da-z]+$/;
const notValue = /[^\t\x20-\x7e\x80-\xff]/;

/** What is said besides the fields of a response. */
export interface ResponseExtras {
  /** Content-Length, where there is one to say. */
  readonly length?: number | undefined;
  /** Date for a response that has none; undefined leaves it out. */
  readonly date?: string | undefined;
  /** Trailers may follow, so that a field announcing them may stand. */
  readonly trailers?: boolean;
  /** Names to leave out. */
  readonly without?: string | undefined;
}

/** The head of a response in the form that node:http2 takes. @throws {FieldError} for what could not be sent; {RangeError} for a status. */
export function responseHeaders(status: number, fields: Fields, extras: ResponseExtras = {}): OutgoingHttpHeaders {
  if (!Number.isInteger(status) || status < 100 || status > 599 || status === 101)
    throw new RangeError(`${status} is not a status that can be sent`);
  // No prototype: a field may be called "constructor".
  const headers: OutgoingHttpHeaders = Object.create(null) as OutgoingHttpHeaders; // create is typed any
  headers[":status"] = status;
  for (let index = 0; index < fields.size; index++) {
    const key = fields.key(index);
    if (leftOut.has(key) || key === extras.without || (key === "trailer" && !extras.trailers)) continue;
    add(headers, key, fields.value(index));
  }
  if (extras.date !== undefined) headers["date"] ??= extras.date;
  if (extras.length !== undefined) headers["content-length"] = String(extras.length);
  return headers;
}

/** Trailers in the form that node:http2 takes. @throws {FieldError} */
export function trailerHeaders(fields: Fields | undefined): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null) as OutgoingHttpHeaders; // create is typed any
  for (let index = 0; index < (fields?.size ?? 0); index++) {
    const key = fields!.key(index);
    if (!leftOut.has(key)) add(headers, key, fields!.value(index));
  }
  return headers;
}

function add(headers: OutgoingHttpHeaders, key: string, value: string): void {
  // A parser has checked what came over a wire, but nothing in a list says where it came from. node:http2 checks no value.
  if (notValue.test(value)) throw new FieldError("value", value);
  if (!token.test(key)) throw new FieldError("name", key);
  const before = headers[key];
  if (before === undefined) headers[key] = value;
  // node:http2 refuses to send a field twice that may stand once. One line of several values is what two lines mean (RFC 9110, 5.3).
  else if (onceOnly.has(key)) headers[key] = `${String(before)}, ${value}`;
  else if (Array.isArray(before)) before.push(value);
  else headers[key] = [String(before), value];
}

/** The fields of a response that node:http2 sends once at most. */
const onceOnly: ReadonlySet<string> = new Set(
  `access-control-allow-credentials access-control-max-age access-control-request-method age authorization content-encoding content-language
  content-location content-md5 content-range content-type date dnt etag expires from host if-match if-modified-since if-none-match if-range
  if-unmodified-since last-modified location max-forwards proxy-authorization range referer retry-after tk upgrade-insecure-requests user-agent
  x-content-type-options`.split(/\s+/),
);
