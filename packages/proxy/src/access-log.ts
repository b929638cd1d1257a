import type { Deps, Exchange, Middleware, Outcome } from "@mothership/kernel";

/** What an access log says of one request, when nothing of it is left. Plain data, one level deep. */
export interface AccessEntry {
  /** Milliseconds since the epoch at which the request came. */
  readonly at: number;
  readonly requestId: string;
  readonly bind: string;
  readonly client: string;
  readonly method: string;
  readonly host: string;
  /** Path as the client meant it. */
  readonly path: string;
  /** With its `?`, or "". May hold secrets: think before it is written anywhere. */
  readonly query: string;
  readonly version: string;
  readonly route: string;
  readonly upstream: string;
  /** As sent; 499 when the client left before an answer, 0 when the connection was cut before one. */
  readonly status: number;
  readonly end: Outcome["end"];
  /** Until the head of the answer was handed to the wire; undefined when there was none. */
  readonly firstByteMs: number | undefined;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly userAgent: string;
}

export interface AccessLogOptions {
  /** Share of the requests that are written, 0 to 1. Default 1. Answers from 500 on are always written. */
  readonly sample?: number;
  /** Numbers from 0 up to, not including, 1: decides the sample. */
  readonly random?: () => number;
}

/**
 * Middleware that hands one entry to `write` when a request has ended, with the exchange for whoever wants to say more. Put it first, so that
 * it sees the path before others change it.
 */
export function accessLog(
  write: (entry: AccessEntry, exchange: Exchange) => void,
  deps: Deps,
  { sample = 1, random = Math.random }: AccessLogOptions = {},
): Middleware {
  return (next) => (exchange) => {
    const began = deps.clock.now();
    const at = deps.clock.wallTime();
    const { path, query } = exchange;
    let answered: number | undefined;
    exchange.onResponse((head, body) => {
      answered = deps.clock.now();
      return { head, body };
    });
    exchange.onFinished((outcome) => {
      if (outcome.status < 500 && sample < 1 && random() >= sample) return;
      const ended = deps.clock.now();
      const times = { at, firstByteMs: answered === undefined ? undefined : inMs(answered - began), durationMs: inMs(ended - began) };
      write(entryOf(exchange, { path, query }, times, outcome), exchange);
    });
    return next(exchange);
  };
}

/** To the microsecond: what follows is noise. */
function inMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function entryOf(
  exchange: Exchange,
  { path, query }: Pick<AccessEntry, "path" | "query">,
  { at, firstByteMs, durationMs }: Pick<AccessEntry, "at" | "firstByteMs" | "durationMs">,
  outcome: Outcome,
): AccessEntry {
  const { id, bind, client, host, incoming, route, upstream } = exchange;
  const { end, requestBytes, responseBytes } = outcome;
  return {
    at,
    requestId: id,
    bind,
    client: client.address,
    method: incoming.method,
    host,
    path,
    query,
    version: incoming.version,
    route,
    upstream,
    status: outcome.status === 0 && end === "clientLeft" ? 499 : outcome.status,
    end,
    firstByteMs,
    durationMs,
    requestBytes,
    responseBytes,
    userAgent: incoming.fields.get("user-agent") ?? "",
  };
}
