// WebSocket clients in a process of their own, steered over IPC: "open", then "echo", "paced" and "stuck" as often as wanted.
import { once } from "node:events";
import { createRequire } from "node:module";

const { WebSocket } = createRequire(new URL("../../packages/docking/", import.meta.url))("ws");
const sockets = [];
const stuck = [];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const summary = (latencies, count, ms) => {
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { messages: count, perSecond: (count / ms) * 1000, p50Ms: at(0.5), p99Ms: at(0.99) };
};

const work = {
  async open({ url, clients }) {
    while (sockets.length < clients) {
      const some = Array.from({ length: Math.min(100, clients - sockets.length) }, () => new WebSocket(url, { perMessageDeflate: false }));
      await Promise.all(some.map((socket) => once(socket, "open")));
      for (const socket of some) socket.on("close", (code) => process.send({ lost: code }));
      sockets.push(...some);
    }
    return {};
  },
  /** One more client, which asks for a flood and then reads nothing. */
  async stuck({ url }) {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await once(socket, "open");
    socket.pause();
    socket.send("flood");
    // Kept, or it would be collected and closed.
    stuck.push(socket);
    return {};
  },
  /** Every client has one message under way all the time. */
  async echo({ seconds, bytes }) {
    const message = "x".repeat(bytes);
    const latencies = [];
    let count = 0;
    let running = true;
    const begun = performance.now();
    for (const socket of sockets) {
      let sent = performance.now();
      socket.removeAllListeners("message");
      socket.on("message", () => {
        const now = performance.now();
        count++;
        latencies.push(now - sent);
        sent = now;
        if (running) socket.send(message);
      });
      socket.send(message);
    }
    await pause(seconds * 1000);
    running = false;
    const result = summary(latencies, count, performance.now() - begun);
    await pause(500);
    return result;
  },
  /** One client after the other sends, so many a second over all, answered or not: latency without the queue that the clients make themselves. */
  async paced({ seconds, bytes, perSecond }) {
    const message = "x".repeat(bytes);
    const latencies = [];
    const sent = new Map();
    let count = 0;
    for (const [at, socket] of sockets.entries()) {
      socket.removeAllListeners("message");
      socket.on("message", () => {
        count++;
        latencies.push(performance.now() - sent.get(at));
      });
    }
    const begun = performance.now();
    let next = 0;
    while (performance.now() - begun < seconds * 1000) {
      const due = ((performance.now() - begun) / 1000) * perSecond;
      while (next < due) {
        const at = next++ % sockets.length;
        sent.set(at, performance.now());
        sockets[at].send(message);
      }
      await pause(2);
    }
    await pause(500);
    return { ...summary(latencies, count, performance.now() - begun), sent: next };
  },
};

process.on("message", async ({ what, ...options }) => process.send({ done: await work[what](options) }));
process.send({ ready: true });
