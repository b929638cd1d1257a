import { MothershipError } from "@mothership/kernel";
import type { ClientError, Refusal } from "./types.ts";

/** A request body that will never be complete: the client left, or sent what was refused; then `refusal` says why. */
export class RequestBodyError extends MothershipError {
  readonly code: `MS_${string}`;
  readonly refusal: Refusal | undefined;

  constructor(refusal: Refusal | undefined, options?: ErrorOptions) {
    super(refusal ? `The request body was refused: ${refusal.reason}` : "The client left before its request was complete", options);
    this.name = "RequestBodyError";
    this.code = refusal?.code ?? "MS_HTTP1_CLIENT_LEFT";
    this.refusal = refusal;
  }
}

/** `takeOver` was called for a request that asked for no upgrade, or that has been answered. */
export class NotUpgradableError extends MothershipError {
  readonly code = "MS_HTTP1_NOT_UPGRADABLE";

  constructor() {
    super("This request did not ask for an upgrade, or was answered already");
    this.name = "NotUpgradableError";
  }
}

/** Whoever produced a body broke its contract: more or fewer bytes than its length. The message on the wire is cut off. */
export class BodyLengthError extends MothershipError {
  readonly code = "MS_HTTP1_BODY_LENGTH";

  constructor(announced: number, given: number) {
    super(`A body of ${announced} bytes ${given > announced ? "gave more than that" : `ended after ${given}`}`);
    this.name = "BodyLengthError";
  }
}

/** The codes of `UpstreamError` with their sentences. */
export const upstreamFailures = {
  MS_HTTP1_CONNECT_FAILED: "The upstream could not be reached",
  MS_HTTP1_CONNECT_TIMEOUT: "The upstream did not accept a connection in time",
  MS_HTTP1_QUEUE_FULL: "Too many requests already wait for this upstream",
  MS_HTTP1_QUEUE_TIMEOUT: "No connection to the upstream became free in time",
  MS_HTTP1_POOL_CLOSED: "The pool is closed",
  MS_HTTP1_REQUEST_INVALID: "The request cannot be sent as it is",
  MS_HTTP1_REQUEST_BODY_FAILED: "The request body was cut off before it was sent completely",
  MS_HTTP1_UPSTREAM_CLOSED: "The upstream closed the connection before it answered",
  MS_HTTP1_FIRST_BYTE_TIMEOUT: "The upstream did not answer in time",
  MS_HTTP1_STALLED: "The upstream stopped taking the request or sending the response",
  MS_HTTP1_BAD_RESPONSE: "The upstream's response was refused",
  MS_HTTP1_TRUNCATED: "The upstream cut off its response",
} as const;

export type UpstreamFailure = keyof typeof upstreamFailures;

/** Why a request got no response, or only a part of one. */
export class UpstreamError extends MothershipError implements ClientError {
  readonly code: UpstreamFailure;
  readonly written: boolean;
  readonly stale: boolean;
  readonly refusal: Refusal | undefined;

  constructor(
    code: UpstreamFailure,
    facts: { readonly written: boolean; readonly stale?: boolean; readonly refusal?: Refusal | undefined },
    options?: ErrorOptions,
  ) {
    super(facts.refusal ? `${upstreamFailures[code]}: ${facts.refusal.reason}` : upstreamFailures[code], options);
    this.name = "UpstreamError";
    this.code = code;
    this.written = facts.written;
    this.stale = facts.stale ?? false;
    this.refusal = facts.refusal;
  }
}
