// Run with `node bench/live.ts`: response times of a route that behaves, on a live server, while every fifth request attacks another payload.
// Clients run in a thread of their own: eight connections, one request at a time on each.
import http from "node:http";
import type { AddressInfo } from "node:net";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { bodyOf, Fields, systemClock } from "@mothership/kernel";
import { readBody } from "@mothership/testkit";
import { openPayload, type Payload, payloadMiddleware } from "../src/index.ts";
import { attacks } from "../test/support/attacks.ts";
import { TestExchange } from "../test/support/exchange.ts";
import { nativeGuest, recordingLogger } from "../test/support/guests.ts";

const connections = 8;
const seconds = 8;

if (isMainThread) await serve();
else await ask(workerData as { readonly port: number; readonly hostile: boolean });

async function serve(): Promise<void> {
  const deps = { clock: systemClock, log: recordingLogger([]) };
  const friendly = await openPayload(
    { name: "friendly", phase: "request", routes: ["/friendly"] },
    nativeGuest("(drop (call $read_request (i32.const 4096) (i32.const 4096)))"),
    deps,
  );
  console.log(`node ${process.version}, ${connections} connections, ${seconds} s each; milliseconds`);
  console.log("".padEnd(58) + "    p50    p95    p99    max  requests  hostile calls made");
  await round("no attack", undefined);
  for (const { name, bytes, spec } of attacks) {
    if (!/endless loop|reads all over|recursion|filling nothing|descriptions|up to the limit, all/.test(name)) continue;
    await round(name, await openPayload({ name: "hostile", phase: "request", routes: ["/hostile"], ...spec }, bytes, deps));
  }

  async function round(name: string, hostile: Payload | undefined): Promise<void> {
    const handler = payloadMiddleware(
      hostile ? [hostile, friendly] : [friendly],
      deps,
    )((exchange) => exchange.respond({ status: 200, fields: new Fields() }, bodyOf("fine")));
    const server = http.createServer(async (req, res) => {
      const pairs = Array.from(
        { length: req.rawHeaders.length / 2 },
        (_, index) => [req.rawHeaders[index * 2]!, req.rawHeaders[index * 2 + 1]!] as const,
      );
      const exchange = new TestExchange({ target: req.url ?? "/", fields: pairs.filter(([key]) => key.toLowerCase() !== "host") });
      await handler(exchange);
      const { head, body } = exchange.sent!;
      res.writeHead(head.status, Object.fromEntries(head.fields)).end((await readBody(body)).bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const worker = new Worker(new URL(import.meta.url), { workerData: { port, hostile: hostile !== undefined } });
    const times = await new Promise<number[]>((resolve, reject) => worker.once("message", resolve).once("error", reject));
    server.closeAllConnections();
    server.close();
    const figures = [0.5, 0.95, 0.99, 1].map((share) =>
      times[Math.min(times.length - 1, Math.floor(times.length * share))]!.toFixed(2).padStart(6),
    );
    console.log(
      `${name.padEnd(58)} ${figures.join(" ")} ${String(times.length).padStart(9)} ${String(hostile?.stats.calls ?? "").padStart(8)}`,
    );
  }
}

async function ask({ port, hostile }: { readonly port: number; readonly hostile: boolean }): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const get = (path: string): Promise<void> =>
    new Promise((resolve, reject) => {
      http
        .get({ agent, port, host: "127.0.0.1", path, headers: { "x-some": "a".repeat(700) } }, (res) => res.resume().once("end", resolve))
        .once("error", reject);
    });
  const times: number[] = [];
  const until = performance.now() + seconds * 1000;
  const connection = async (): Promise<void> => {
    for (let count = 0; performance.now() < until; count++) {
      const attack = hostile && count % 5 === 0;
      const begun = performance.now();
      await get(attack ? "/hostile" : "/friendly");
      if (!attack) times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  agent.destroy();
  parentPort!.postMessage(times.sort((a, b) => a - b));
}
