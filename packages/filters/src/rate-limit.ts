import type { Clock, Exchange, Middleware, ResponseHook } from "@mothership/kernel";
import { ClientBuckets } from "./client-buckets.ts";
import { boundedKey, clientKey } from "./client-key.ts";
import { FilterOptionError, wholeNumber } from "./errors.ts";
import { type LimitScope, policyOf, refusal, remainderOf } from "./rate-limit-fields.ts";
import { SharedBucket, SharedClientBuckets } from "./shared-buckets.ts";
import { afterTaking, msUntilToken, neverTaken, type Rate, rateOf, tokensAt, wholeTokens } from "./token-bucket.ts";

export interface RateLimitOptions {
  readonly clock: Clock;
  /** Requests per second of all clients together; above 0. Default: no such limit. */
  readonly globalPerSecond?: number | undefined;
  /** Requests per minute of one client; above 0. Default: no such limit. */
  readonly perClientPerMinute?: number | undefined;
  /** Clients remembered at a time. When more come in the time in which a bucket fills, those seen longest ago begin anew. Default 100,000. */
  readonly maxClients?: number | undefined;
  /**
   * Made by `rateLimitMemory`, for limiters with the same limits in several threads whose clocks agree: what one lets through, the others
   * count too. It has the number of clients, and `maxClients` is not looked at. Default: alone.
   */
  readonly memory?: SharedArrayBuffer | undefined;
  /**
   * Under which name a request is counted; names are cut at 256 characters. Default: the client's address, an IPv6 one by its /64 network.
   * All who come over a Unix socket, without a trusted forwarder that says who they are, are one client.
   */
  readonly clientOf?: ((exchange: Exchange) => string) | undefined;
  /** Called for each request that was refused. */
  readonly onLimited?: ((scope: LimitScope) => void) | undefined;
  /** Called when `maxClients` was reached, with the number of clients that begin anew. */
  readonly onForgotten?: ((clients: number) => void) | undefined;
}

/** A client that has less than this share of its quota left is told so with each answer. */
const lowShare = 0.25;
const defaultMaxClients = 100_000;

/**
 * Middleware that answers 429 to requests beyond a limit, before their body is read.
 *
 * Each limit is a token bucket that holds what its period allows and fills evenly: `perClientPerMinute: 100` lets 100 through at once,
 * then one every 600 ms. What is refused is counted nowhere, so that a client beyond its own limit takes nothing from the others.
 *
 * @throws {FilterOptionError} for a rate that is no number above 0, or `maxClients` below 2.
 */
export function rateLimit(options: RateLimitOptions): Middleware {
  const { clock, maxClients = defaultMaxClients, clientOf = addressOf, memory, onLimited, onForgotten } = options;
  const all = limitOf("globalPerSecond", options.globalPerSecond, 1000);
  const each = limitOf("perClientPerMinute", options.perClientPerMinute, 60_000);
  const global = all && (memory ? new SharedBucket(all, memory) : new OwnBucket(all));
  const limit = wholeNumber("maxClients", maxClients, 2);
  const clients = each && (memory ? new SharedClientBuckets(each, memory, onForgotten) : new ClientBuckets(each, limit, onForgotten));

  const refuse = (exchange: Exchange, scope: LimitScope, rate: Rate, fullAt: number, now: number): void => {
    onLimited?.(scope);
    const { head, body } = refusal(scope, rate, msUntilToken(rate, fullAt, now), exchange.id);
    exchange.respond(head, body);
  };

  return (next) => {
    if (!global && !clients) return next;
    return (exchange) => {
      const now = clock.now();
      const client = clients ? boundedKey(clientOf(exchange)) : "";
      if (clients) {
        const fullAt = clients.fullAt(client);
        if (wholeTokens(clients.rate, fullAt, now) < 1) return refuse(exchange, "client", clients.rate, fullAt, now);
      }
      if (global && global.take(now) === undefined) return refuse(exchange, "global", global.rate, global.fullAt, now);
      if (clients) {
        const fullAt = clients.take(client, now);
        if (fullAt === undefined) {
          // Another thread took the last one since we looked.
          global?.giveBack();
          return refuse(exchange, "client", clients.rate, clients.fullAt(client), now);
        }
        if (tokensAt(clients.rate, fullAt, now) < clients.rate.capacity * lowShare)
          exchange.onResponse(announce(clients.rate, fullAt, now));
      }
      return next(exchange);
    };
  };
}

/** The bucket of all clients together, of one thread. */
class OwnBucket {
  readonly rate: Rate;
  fullAt = neverTaken;

  constructor(rate: Rate) {
    this.rate = rate;
  }

  /** When it will be full again after one token was taken; undefined when there was none. */
  take(now: number): number | undefined {
    if (wholeTokens(this.rate, this.fullAt, now) < 1) return undefined;
    this.fullAt = afterTaking(this.rate, this.fullAt, now);
    return this.fullAt;
  }

  giveBack(): void {
    this.fullAt -= this.rate.msPerToken;
  }
}

function addressOf({ client }: Exchange): string {
  return clientKey(client.address);
}

function limitOf(option: string, count: number | undefined, periodMs: number): Rate | undefined {
  if (count === undefined) return undefined;
  if (!Number.isFinite(count) || count <= 0) throw new FilterOptionError(option, "a number above 0", count);
  return rateOf(count, periodMs);
}

/** Adds the RateLimit fields to an answer, beside those that the upstream may have sent for limits of its own. */
function announce(rate: Rate, fullAt: number, now: number): ResponseHook {
  return (head, body) => {
    // A client might wait before it follows a redirect (draft, 6).
    if (head.status < 300 || head.status >= 400) {
      head.fields.append("RateLimit", remainderOf(rate, fullAt, now));
      head.fields.append("RateLimit-Policy", policyOf(rate));
    }
    return { head, body };
  };
}
