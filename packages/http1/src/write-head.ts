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

function framingLine(delimiter: Delimiter): string {
  if (typeof delimiter === "number") return `Content-Length: ${delimiter}\r\n`;
  return delimiter === "chunked" ? "Transfer-Encoding: chunked\r\n" : "";
}

/** `trailers`: a trailer section can follow, so that a field announcing one may stand. */
function fieldLines(fields: Fields, request: boolean, trailers: boolean): string {
  let text = "";
  for (let index = 0; index < fields.size; index++) {
    const key = fields.key(index);
    if (hopFields.has(key) || (request && (key === "host" || key === "expect")) || (!trailers && key === "trailer")) continue;
    text += line(fields.name(index), fields.value(index));
  }
  return text;
}

/** One field line. @throws {FieldError} for anything that would end it early or cannot travel as one byte a character. */
function line(name: string, value: string): string {
  // A parser has checked what came over a wire, but nothing in a list says where it came from.
  if (notValue.test(value)) throw new FieldError("value", value);
  if (!token.test(name)) throw new FieldError("name", name);
  return `${name}: ${value}\r\n`;
}

const statusLines = new Map<number, string>(
  Object.entries(STATUS_CODES).map(([status, phrase]) => [Number(status), `HTTP/1.1 ${status} ${phrase}\r\n`]),
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
  let text = (statusLines.get(status) ?? `HTTP/1.1 ${status} \r\n`) + fieldLines(fields, false, wire.trailers);
  if (wire.date !== "" && !fields.has("date")) text += `Date: ${wire.date}\r\n`;
  text += framingLine(wire.delimiter);
  if (wire.connection !== "") text += `Connection: ${wire.connection}\r\n`;
  if (wire.upgrade !== "") text += `Upgrade: ${wire.upgrade}\r\n`;
  return `${text}\r\n`;
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
  let text = `${method} ${target} HTTP/1.1\r\n${line("Host", authority)}${fieldLines(fields, true, delimiter === "chunked")}${framingLine(delimiter)}`;
  if (request.expectsContinue) text += "Expect: 100-continue\r\n";
  if (upgrade !== undefined && (method !== "GET" || delimiter !== "none")) throw new FieldError("value", upgrade);
  if (upgrade !== undefined) text += `Connection: Upgrade\r\n${line("Upgrade", upgrade)}`;
  else if (/\btrailers\b/i.test(fields.get("te") ?? "")) text += "Connection: TE\r\nTE: trailers\r\n";
  return `${text}\r\n`;
}

/** The end of a body in chunks, with its trailers. @throws {FieldError} like the heads. */
export function lastChunk(trailers: Fields | undefined): string {
  return trailers ? `0\r\n${fieldLines(trailers, true, false)}\r\n` : "0\r\n\r\n";
}
