import type { ClientError } from "@mothership/http1";
import { type Answer, answers } from "./reply.ts";

/** Codes of `ClientError` and what the client is told; every other code is an upstream that broke off: `upstream-closed`. */
const byCode: Readonly<Record<string, Answer>> = {
  MS_HTTP1_CONNECT_FAILED: answers.unreachable,
  MS_HTTP1_CONNECT_TIMEOUT: answers.timeout,
  MS_HTTP1_FIRST_BYTE_TIMEOUT: answers.timeout,
  MS_HTTP1_STALLED: answers.timeout,
  MS_HTTP1_QUEUE_FULL: answers.overloaded,
  MS_HTTP1_QUEUE_TIMEOUT: answers.overloaded,
  MS_HTTP1_POOL_CLOSED: answers.unavailable,
  MS_HTTP1_BAD_RESPONSE: answers.invalid,
  MS_HTTP1_REQUEST_INVALID: answers.internal,
  MS_HTTP1_REQUEST_BODY_FAILED: answers.bodyCut,
};

/**
 * What a client is told about an upstream that gave no response. 502: it refused the connection, broke it, or answered with something
 * that is no response. 503: no room to ask it. 504: it took too long.
 */
export function answerFor(error: Pick<ClientError, "code">): Answer {
  return byCode[error.code] ?? answers.closed;
}
