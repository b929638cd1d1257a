import type { Deps, Exchange, Handler, Middleware } from "@mothership/kernel";
import type { Payload } from "../payload.ts";
import type { Failure } from "../verdict.ts";
import { type RenderAnswer, renderAnswer } from "./answers.ts";
import type { FurtherFacts } from "./exchange-facts.ts";
import { Passage } from "./passage.ts";
import type { PassageContext } from "./passage-context.ts";
import { Plans } from "./plan.ts";

export interface PayloadMiddlewareOptions {
  /** Called for every request or response that was answered with an error because a payload gave no verdict. For counters; must not throw. */
  readonly onFailure?: (payload: Payload, failure: Failure) => void;
  /** What guests are told beyond what an exchange holds. Called at most once for a request, when a guest looks at it. */
  readonly describe?: (exchange: Exchange) => FurtherFacts;
  /** Makes responses of this package's answers. Plain text by default. */
  readonly render?: RenderAnswer;
}

/**
 * Puts payloads on the path of requests, in the order in which they are given; on the way back in the reverse order.
 *
 * Whatever keeps a payload from giving a verdict (a trap, used-up fuel, quarantine) is answered with an error: nothing passes unchecked.
 * It belongs inside of what compresses responses and outside of everything that answers requests, so that static files and cached answers
 * are checked too.
 *
 * @throws {PatternError} for a pattern of a payload that cannot be used.
 */
export function payloadMiddleware(payloads: readonly Payload[], deps: Deps, options: PayloadMiddlewareOptions = {}): Middleware {
  const plans = new Plans(payloads);
  const context: PassageContext = {
    deps,
    render: options.render ?? renderAnswer,
    describe: options.describe,
    onFailure: options.onFailure,
  };
  return (next: Handler): Handler =>
    (exchange) => {
      const plan = plans.for(exchange.path);
      return plan.payloads.length === 0 ? next(exchange) : new Passage(plan, exchange, next, context).begin();
    };
}
