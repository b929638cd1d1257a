import type { RequestHead, StatusHead } from "./parse-head.ts";
import { refusals } from "./refusals.ts";
import { listOf } from "./token-list.ts";
import type { Refusal } from "./types.ts";

/** How the content of a message is delimited: a length in bytes (0 and up), or one of the two below. */
export type Framing = number;
/** In chunks (RFC 9112, 7.1). */
export const chunked: Framing = -1;
/** Up to the end of the connection; only responses. */
export const untilClose: Framing = -2;

// Fifteen digits are below 2^53, so that no length is ever rounded.
const plainNumber = /^\d{1,15}$/;

/** The number a Content-Length stands for, or undefined. Leading zeros are allowed in and never sent on. */
export function parseLength(text: string): number | undefined {
  return plainNumber.test(text) ? Number(text) : undefined;
}

const codingList = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+(?:[\t ]*,[\t ]*[!#$%&'*+\-.^_`|~\dA-Za-z]+)+$/;

function encodingRefusal(text: string): Refusal {
  const codings = codingList.test(text) ? listOf(text) : [];
  // A well-formed list that ends with its only "chunked" frames the content, but in a coding we do not have.
  return codings.indexOf("chunked") === codings.length - 1 && codings.length > 1 ? refusals.ENCODING_UNKNOWN : refusals.ENCODING_BAD;
}

/** The framing that a message's own fields state; undefined when they state none (RFC 9112, 6.3). */
function stated(head: RequestHead | StatusHead): Framing | undefined | Refusal {
  const { lengths, length, encodings, encoding } = head.wire;
  if (lengths === 0 && encodings === 0) return undefined;
  if (lengths > 0 && encodings > 0) return refusals.LENGTH_AND_ENCODING;
  if (encodings > 0) {
    if (head.minor === 0) return refusals.ENCODING_IN_1_0;
    if (encodings > 1) return refusals.ENCODING_BAD;
    return encoding === "chunked" || encoding.toLowerCase() === "chunked" ? chunked : encodingRefusal(encoding);
  }
  return lengths > 1 ? refusals.LENGTH_REPEATED : (parseLength(length) ?? refusals.LENGTH_BAD);
}

/** What delimits the content of a request (RFC 9112, 6.3). */
export function requestFraming(head: RequestHead): Framing | Refusal {
  return stated(head) ?? 0;
}

/** Responses without content, whatever their fields say (RFC 9112, 6.3, 1 and 2). */
export const neverHasContent = (method: string, status: number): boolean =>
  method === "HEAD" || status === 204 || status === 304 || status < 200;

/** What delimits the content of a response to `method` (RFC 9112, 6.3). */
export function responseFraming(method: string, head: StatusHead): Framing | Refusal {
  const framing = stated(head);
  if (typeof framing === "object") return framing;
  return neverHasContent(method, head.status) ? 0 : (framing ?? untilClose);
}

/** What `Connection` says, as far as the wire cares. */
export interface ConnectionWish {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
}

const silent: ConnectionWish = { close: false, keepAlive: false, upgrade: false };
const keep: ConnectionWish = { close: false, keepAlive: true, upgrade: false };
const shut: ConnectionWish = { close: true, keepAlive: false, upgrade: false };
const usual: ReadonlyMap<string, ConnectionWish> = new Map([
  ["keep-alive", keep],
  ["Keep-Alive", keep],
  ["close", shut],
  ["Close", shut],
]);

/** Reads the joined values of `Connection` (RFC 9110, 7.6.1). */
export function connectionWish(text: string): ConnectionWish {
  if (text === "") return silent;
  const known = usual.get(text);
  if (known) return known;
  const tokens = listOf(text);
  return { close: tokens.includes("close"), keepAlive: tokens.includes("keep-alive"), upgrade: tokens.includes("upgrade") };
}

/** Whether the connection lives on after a message of this version with this wish (RFC 9112, 9.3). */
export const persists = (minor: 0 | 1, wish: ConnectionWish): boolean => !wish.close && (minor === 1 || wish.keepAlive);
