// Run with `node bench/middleware.ts`: what the middleware costs a request, what loading costs, and what a page of 1,000 routes costs.
import { type Exchange, type Handler, type Outcome, silentLogger, systemClock } from "@mothership/kernel";

const begun = performance.now();
const { createMetrics } = await import("../src/index.ts");
const loaded = performance.now();
const metrics = createMetrics({ version: "0.0.0" }, { clock: systemClock, log: silentLogger });
await metrics.prepare();
console.log(
  `loading the package ${(loaded - begun).toFixed(1)} ms; loading the writer, only where a page is served, ${(performance.now() - loaded).toFixed(1)} ms`,
);

const routes = Array.from({ length: 1_000 }, (_, i) => `/service-${i}/.*`);
metrics.setRoutes(routes);
const outcome: Outcome = { status: 200, end: "complete", requestBytes: 0, responseBytes: 1024 };

/** As much of an exchange as counting needs: one list of listeners, as the proxy's has. */
class BenchExchange {
  bind = "http";
  route = "";
  #listeners: ((outcome: Outcome) => void)[] | undefined;
  onFinished(listener: (outcome: Outcome) => void): void {
    this.#listeners ??= [];
    this.#listeners.push(listener);
  }
  finish(): void {
    for (const listener of this.#listeners ?? []) listener(outcome);
  }
}

const calls = 500_000;
const rounds = 9;

/** Milliseconds of CPU time of this thread: what else the machine does must not count. */
function cpuNow(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Nanoseconds for one request, the median of some rounds after two to warm up. */
function steady(handler: Handler): number {
  const figures: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const from = cpuNow();
    for (let i = 0; i < calls; i++) {
      const exchange = new BenchExchange();
      // The middleware reads no more of it than there is.
      void handler(exchange as unknown as Exchange);
      exchange.finish();
    }
    if (round >= 0) figures.push(((cpuNow() - from) * 1e6) / calls);
  }
  return figures.sort((a, b) => a - b)[rounds >> 1]!;
}

let next = 0;
const route: Handler = (exchange) => {
  exchange.route = routes[next++ % routes.length]!;
};
const listening: Handler = (exchange) => {
  exchange.onFinished(() => undefined);
  return route(exchange);
};
const bare = steady(route);
const listened = steady(listening);
const counted = steady(metrics.middleware(route));
console.log(
  `one request: ${bare.toFixed(0)} ns without, ${listened.toFixed(0)} ns with a listener that does nothing, ${counted.toFixed(0)} ns counted; ` +
    `the middleware costs ${(counted - bare).toFixed(0)} ns`,
);

for (const format of ["prometheus", "openmetrics"] as const) {
  const times: number[] = [];
  const longest: number[] = [];
  let size = 0;
  for (let i = 0; i < 12; i++) {
    const from = cpuNow();
    let last = from;
    let most = 0;
    let running = true;
    const tick = (): void => {
      most = Math.max(most, cpuNow() - last);
      last = cpuNow();
      if (running) setImmediate(tick);
    };
    setImmediate(tick);
    size = (await metrics.render(format)).body.length;
    running = false;
    times.push(cpuNow() - from);
    longest.push(most);
  }
  const median = (values: number[]): string =>
    values
      .slice(3)
      .sort((a, b) => a - b)[4]!
      .toFixed(1);
  console.log(
    `a page of 1,000 routes, ${format}: ${median(times)} ms, of which ${median(longest)} ms at most without a pause; ${(size / 1e6).toFixed(1)} MB`,
  );
}
