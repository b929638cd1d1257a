import type { Clock, Middleware } from "@mothership/kernel";
import type { RequestFigures } from "./request-figures.ts";

/** Middleware that counts each request when it ends, under the route that it has then. Time begins where this stands in the path. */
export function requestMetrics(figures: RequestFigures, clock: Clock): Middleware {
  return (next) => (exchange) => {
    const begun = clock.now();
    const inFlight = figures.inFlight(exchange.bind);
    inFlight.count++;
    exchange.onFinished((outcome) => {
      inFlight.count--;
      figures.finished(exchange.route, outcome, clock.now() - begun);
    });
    return next(exchange);
  };
}
