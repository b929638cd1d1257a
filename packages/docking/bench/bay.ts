/** The bay of the benchmark, a process of its own. argv: the socket. Tells its memory whenever asked. */
import { type BayHandlers, serveBay } from "../src/bay.ts";

const message: BayHandlers["message"] = (client, data) => {
  client.send(data);
  if (client.queuedBytes > 0) return client.flushed();
};

await serveBay({ message }, { path: process.argv[2] ?? "", name: "bench" });
process.send?.({});
process.on("message", () => {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  process.send?.({ rss, heapUsed, external, cpuMs: (user + system) / 1_000 });
});
