import type { Exchange } from "@mothership/kernel";
import { type Answer, answers, reply } from "./reply.ts";
import type { Upstream } from "./upstream.ts";
import type { HoldOutcome, Waiter } from "./waiting-room.ts";

/** What it takes to let requests to one upstream wait. */
export interface HoldContext {
  readonly upstream: Upstream;
  /** Forwards a request that has waited. */
  readonly pass: (exchange: Exchange) => void;
  /** Hears what became of each. */
  readonly onHeld: ((outcome: HoldOutcome) => void) | undefined;
}

const refusals = { timeout: answers.holdTimeout, full: answers.holdFull, unavailable: answers.unavailable } as const;

/**
 * Lets a request wait while its upstream is restarted, and forwards it when the upstream is back; otherwise, or where it waits in vain, it
 * is answered 503. Nothing of its body is read meanwhile.
 */
export function waitOrRefuse(exchange: Exchange, { upstream, pass, onHeld }: HoldContext): Promise<void> | undefined {
  const { retryAfterSeconds } = upstream;
  if (!upstream.holding) {
    reply(exchange, { ...answers.unavailable, retryAfterSeconds });
    return undefined;
  }
  const refuse = (outcome: keyof typeof refusals): void => {
    const answer: Answer = { ...refusals[outcome], retryAfterSeconds };
    const { id: requestId, route } = exchange;
    upstream.warn("a request came while the upstream was restarted and could not be forwarded", {
      requestId,
      route,
      status: answer.status,
      reason: answer.reason,
    });
    onHeld?.(outcome);
    reply(exchange, answer);
  };
  const waited = Promise.withResolvers<void>();
  const waiter: Waiter = (outcome) => {
    // What fails here is a failure of the handler, and must not keep those behind it from being told.
    try {
      if (outcome === "released") {
        onHeld?.(outcome);
        pass(exchange);
      } else refuse(outcome);
      waited.resolve();
    } catch (error) {
      waited.reject(error);
    }
  };
  if (!upstream.room.enter(waiter)) {
    refuse("full");
    return undefined;
  }
  exchange.onFinished(() => {
    if (!upstream.room.leave(waiter)) return;
    onHeld?.("left");
    waited.resolve();
  });
  return waited.promise;
}
