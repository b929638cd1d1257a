import type { Refusal } from "./types.ts";

/** Every reason to refuse a message: code, status for a client, section, sentence. The same sentence serves both hops. */
const table = {
  NOT_HTTP: [400, "RFC 9112, 3", "the first line is no request line"],
  METHOD_BAD: [400, "RFC 9110, 9.1", "the method is not a token"],
  METHOD_TOO_LONG: [501, "RFC 9112, 3", "the method is longer than any that is known"],
  METHOD_REFUSED: [405, "RFC 9110, 9.3.6", "TRACE and CONNECT are not served here"],
  TARGET_BAD: [400, "RFC 9112, 3.2", "the request target holds a character that cannot stand there"],
  TARGET_TOO_LONG: [414, "RFC 9110, 15.5.15", "the request target is longer than the limit"],
  TARGET_FORM: [400, "RFC 9112, 3.2", "the form of the request target does not fit the method"],
  TARGET_SCHEME: [400, "RFC 9110, 7.1", "the absolute target is not an http or https one with a plain authority"],
  VERSION_BAD: [400, "RFC 9112, 2.3", "the protocol version is missing or malformed"],
  VERSION_UNKNOWN: [505, "RFC 9110, 15.6.6", "the protocol version is neither 1.0 nor 1.1"],
  STATUS_BAD: [502, "RFC 9112, 4", "the status line is malformed or its status outside 100 to 599"],
  LINE_END_BAD: [400, "RFC 9112, 2.2", "a line does not end with CR LF, or holds a bare CR or LF"],
  FIELD_NAME_BAD: [400, "RFC 9112, 5.1", "a field line has no name that is a token directly followed by a colon"],
  FIELD_FOLDED: [400, "RFC 9112, 5.2", "a field line begins with white space"],
  FIELD_VALUE_BAD: [400, "RFC 9110, 5.5", "a field value holds a control character"],
  FIELD_REPEATED: [400, "RFC 9110, 5.3", "a field that may stand once stands twice"],
  FIELDS_TOO_MANY: [431, "RFC 6585, 5", "there are more fields than the limit"],
  HEAD_TOO_LARGE: [431, "RFC 6585, 5", "the message head is longer than the limit"],
  HOST_MISSING: [400, "RFC 9112, 3.2", "an HTTP/1.1 request has no Host"],
  HOST_REPEATED: [400, "RFC 9112, 3.2", "there is more than one Host"],
  HOST_BAD: [400, "RFC 9110, 7.2", "the host is empty or not a host and port"],
  LENGTH_BAD: [400, "RFC 9112, 6.3", "Content-Length is not one number within the limit"],
  LENGTH_REPEATED: [400, "RFC 9112, 6.3", "there is more than one Content-Length"],
  LENGTH_AND_ENCODING: [400, "RFC 9112, 6.3", "Content-Length and Transfer-Encoding stand together"],
  ENCODING_BAD: [400, "RFC 9112, 6.1", "Transfer-Encoding is not exactly chunked"],
  ENCODING_UNKNOWN: [501, "RFC 9112, 6.1", "Transfer-Encoding names a coding besides chunked"],
  ENCODING_IN_1_0: [400, "RFC 9112, 6.1", "an HTTP/1.0 message has a Transfer-Encoding"],
  FRAMING_DISGUISED: [400, "RFC 9112, 11.2", "a field name is made to look like Content-Length or Transfer-Encoding"],
  CHUNK_SIZE_BAD: [400, "RFC 9112, 7.1", "a chunk size is not a plain hexadecimal number within the limit"],
  CHUNK_END_BAD: [400, "RFC 9112, 7.1", "a chunk does not end where its size says"],
  CHUNK_EXTENSION_BAD: [400, "RFC 9112, 7.1.1", "a chunk extension is malformed"],
  CHUNK_EXTENSIONS_TOO_LARGE: [413, "RFC 9112, 7.1.1", "the chunk extensions are longer than the limit"],
  TRAILERS_TOO_LARGE: [431, "RFC 9112, 7.1.2", "the trailer section is longer than the limit"],
  BODY_TOO_LARGE: [413, "RFC 9110, 15.5.14", "the content is longer than the limit"],
  EXPECTATION_UNKNOWN: [417, "RFC 9110, 10.1.1", "the expectation is not 100-continue"],
  UPGRADE_WITH_BODY: [400, "RFC 9110, 7.8", "a request to upgrade comes with content"],
  UPGRADE_UNASKED: [502, "RFC 9110, 15.2.2", "101 was not asked for, or names another protocol"],
  INTERIM_TOO_MANY: [502, "RFC 9110, 15.2", "there are more interim responses than the limit"],
  HEAD_TIMEOUT: [408, "RFC 9110, 15.5.9", "the message head did not arrive in time"],
  BODY_TIMEOUT: [408, "RFC 9110, 15.5.9", "the content did not arrive in time or came too slowly"],
} as const satisfies Record<string, readonly [status: number, section: string, reason: string]>;

/** Short names of the refusals; the code is `MS_HTTP1_` and the name. */
export type RefusalName = keyof typeof table;

/** Every refusal by its short name. */
export const refusals: Readonly<Record<RefusalName, Refusal>> = Object.fromEntries(
  Object.entries(table).map(([name, [status, section, reason]]) => [
    name,
    Object.freeze({ code: `MS_HTTP1_${name}`, status, section, reason }),
  ]),
) as Record<RefusalName, Refusal>; // fromEntries forgets the keys, which are those of the table
