import type { Refusal } from "@mothership/http1";

/** Why a request over HTTP/2 is refused where HTTP/1.1 has no such rule; for the rest there are the refusals of `@mothership/http1`. */
const table = {
  MS_HTTP2_PSEUDO_HEADER: [400, "RFC 9113, 8.3", "the pseudo-header fields are not those of a request"],
  MS_HTTP2_FIELD: [400, "RFC 9113, 8.2.1", "a field name or value holds what it cannot"],
  MS_HTTP2_CONNECTION_FIELD: [400, "RFC 9113, 8.2.2", "there is a field of an HTTP/1.1 connection"],
  MS_HTTP2_AUTHORITY: [400, "RFC 9113, 8.3.1", "the authority is missing, not a host and port, or not what Host says"],
  MS_HTTP2_TARGET: [400, "RFC 9113, 8.3.1", "the path or scheme cannot stand there"],
  MS_HTTP2_PROTOCOL_UNKNOWN: [501, "RFC 8441, 4", "the protocol that CONNECT asks for is not served here"],
  // These two close the connection, with GOAWAY and ENHANCE_YOUR_CALM; no request is answered with them.
  MS_HTTP2_RESETS: [0, "RFC 9113, 10.5", "the client resets more streams than it may"],
  MS_HTTP2_CONTROL_FRAMES: [0, "RFC 9113, 10.5", "the client sends more PING and SETTINGS frames than it may"],
} as const satisfies Record<`MS_${string}`, readonly [status: number, section: string, reason: string]>;

export type Http2RefusalCode = keyof typeof table;

/** Every refusal by its code. */
export const http2Refusals: Readonly<Record<Http2RefusalCode, Refusal>> = Object.fromEntries(
  Object.entries(table).map(([code, [status, section, reason]]) => [code, Object.freeze({ code, status, section, reason })]),
) as Record<Http2RefusalCode, Refusal>; // fromEntries forgets the keys, which are those of the table
