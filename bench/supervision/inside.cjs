/**
 * Preloaded into mothership: at each SIGUSR2 it collects garbage and writes what it holds, as one line of JSON, to the file that
 * `MS_BENCH_INSIDE` names. What it starts does not inherit it.
 */
const { appendFileSync, readdirSync } = require("node:fs");
const { setFlagsFromString } = require("node:v8");
const { runInNewContext } = require("node:vm");

const file = process.env.MS_BENCH_INSIDE;
delete process.env.MS_BENCH_INSIDE;
delete process.env.NODE_OPTIONS;
if (file !== undefined) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  process.on("SIGUSR2", () => {
    collect();
    // What was waiting to be let go of has been; a second time takes what that held.
    setImmediate(() => {
      collect();
      const resources = process.getActiveResourcesInfo();
      const { heapUsed, external } = process.memoryUsage();
      const timers = resources.filter((name) => name === "Timeout").length;
      const fds = readdirSync("/proc/self/fd").length;
      appendFileSync(
        file,
        `${JSON.stringify({ fds, timers, resources: resources.length, heapKb: heapUsed >> 10, externalKb: external >> 10 })}\n`,
      );
    });
  });
}
