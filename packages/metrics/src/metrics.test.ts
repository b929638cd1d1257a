import { type LogFields, type Logger, silentLogger } from "@mothership/kernel";
import { FakeClock, MemoryExchange } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { parsePage, seriesValue } from "../test/parse.ts";
import type { BayFigures, ShipFigures } from "./figures.ts";
import { createMetrics, type FleetMetrics, type MetricsSpec } from "./metrics.ts";
import { noMetrics } from "./no-metrics.ts";
import { families } from "./registry.ts";

function open(spec: Partial<MetricsSpec> = {}): {
  metrics: FleetMetrics;
  lines: [string, LogFields | undefined][];
  page: () => Promise<ReturnType<typeof parsePage>>;
} {
  const lines: [string, LogFields | undefined][] = [];
  const note = (message: string, fields?: LogFields): void => void lines.push([message, fields]);
  const log: Logger = { ...silentLogger, warn: note, error: note };
  const metrics = createMetrics({ version: "1.2.3", ...spec }, { clock: new FakeClock(), log });
  return { metrics, lines, page: async () => parsePage((await metrics.render()).body) };
}

const app: ShipFigures = {
  name: "app",
  group: "web",
  kind: "ship",
  up: true,
  healthy: true,
  restarts: 0,
  crashLoop: false,
  droppedLines: 0,
  memory: { rssBytes: 52_428_800, virtualBytes: 1_073_741_824 },
};
const bay: BayFigures = {
  name: "orbitcast",
  group: "websocket",
  clients: 3,
  boardings: 10,
  reboardings: 1,
  framesIn: 5,
  framesOut: 6,
  bytesIn: 700,
  bytesOut: 800,
  queuedForBay: 9,
  queuedForClients: 11,
};

describe("createMetrics", () => {
  test("writes the lines of the reference as they stand there", async () => {
    const { metrics } = open();
    metrics.setRoutes(["/api"]);
    metrics.setShips([app, { ...app, name: "sidekiq", group: "workers" }, { ...app, name: "migrate", group: "jobs" }]);
    for (let i = 0; i < 1234; i++) {
      const exchange = new MemoryExchange();
      await metrics.middleware((one) => {
        one.route = "/api";
      })(exchange);
      exchange.finish();
    }
    const { body, contentType } = await metrics.render();
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    const lines = body.split("\n");
    for (const line of [
      'mothership_ship_status{ship="app",group="web"} 1',
      'mothership_ship_healthy{ship="app",group="web"} 1',
      'mothership_ship_restarts_total{ship="app",group="web"} 0',
      'mothership_ship_memory_rss_bytes{ship="app",group="web"} 52428800',
      'mothership_ship_memory_virtual_bytes{ship="app",group="web"} 1073741824',
      'mothership_requests_total{route="/api"} 1234',
      "mothership_fleet_ships_total 3",
    ])
      expect(lines).toContain(line);
  });

  test("writes every family there is, in both formats, so that it can be read back", async () => {
    const { metrics } = open({ maxSeries: 40 });
    metrics.setShips([app]);
    metrics.setBays([bay]);
    metrics.setModules([{ name: "limiter", calls: 5, blocks: 2, failures: { trap: 1, fuel: 0 }, totalMs: 1500 }]);
    metrics.compressionSaturated();
    metrics.accessLinesDropped(3);
    metrics.setUpstreams([{ name: "app", breaker: "half-open" }]);
    metrics.probed("app", "web", "ready", false);
    metrics.upstreamFailed("app", "upstream-timeout");
    metrics.requestHeld("app", "released");
    metrics.requestLimited("client");
    metrics.preflight(true);
    metrics.preflight(false);
    metrics.requestRefused("http", "MS_HTTP1_BAD_LENGTH");
    metrics.connectionRefused("http", "limit");
    metrics.shieldMatched("tools", "block");
    metrics.setEventLoopDelay({ "0.5": 1, "1": 20 });
    metrics.setThreads({ running: 2, wanted: 2, lost: 0 });
    for (let i = 0; i < 50; i++) metrics.upstreamFailed(`u${i}`, "upstream-closed");
    const exchange = new MemoryExchange();
    await metrics.middleware(() => undefined)(exchange);
    exchange.finish({ end: "clientLeft" });

    const page = parsePage((await metrics.render()).body);
    expect([...page.keys()].sort()).toEqual(
      Object.values(families)
        .map(({ name }) => name)
        .sort(),
    );
    for (const { name, type, help } of Object.values(families)) expect(page.get(name)).toMatchObject({ type, help });

    const open2 = await metrics.render("openmetrics");
    expect(open2.contentType).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    const other = parsePage(open2.body, "openmetrics");
    for (const { name, type } of Object.values(families)) {
      const family = type === "counter" ? name.replace(/_total$/, "") : name;
      expect(other.get(family)?.samples.map(({ labels, value }) => ({ labels, value }))).toEqual(
        page.get(name)?.samples.map(({ labels, value }) => ({ labels, value })),
      );
    }
  });

  test("has labels come back as they were, whatever they hold", async () => {
    const { metrics, page } = open();
    const routes = ["/v\\d+/.*", '/"quoted"', "/two\nlines", "/a,b={c}", "/gr\u00fc\u00dfe", "\\n"];
    metrics.setRoutes(routes);
    expect((await page()).get("mothership_requests_total")?.samples.map(({ labels }) => labels["route"])).toEqual(routes);
  });

  test("says of bays, modules and upstreams what it was told", async () => {
    const { metrics, page } = open();
    metrics.setBays([bay]);
    metrics.setModules([{ name: "limiter", calls: 5, blocks: 2, failures: { trap: 1 }, totalMs: 1500 }]);
    metrics.setUpstreams([{ name: "app", breaker: "open", held: 7 }]);
    for (const outcome of ["released", "released", "timeout"] as const) metrics.requestHeld("app", outcome);
    const read = await page();
    const labels = { bay: "orbitcast", group: "websocket" };
    expect(seriesValue(read, "mothership_bay_clients", labels)).toBe(3);
    expect(seriesValue(read, "mothership_bay_frames_total", { ...labels, direction: "in" })).toBe(5);
    expect(seriesValue(read, "mothership_bay_bytes_total", { ...labels, direction: "out" })).toBe(800);
    expect(seriesValue(read, "mothership_bay_queue_bytes", { ...labels, direction: "to_clients" })).toBe(11);
    expect(seriesValue(read, "mothership_module_seconds_total", { module: "limiter" })).toBe(1.5);
    expect(seriesValue(read, "mothership_module_errors_total", { module: "limiter", kind: "trap" })).toBe(1);
    expect(
      ["closed", "open", "half-open"].map((state) => seriesValue(read, "mothership_upstream_breaker_state", { upstream: "app", state })),
    ).toEqual([0, 1, 0]);
    expect(seriesValue(read, "mothership_upstream_requests_held", { upstream: "app" })).toBe(7);
    expect(seriesValue(read, "mothership_upstream_hold_outcomes_total", { upstream: "app", outcome: "released" })).toBe(2);
    expect(seriesValue(read, "mothership_build_info", { version: "1.2.3", node: process.version })).toBe(1);
  });

  test("forgets members that are not named any more, and what was counted about them", async () => {
    const { metrics, page } = open();
    metrics.setShips([app, { ...app, name: "old" }]);
    metrics.setUpstreams([
      { name: "app", breaker: "closed" },
      { name: "old", breaker: "closed" },
    ]);
    for (const name of ["app", "old"]) {
      metrics.probed(name, "web", "live", true);
      metrics.upstreamFailed(name, "upstream-closed");
      metrics.requestHeld(name, "left");
    }
    expect((await metrics.render()).body).toContain('"old"');
    metrics.setShips([app]);
    metrics.setUpstreams([{ name: "app", breaker: "closed" }]);
    expect((await metrics.render()).body).not.toContain('"old"');
    expect(seriesValue(await page(), "mothership_ship_probes_total", { ship: "app", group: "web", check: "live", result: "pass" })).toBe(1);
  });

  test("counts ships, and not the processes of bays among them", async () => {
    const { metrics, page } = open();
    metrics.setShips([app, { ...app, name: "orbitcast", group: "websocket", kind: "bay" }]);
    expect(seriesValue(await page(), "mothership_fleet_ships_total")).toBe(1);
    expect(seriesValue(await page(), "mothership_ship_status", { ship: "orbitcast", group: "websocket" })).toBe(1);
  });

  test("shows no memory of a ship that has none", async () => {
    const { metrics, page } = open();
    metrics.setShips([app]);
    metrics.setShips([{ ...app, up: false, healthy: false, memory: undefined }]);
    const read = await page();
    expect(read.has("mothership_ship_memory_rss_bytes")).toBe(false);
    expect(seriesValue(read, "mothership_ship_status", { ship: "app", group: "web" })).toBe(0);
  });

  test("bounds the series of each metric, says on the page how much it left out, and in the log once", async () => {
    const { metrics, page, lines } = open({ maxRoutes: 10, maxSeries: 5 });
    for (let i = 0; i < 100; i++) {
      metrics.requestRefused("http", `MS_${i}`);
      const exchange = new MemoryExchange();
      await metrics.middleware((one) => {
        one.route = `/${i}`;
      })(exchange);
      exchange.finish();
    }
    const read = await page();
    expect(read.get("mothership_requests_refused_total")?.samples).toHaveLength(6);
    expect(read.get("mothership_requests_total")?.samples).toHaveLength(11);
    expect(seriesValue(read, "mothership_requests_refused_total", { bind: "other", code: "other" })).toBe(95);
    expect(seriesValue(read, "mothership_metrics_dropped_total", { metric: "mothership_requests_refused_total" })).toBe(95);
    expect(seriesValue(read, "mothership_metrics_dropped_total", { metric: "mothership_requests_total" })).toBe(90);
    expect(lines.map(([, fields]) => fields?.["metric"])).toEqual(["mothership_requests_refused_total", "mothership_requests_total"]);
  });

  test("asks for what is before each page, survives one that fails, and stops when told", async () => {
    const { metrics, page, lines } = open();
    let asked = 0;
    const collect = (): void => void metrics.setEventLoopDelay({ "1": ++asked });
    using failing = metrics.onScrape(() => {
      throw new Error("a fault");
    });
    const first = metrics.onScrape(collect);
    const second = metrics.onScrape(collect);
    expect(seriesValue(await page(), "mothership_event_loop_delay_seconds", { quantile: "1" })).toBe(0.002);
    first[Symbol.dispose]();
    await page();
    expect(asked).toBe(3);
    second[Symbol.dispose]();
    failing[Symbol.dispose]();
    await page();
    expect(asked).toBe(3);
    expect(lines).toEqual(Array.from({ length: 2 }, () => ["metrics could not be collected", { reason: "a fault" }]));
  });

  test("writes one page for all who ask while it is written, and a new one for who asks later", async () => {
    const { metrics } = open();
    let written = 0;
    using _ = metrics.onScrape(() => void written++);
    const pages = await Promise.all([metrics.render(), metrics.render(), metrics.render("openmetrics")]);
    expect(written).toBe(2);
    expect(pages[0]).toBe(pages[1]);
    await metrics.render();
    expect(written).toBe(3);
  });

  test("writes a page of many lines whole", async () => {
    const { metrics, page } = open({ maxRoutes: 3000 });
    const routes = Array.from({ length: 2500 }, (_, i) => `/${i}`);
    metrics.setRoutes(routes);
    expect((await page()).get("mothership_requests_total")?.samples.map(({ labels }) => labels["route"])).toEqual(routes);
  });
});

describe("noMetrics", () => {
  test("is not there", async () => {
    const next = (): void => undefined;
    expect(noMetrics.middleware(next)).toBe(next);
    noMetrics.setShips([app]);
    expect((await noMetrics.render()).body.trim()).toBe("");
  });
});

test("the names, labels and types of the reference are as they were", () => {
  const contract = [
    families.shipStatus,
    families.shipHealthy,
    families.shipRestarts,
    families.shipRss,
    families.shipVirtual,
    families.requests,
    families.fleetShips,
  ].map(({ name, type, labels }) => `${name}{${labels.join(",")}} ${type}`);
  expect(contract).toEqual([
    "mothership_ship_status{ship,group} gauge",
    "mothership_ship_healthy{ship,group} gauge",
    "mothership_ship_restarts_total{ship,group} counter",
    "mothership_ship_memory_rss_bytes{ship,group} gauge",
    "mothership_ship_memory_virtual_bytes{ship,group} gauge",
    "mothership_requests_total{route} counter",
    "mothership_fleet_ships_total{} gauge",
  ]);
});

test("every other name follows the conventions of Prometheus", () => {
  for (const { name, type, help } of Object.values(families)) {
    expect(name).toMatch(/^mothership_[a-z_]+$/);
    // A quotation mark would need an escape in OpenMetrics that the writer does not make.
    expect(help).toMatch(/^[^"\\\n]+\.$/);
    if (name !== "mothership_fleet_ships_total") expect(name.endsWith("_total"), name).toBe(type === "counter");
  }
});
