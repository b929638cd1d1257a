import { compose, type Handler } from "@mothership/kernel";
import { FakeClock, MemoryExchange } from "@mothership/testkit";
import { expect, test } from "vitest";
import { RequestFigures } from "./request-figures.ts";
import { requestMetrics } from "./request-metrics.ts";

function counted(next: Handler): { handler: Handler; clock: FakeClock; figures: RequestFigures; inFlight: () => number } {
  const clock = new FakeClock();
  const figures = new RequestFigures(10, () => undefined);
  return { handler: compose([requestMetrics(figures, clock)], next), clock, figures, inFlight: () => figures.inFlight("http").count };
}

const requests = (figures: RequestFigures): [string | undefined, number][] =>
  Array.from(figures.samples("requests"), ({ shared, value }) => [shared["route"], value]);

test("counts a request when it ends, under the route that it has then, with the time from here to its end", async () => {
  const { handler, clock, figures, inFlight } = counted((exchange) => {
    exchange.route = "/api/.*";
  });
  const exchange = new MemoryExchange();
  await handler(exchange);
  expect([inFlight(), requests(figures)]).toEqual([1, []]);
  await clock.advance(40);
  exchange.finish();
  expect([inFlight(), requests(figures)]).toEqual([0, [["/api/.*", 1]]]);
  const sum = Array.from(figures.samples("requestDuration")).find(({ suffix }) => suffix === "_sum");
  expect(sum?.value).toBeCloseTo(0.04);
});

test("counts what no route took as none", async () => {
  const { handler, figures } = counted(() => undefined);
  const exchange = new MemoryExchange();
  await handler(exchange);
  exchange.finish({ status: 404 });
  expect(requests(figures)).toEqual([["none", 1]]);
});

test("passes on what the next handler returns or throws, and still counts the end", async () => {
  const { handler, figures, inFlight } = counted(() => Promise.reject(new Error("a fault")));
  const exchange = new MemoryExchange();
  await expect(handler(exchange)).rejects.toThrow("a fault");
  exchange.finish({ status: 500 });
  expect([inFlight(), requests(figures)]).toEqual([0, [["none", 1]]]);
});
