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
  /** Path as the client meant it, without the query, which may hold secrets. */
  readonly path: string;
  readonly version: string;
  readonly route: string;
  readonly upstream: string;
  /** As sent; 499 when the client left before an answer, 0 when the connection was cut before one. */
  readonly status: number;
  readonly end: Outcome["end"];
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

/** Middleware that hands one entry to `write` when a request has ended. Put it first, so that it sees the path before others change it. */
export function accessLog(
  write: (entry: AccessEntry) => void,
  deps: Deps,
  { sample = 1, random = Math.random }: AccessLogOptions = {},
): Middleware {
  return (next) => (exchange) => {
    const began = deps.clock.now();
    const at = deps.clock.wallTime();
    const { path } = exchange;
    exchange.onFinished((outcome) => {
      if (outcome.status < 500 && sample < 1 && random() >= sample) return;
      write(entryOf(exchange, path, at, deps.clock.now() - began, outcome));
    });
    return next(exchange);
  };
}

function entryOf(exchange: Exchange, path: string, at: number, durationMs: number, outcome: Outcome): AccessEntry {
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
    version: incoming.version,
    route,
    upstream,
    status: outcome.status === 0 && end === "clientLeft" ? 499 : outcome.status,
    end,
    durationMs: Math.round(durationMs * 1000) / 1000,
    requestBytes,
    responseBytes,
    userAgent: incoming.fields.get("user-agent") ?? "",
  };
}
