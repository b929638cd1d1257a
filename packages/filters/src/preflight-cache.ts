import { bodyOf, type Clock, type Exchange, emptyBody, type Fields, type Middleware, type ResponseHook } from "@mothership/kernel";
import { CopiedBody } from "./copied-body.ts";
import { wholeNumber } from "./errors.ts";
import { preflightKey, preflightTtlMs } from "./preflight.ts";
import { RecentMap } from "./recent-map.ts";

export interface PreflightCacheOptions {
  readonly clock: Clock;
  /** For how long an answer without Access-Control-Max-Age is kept; 0 for not at all. Default one hour. */
  readonly defaultTtlMs?: number | undefined;
  /** Answers kept at a time; the one used longest ago goes first. Default 10,000. */
  readonly maxEntries?: number | undefined;
  /** Memory for all answers and their keys, counted in characters and bytes. Default 2,048 for each of `maxEntries`. */
  readonly maxBytes?: number | undefined;
  /** What else decides who answers (a class of user agents, a fingerprint), as text; becomes part of the key. Default: nothing. */
  readonly varyBy?: ((exchange: Exchange) => string) | undefined;
  /**
   * Which state of an upstream is in force, as a number that changes when the upstream is started anew or replaced: an answer of an earlier
   * one is not given any more. Asked with `Exchange.upstream` of the answer. Default: it never changes.
   */
  readonly versionOf?: ((upstream: string) => number) | undefined;
  /** Called for each preflight that was looked up. */
  readonly onLookup?: ((result: "hit" | "miss") => void) | undefined;
}

/** Larger answers are passed on and not kept. */
const maxAnswerBytes = 16_384;
/** What an entry takes beside its text. */
const entryBytes = 256;

interface Answer {
  readonly status: number;
  readonly fields: Fields;
  readonly bytes: Uint8Array;
  /** Label of the route that answered. */
  readonly route: string;
  readonly upstream: string;
  readonly version: number;
  readonly until: number;
}

/**
 * Middleware that gives the answer of a CORS preflight again: to the same question (see `preflightKey`), byte for byte, for as long as
 * Access-Control-Max-Age says. Only answers that allow the origin are kept; every other request, and every other answer, passes untouched.
 *
 * Preflights that miss at the same time all go on to the next handler.
 *
 * @throws {FilterOptionError} for a number that is negative or not whole, or a `maxEntries` or `maxBytes` of 0.
 */
export function preflightCache(options: PreflightCacheOptions): Middleware {
  const { clock, varyBy, versionOf = () => 0, onLookup } = options;
  const defaultTtlMs = wholeNumber("defaultTtlMs", options.defaultTtlMs ?? 3_600_000, 0);
  const maxEntries = wholeNumber("maxEntries", options.maxEntries ?? 10_000, 1);
  const answers = new RecentMap<Answer>(maxEntries, wholeNumber("maxBytes", options.maxBytes ?? maxEntries * 2048, 1));

  const find = (key: string): Answer | undefined => {
    const answer = answers.get(key);
    if (!answer || (answer.until > clock.now() && answer.version === versionOf(answer.upstream))) return answer;
    answers.delete(key);
    return undefined;
  };

  const remember = (key: string, exchange: Exchange): ResponseHook => {
    const origin = exchange.fields.get("origin") ?? "";
    return (head, body) => {
      const ttl = preflightTtlMs(head, origin, defaultTtlMs);
      if (ttl === 0 || (body.length ?? 0) > maxAnswerBytes) return { head, body };
      // Copied now: hooks that come after this one may change the fields for this client.
      const { upstream, route } = exchange;
      const version = versionOf(upstream);
      const kept = { status: head.status, fields: head.fields.copy(), route, upstream, version, until: clock.now() + ttl };
      const keep = (bytes: Uint8Array): void => answers.set(key, { ...kept, bytes }, sizeOf(key, kept.fields) + bytes.length);
      if (body.length !== 0) return { head, body: new CopiedBody(body, maxAnswerBytes, keep) };
      keep(new Uint8Array());
      return { head, body };
    };
  };

  return (next) => (exchange) => {
    if (exchange.incoming.method !== "OPTIONS") return next(exchange);
    const question = preflightKey(exchange);
    if (question === undefined) return next(exchange);
    const key = varyBy ? `${question}\n${varyBy(exchange)}` : question;
    const answer = find(key);
    onLookup?.(answer ? "hit" : "miss");
    if (answer) return give(exchange, answer);
    exchange.onResponse(remember(key, exchange));
    return next(exchange);
  };
}

function give(exchange: Exchange, { status, fields, bytes, route }: Answer): void {
  exchange.route = route;
  // Copies, because hooks change fields and readers own the bytes they get.
  exchange.respond({ status, fields: fields.copy() }, bytes.length === 0 ? emptyBody : bodyOf(Uint8Array.from(bytes)));
}

function sizeOf(key: string, fields: Fields): number {
  let size = entryBytes + key.length;
  for (const [name, value] of fields) size += 2 * name.length + value.length;
  return size;
}
