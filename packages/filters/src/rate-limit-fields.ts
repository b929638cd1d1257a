/*
 * What clients are told about limits: Retry-After (RFC 9110, 10.2.3) and the RateLimit fields of draft-ietf-httpapi-ratelimit-headers-11
 * (May 2026; not an RFC yet): `RateLimit: "client";r=12;t=48` and `RateLimit-Policy: "client";q=100;w=60`.
 */
import { type Body, bodyOf, Fields, type ResponseHead } from "@mothership/kernel";
import { type Rate, wholeTokens } from "./token-bucket.ts";

/** Which limit was reached: the one for all clients together, or that of one client. */
export type LimitScope = "global" | "client";

/** Nobody is told to wait longer: whoever comes back after a day is told again. */
const longestSeconds = 86_400;

/** Whole seconds, at least 1: a 0 would invite to come back at once. */
export function wholeSeconds(ms: number): number {
  return Math.min(longestSeconds, Math.max(1, Math.ceil(ms / 1000)));
}

/** The policy for one client. It holds over any longer time; at most a full bucket can be saved up. */
export function policyOf(rate: Rate): string {
  const quota = Math.floor(rate.capacity);
  return `"client";q=${quota};w=${Math.max(1, Math.round((quota * rate.msPerToken) / 1000))}`;
}

/**
 * What is left for one client. The window is the time in which the bucket fills: a client that spreads what is left over it is never refused.
 */
export function remainderOf(rate: Rate, fullAt: number, now: number): string {
  return limitItem("client", wholeTokens(rate, fullAt, now), fullAt - now);
}

/** The answer to a request beyond a limit: 429 (RFC 6585, 4), never stored by a cache. */
export function refusal(
  scope: LimitScope,
  rate: Rate,
  waitMs: number,
  requestId: string,
): { readonly head: ResponseHead; readonly body: Body } {
  const seconds = wholeSeconds(waitMs);
  const fields = Fields.from([
    ["Retry-After", String(seconds)],
    // The window may not end after the wait that Retry-After asks for (draft, 6).
    ["RateLimit", limitItem(scope, 0, waitMs)],
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Cache-Control", "no-store"],
    ["X-Mothership-Error", "rate-limited"],
    ["X-Request-Id", requestId],
  ]);
  // What the whole machine can take is not for strangers (draft, 8.2).
  if (scope === "client") fields.append("RateLimit-Policy", policyOf(rate));
  const unit = seconds === 1 ? "second" : "seconds";
  return { head: { status: 429, fields }, body: bodyOf(`Too many requests. Try again in ${seconds} ${unit}.\n`) };
}

function limitItem(scope: LimitScope, left: number, windowMs: number): string {
  return `"${scope}";r=${left};t=${wholeSeconds(windowMs)}`;
}
