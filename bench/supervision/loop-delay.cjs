/**
 * Preloaded into mothership: measures how late its event loop turns. SIGUSR2 begins to measure; the next one writes `{ p99Ms, maxMs }` to
 * the file that `MS_BENCH_LOOP` names. What it starts does not inherit it.
 */
const { writeFileSync } = require("node:fs");
const { monitorEventLoopDelay } = require("node:perf_hooks");

const file = process.env.MS_BENCH_LOOP;
delete process.env.MS_BENCH_LOOP;
delete process.env.NODE_OPTIONS;
if (file !== undefined) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  let measuring = false;
  process.on("SIGUSR2", () => {
    if (measuring) writeFileSync(file, JSON.stringify({ p99Ms: delays.percentile(99) / 1e6, maxMs: delays.max / 1e6 }));
    else delays.enable();
    measuring = true;
  });
}
