/** The server of the benchmark, a process of its own. argv: "bay" and a socket, or "direct" for ws itself without a bay. Tells its port, then its memory whenever asked. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { silentLogger, systemClock } from "@mothership/kernel";
import { WebSocketServer } from "ws";
import { openBay } from "../src/index.ts";
import { openEdge } from "../test/edge.ts";

const [mode, path = ""] = process.argv.slice(2);
let figures = (): object => ({});

if (mode === "direct") {
  const server = createServer();
  new WebSocketServer({ server, perMessageDeflate: false }).on("connection", (socket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
} else {
  const bay = openBay({ name: "bench", address: { kind: "unix", path }, config: {} }, { clock: systemClock, log: silentLogger });
  await bay.ready();
  const edge = await openEdge(bay.handler);
  figures = () => bay.snapshot();
  process.send?.({ port: edge.port });
}

process.on("message", () => {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  process.send?.({ rss, heapUsed, external, cpuMs: (user + system) / 1_000, figures: figures() });
});
