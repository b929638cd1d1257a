import { type Body, bodyOf, type Exchange, Fields, type ResponseHead } from "@mothership/kernel";
import type { Block, Failure } from "../verdict.ts";

/** An answer of the middleware itself. Plain data, with the members of the proxy's own answers. */
export interface PayloadAnswer {
  readonly status: number;
  /** Machine-readable, in kebab-case; sent as X-Mothership-Error. */
  readonly reason: string;
  /** One sentence for the person who sees it. Tells nothing about the inside. */
  readonly message: string;
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds?: number;
}

export interface Response {
  readonly head: ResponseHead;
  readonly body: Body;
}

/** Makes a response of an answer, in whatever form the client likes. */
export type RenderAnswer = (exchange: Exchange, answer: PayloadAnswer) => Response;

export const payloadAnswers = {
  failed: { status: 503, reason: "payload-failed", message: "The request could not be checked." },
  unavailable: { status: 503, reason: "payload-unavailable", message: "Requests cannot be checked at the moment." },
  fieldsTooLarge: {
    status: 431,
    reason: "payload-fields-too-large",
    message: "The header fields of the request are too large to be checked.",
  },
  bodyTooLarge: { status: 413, reason: "payload-body-too-large", message: "The body of the request is too large to be checked." },
  responseTooLarge: { status: 503, reason: "payload-response-too-large", message: "The response is too large to be checked." },
  internal: { status: 500, reason: "internal", message: "The request could not be served." },
  responseCut: {
    status: 502,
    reason: "upstream-closed",
    message: "The service behind this address closed the connection before it had answered.",
  },
} as const satisfies Record<string, PayloadAnswer>;

/** What a failure looks like to the client. Whatever happened, the request does not get through. */
export function answerFor(failure: Failure, phase: "request" | "response"): PayloadAnswer {
  switch (failure.kind) {
    case "tooLarge":
      return phase === "request" ? payloadAnswers.fieldsTooLarge : payloadAnswers.responseTooLarge;
    case "quarantined":
    case "busy":
      return { ...payloadAnswers.unavailable, retryAfterSeconds: Math.max(1, Math.ceil((failure.retryAfterMs ?? 0) / 1000)) };
    case "trap":
    case "fuel":
    case "fault":
      return payloadAnswers.failed;
  }
}

/** Plain text, never stored by a cache. */
export function renderAnswer(_: Exchange, { status, reason, message, retryAfterSeconds }: PayloadAnswer): Response {
  const fields = Fields.from([
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Cache-Control", "no-store"],
    ["X-Mothership-Error", reason],
  ]);
  if (retryAfterSeconds !== undefined) fields.append("Retry-After", String(retryAfterSeconds));
  return { head: { status, fields }, body: bodyOf(`${message}\n`) };
}

/** What a guest answers in place of somebody else. */
export function renderBlock({ status, headers, body }: Block): Response {
  const fields = Fields.from(headers);
  // Without a type a browser would guess one, and might find a script in what the guest took from the request.
  if (body.length > 0 && !fields.has("content-type")) fields.append("Content-Type", "text/plain; charset=utf-8");
  return { head: { status, fields }, body: bodyOf(body) };
}
