import { STATUS_CODES } from "node:http";
import { FieldError, type Fields } from "@mothership/kernel";

/*
 * The only place where heads are put into text, and so the only place where Content-Length, Transfer-Encoding, Connection,
 * Upgrade, Host and Expect are written. Such fields in a caller's list are left out: framing is never passed on.
 */

/** Fields that belong to one connection or one hop; a list of fields cannot bring them in (RFC 9110, 7.6.1). */
const hopFields: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
const notValue = /[^\t\x20-\x7e\x80-\xff]/;
const targetText = /^[\x21\x22\x24-\x5b\x5d-\x7e]+$/;

/** Which end of the message the body has; the text of the framing fields. */
export type Delimiter = "none" | "chunked" | "close" | number;

// Each line brings the end of the one before it, so that a field is two pieces of text: what stands before its value, and the value.

function framingLine(delimiter: Delimiter): string {
  if (typeof delimiter === "number") return `\r\nContent-Length: ${delimiter}`;
  return delimiter === "chunked" ? "\r\nTransfer-Encoding: chunked" : "";
}

/** What stands before the value of a field, by the field's name; "" for a field that is left out. */
type Openings = Map<string, string>;

/** The same few names come with every message: each is checked and put together once. */
const inRequest: Openings = new Map();
const inResponse: Openings = new Map();
/** Peers can make up names without end, so no more than so many are kept, and none that is long. */
const maxOpenings = 1_000;
const maxKeptName = 64;

/** @throws {FieldError} for a name that is no token. */
function open(name: string, openings: Openings): string {
  if (!token.test(name)) throw new FieldError("name", name);
  const key = name.toLowerCase();
  const left = hopFields.has(key) || (openings === inRequest && (key === "host" || key === "expect"));
  // Joined, because a string that was added up would be taken apart again with every head.
  const opening = left ? "" : ["\r\n", name, ": "].join("");
  // A copy, because a piece of a head that was read holds on to the whole head.
  if (openings.size < maxOpenings && name.length <= maxKeptName) openings.set(Buffer.from(name, "latin1").toString("latin1"), opening);
  return opening;
}

/**
 * `trailers`: a trailer section can follow, so that a field announcing one may stand.
 *
 * @throws {FieldError} for anything that would end a line early or cannot travel as one byte a character.
 */
function fieldLines(fields: Fields, openings: Openings, trailers: boolean): string {
  let text = "";
  for (let index = 0; index < fields.size; index++) {
    const name = fields.name(index);
    const opening = openings.get(name) ?? open(name, openings);
    if (opening === "" || (!trailers && fields.key(index) === "trailer")) continue;
    text += opening;
    text += checked(fields.value(index));
  }
  return text;
}

/** A parser has checked what came over a wire, but nothing in a list says where it came from. @throws {FieldError} */
function checked(value: string): string {
  if (notValue.test(value)) throw new FieldError("value", value);
  return value;
}

const statusLines = new Map<number, string>(
  Object.entries(STATUS_CODES).map(([status, phrase]) => [Number(status), `HTTP/1.1 ${status} ${phrase}`]),
);

/** What the codec itself says in a response head. */
export interface ResponseWire {
  readonly delimiter: Delimiter;
  /** Value of `Connection`, "" for none. */
  readonly connection: string;
  /** Protocol switched to, "" for none. */
  readonly upgrade: string;
  /** Trailers are going to be relayed. */
  readonly trailers: boolean;
  /** Value of `Date` for a response that has none (RFC 9110, 6.6.1); "" to leave it out. */
  readonly date: string;
}

/** True for a status that can be sent. */
export const isStatus = (status: number): boolean => Number.isInteger(status) && status >= 100 && status <= 599;

/**
 * The text of a response head, one character a byte.
 *
 * @throws {FieldError} when a name or value could not be sent as it is. @throws {RangeError} for a status outside 100 to 599.
 */
export function responseHead(status: number, fields: Fields, wire: ResponseWire): string {
  if (!isStatus(status)) throw new RangeError(`${status} is not a status that can be sent`);
  let text = (statusLines.get(status) ?? `HTTP/1.1 ${status} `) + fieldLines(fields, inResponse, wire.trailers);
  if (wire.date !== "" && !fields.has("date")) text += `\r\nDate: ${wire.date}`;
  text += framingLine(wire.delimiter);
  if (wire.connection !== "") text += `\r\nConnection: ${wire.connection}`;
  if (wire.upgrade !== "") text += `\r\nUpgrade: ${wire.upgrade}`;
  return `${text}\r\n\r\n`;
}

/** What a request head is made of. An upgrade needs GET without content (RFC 9110, 7.8). */
export interface RequestText {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  readonly fields: Fields;
  readonly upgrade?: string | undefined;
  readonly expectsContinue?: boolean | undefined;
}

/**
 * The text of a request head.
 *
 * @throws {FieldError} when the method, the target, the authority or a field could not be sent as it is.
 */
export function requestHead(request: RequestText, delimiter: Delimiter): string {
  const { method, target, authority, fields, upgrade } = request;
  // CONNECT would turn the connection into a tunnel behind our back.
  if (!token.test(method) || method === "CONNECT") throw new FieldError("name", method);
  if (!targetText.test(target)) throw new FieldError("value", target);
  let text = `${method} ${target} HTTP/1.1\r\nHost: ${checked(authority)}`;
  text += fieldLines(fields, inRequest, delimiter === "chunked");
  text += framingLine(delimiter);
  if (request.expectsContinue) text += "\r\nExpect: 100-continue";
  if (upgrade !== undefined && (method !== "GET" || delimiter !== "none")) throw new FieldError("value", upgrade);
  if (upgrade !== undefined) text += `\r\nConnection: Upgrade\r\nUpgrade: ${checked(upgrade)}`;
  else if (/\btrailers\b/i.test(fields.get("te") ?? "")) text += "\r\nConnection: TE\r\nTE: trailers";
  return `${text}\r\n\r\n`;
}

/** The end of a body in chunks, with its trailers. @throws {FieldError} like the heads. */
export function lastChunk(trailers: Fields | undefined): string {
  return trailers ? `0${fieldLines(trailers, inRequest, false)}\r\n\r\n` : "0\r\n\r\n";
}
