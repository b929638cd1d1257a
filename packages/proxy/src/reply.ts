import { STATUS_CODES } from "node:http";
import { type Body, bodyOf, type Exchange, Fields, type ResponseHead } from "@mothership/kernel";

/** An answer of the proxy itself: plain data, so that it can stand as a constant. */
export interface Answer {
  readonly status: number;
  /** Machine-readable, in kebab-case; sent as X-Mothership-Error. */
  readonly reason: string;
  /** One sentence for the person who sees it. Tells nothing about the inside. */
  readonly message: string;
  /** Sent as Retry-After. Whole seconds, at least 1. */
  readonly retryAfterSeconds?: number;
  /** Further fields, as pairs. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

/** Every reason that an answer of this package can name, with its status. The table of the README is checked against it. */
export const answers = {
  badTarget: { status: 400, reason: "bad-target", message: "The path of the request is not valid." },
  badHandshake: { status: 400, reason: "bad-handshake", message: "The WebSocket handshake is not valid." },
  bodyCut: { status: 400, reason: "body-cut", message: "The body of the request was cut off or is not valid." },
  noRoute: { status: 404, reason: "no-route", message: "Nothing is served at this address." },
  methodRefused: {
    status: 405,
    reason: "method-refused",
    message: "This method is not served here.",
    fields: [["Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]],
  },
  misdirected: { status: 421, reason: "misdirected", message: "This host is served over a connection of its own." },
  webSocketVersion: {
    status: 426,
    reason: "websocket-version",
    message: "Only version 13 of the WebSocket protocol is served.",
    fields: [
      ["Upgrade", "websocket"],
      ["Sec-WebSocket-Version", "13"],
    ],
  },
  internal: { status: 500, reason: "internal", message: "The request could not be served." },
  unreachable: { status: 502, reason: "upstream-unreachable", message: "The service behind this address does not accept connections." },
  closed: { status: 502, reason: "upstream-closed", message: "The service behind this address closed the connection before it answered." },
  invalid: { status: 502, reason: "upstream-invalid", message: "The service behind this address gave an answer that is not valid." },
  unavailable: { status: 503, reason: "upstream-unavailable", message: "The service behind this address is not available at the moment." },
  breakerOpen: {
    status: 503,
    reason: "upstream-failing",
    message: "The service behind this address fails too often; it is given a moment to recover.",
  },
  overloaded: { status: 503, reason: "upstream-overloaded", message: "Too many requests wait for the service behind this address." },
  holdFull: {
    status: 503,
    reason: "upstream-hold-full",
    message: "The service behind this address is being restarted, and too many requests wait for it.",
  },
  holdTimeout: {
    status: 503,
    reason: "upstream-hold-timeout",
    message: "The service behind this address is being restarted, and takes longer than a request may wait.",
  },
  timeout: { status: 504, reason: "upstream-timeout", message: "The service behind this address did not answer in time." },
  loop: { status: 508, reason: "loop-detected", message: "The request has passed this proxy too often." },
} as const satisfies Record<string, Answer>;

/** Sends `answer` in the form that the client prefers: JSON, HTML or text. Never stored by a cache. */
export function reply(exchange: Exchange, answer: Answer): void {
  const { head, body } = render(exchange, answer);
  exchange.respond(head, body);
}

/** The same without sending it. */
export function render(exchange: Exchange, answer: Answer): { readonly head: ResponseHead; readonly body: Body } {
  const kind = preferredKind(exchange.incoming.fields.all("accept").join(","));
  const fields = Fields.from([
    ["Content-Type", contentTypes[kind]],
    ["Cache-Control", "no-store"],
    ["Vary", "Accept"],
    ["X-Mothership-Error", answer.reason],
    ["X-Request-Id", exchange.id],
  ]);
  if (answer.retryAfterSeconds !== undefined) fields.append("Retry-After", String(answer.retryAfterSeconds));
  for (const [name, value] of answer.fields ?? []) fields.append(name, value);
  return { head: { status: answer.status, fields }, body: bodyOf(write(kind, answer, exchange.id)) };
}

/** The forms that an answer can have. */
export type Kind = "text" | "json" | "html";

export const contentTypes: Readonly<Record<Kind, string>> = {
  text: "text/plain; charset=utf-8",
  json: "application/json",
  html: "text/html; charset=utf-8",
};

function write(kind: Kind, { status, reason, message }: Answer, requestId: string): string {
  const title = `${status} ${STATUS_CODES[status] ?? "Error"}`;
  if (kind === "json") return `${JSON.stringify({ error: { status, reason, message, requestId } })}\n`;
  if (kind === "text") return `${title}\n${message}\n\nreason: ${reason}\nrequest: ${requestId}\n`;
  const [safeTitle, safeMessage, safeReason, safeId] = [title, message, reason, requestId].map(escapeHtml);
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${safeTitle}</title></head>` +
    `<body><h1>${safeTitle}</h1><p>${safeMessage}</p><p><small>${safeReason}, request ${safeId}</small></p></body></html>\n`
  );
}

const kinds: readonly { readonly kind: Kind; readonly types: readonly string[] }[] = [
  { kind: "text", types: ["text/plain", "text/*", "*/*"] },
  { kind: "html", types: ["text/html", "application/xhtml+xml"] },
  { kind: "json", types: ["application/json", "application/problem+json", "application/*"] },
];

/**
 * The kind with the highest weight in an Accept field (RFC 9110, 12.5.1). Text where nothing is said or nothing fits:
 * an error in the wrong type serves a person better than none. A named type wins over a wildcard of the same weight.
 */
export function preferredKind(accept: string): Kind {
  let best: Kind = "text";
  let bestWeight = 0;
  for (const item of accept.split(",")) {
    const [range = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const found = kinds.find(({ types }) => types.includes(range));
    if (!found) continue;
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    const weight = (q === undefined ? 1 : Number(q.slice(2)) || 0) * (range.includes("*") ? 0.999 : 1);
    if (weight > bestWeight) [best, bestWeight] = [found.kind, weight];
  }
  return best;
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
