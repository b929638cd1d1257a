import { silentLogger } from "@mothership/kernel";
import { FakeClock, MemoryExchange } from "@mothership/testkit";
import { expect, test } from "vitest";
import { parsePage, seriesValue } from "../test/parse.ts";
import { createMetrics, type FleetMetrics } from "./metrics.ts";

const open = (): FleetMetrics => createMetrics({ version: "1", maxSeries: 2 }, { clock: new FakeClock(), log: silentLogger });

async function serve(metrics: FleetMetrics, route: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const exchange = new MemoryExchange();
    await metrics.middleware((one) => {
      one.route = route;
    })(exchange);
    exchange.finish();
  }
}

/** As it goes from one thread to another. */
const sent = <T>(value: T): T => structuredClone(value);

test("what threads have counted is added up, each of it once", async () => {
  const [total, one, other] = [open(), open(), open()];
  for (const metrics of [total, one, other]) metrics.setRoutes(["/a"]);
  const [first, second] = [total.source(), total.source()];
  await serve(total, "/a", 1);
  await serve(one, "/a", 2);
  await serve(other, "/a", 3);
  await serve(other, "", 4);
  one.requestLimited("client");
  other.requestLimited("client");
  for (const bind of ["a", "b", "c", "d"]) other.requestRefused(bind, "MS_X");
  for (let round = 0; round < 2; round++) {
    first.add(sent(one.take()));
    second.add(sent(other.take()));
  }
  const page = parsePage((await total.render()).body);
  expect(seriesValue(page, "mothership_requests_total", { route: "/a" })).toBe(6);
  expect(seriesValue(page, "mothership_requests_total", { route: "none" })).toBe(4);
  expect(seriesValue(page, "mothership_request_duration_seconds", { route: "/a" }, "mothership_request_duration_seconds_count")).toBe(6);
  expect(
    seriesValue(page, "mothership_request_duration_seconds", { route: "/a", le: "+Inf" }, "mothership_request_duration_seconds_bucket"),
  ).toBe(6);
  expect(seriesValue(page, "mothership_requests_limited_total", { scope: "client" })).toBe(2);
  expect(seriesValue(page, "mothership_requests_refused_total", { bind: "other", code: "other" })).toBe(2);
  expect(seriesValue(page, "mothership_metrics_dropped_total", { metric: "mothership_requests_refused_total" })).toBeGreaterThanOrEqual(2);
});

test("what a thread that is gone has counted stays, and its requests are under way no more", async () => {
  const [total, one] = [open(), open()];
  const source = total.source();
  await serve(one, "/a", 5);
  const waiting = new MemoryExchange();
  await one.middleware(() => undefined)(waiting);
  source.add(sent(one.take()));
  const bind = waiting.bind;
  expect(seriesValue(parsePage((await total.render()).body), "mothership_requests_in_flight", { bind })).toBe(1);
  source[Symbol.dispose]();
  const page = parsePage((await total.render()).body);
  expect(seriesValue(page, "mothership_requests_in_flight", { bind })).toBe(0);
  expect(seriesValue(page, "mothership_requests_total", { route: "/a" })).toBe(5);
});

test("the page waits for what is collected from elsewhere", async () => {
  const metrics = open();
  metrics.onScrape(async () => {
    await Promise.resolve();
    metrics.setThreads({ running: 1, wanted: 2, lost: 3 });
  });
  const page = parsePage((await metrics.render()).body);
  expect(seriesValue(page, "mothership_edge_threads", { state: "running" })).toBe(1);
  expect(seriesValue(page, "mothership_edge_threads", { state: "wanted" })).toBe(2);
  expect(seriesValue(page, "mothership_edge_threads_lost_total", {})).toBe(3);
});
