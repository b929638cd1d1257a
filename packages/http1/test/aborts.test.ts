import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { type Clock, type Deps, silentLogger, systemClock } from "@mothership/kernel";
import { expect, test } from "vitest";
import { forward } from "./support/proxy.ts";
import { origin, pool, serve, until } from "./support/wire.ts";

/** A clock that counts its timers. */
let timers = 0;
const clock: Clock = {
  ...systemClock,
  timer: (ms, run) => {
    let live = true;
    const done = (): void => {
      if (live) timers--;
      live = false;
    };
    timers++;
    const timer = systemClock.timer(ms, () => {
      done();
      run();
    });
    return {
      [Symbol.dispose]: () => {
        done();
        timer[Symbol.dispose]();
      },
    };
  },
};
const deps: Deps = { clock, log: silentLogger };

const descriptors = (): number =>
  process.platform === "linux" ? readdirSync("/proc/self/fd").length : process.getActiveResourcesInfo().length;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Side = (socket: Socket) => void;
const leave: Side = (socket) => void socket.destroy();
const reset: Side = (socket) => void socket.resetAndDestroy();

interface Phase {
  readonly name: string;
  /** What the client writes. */
  readonly request: string;
  /** What the upstream does once it has something. */
  readonly upstream: (text: string, socket: Socket) => void;
  /** When this holds, the client goes. Text is what it received. */
  readonly when: (state: { readonly text: string; readonly served: boolean; readonly reached: boolean }) => boolean;
}

const get = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
const silent = (): void => undefined;
const phases: readonly Phase[] = [
  { name: "before anything", request: "", upstream: silent, when: () => true },
  { name: "within a head", request: get.slice(0, 20), upstream: silent, when: () => true },
  { name: "while the upstream is dialled", request: get, upstream: silent, when: ({ served }) => served },
  { name: "before the answer", request: get, upstream: silent, when: ({ reached }) => reached },
  {
    name: "within a request body",
    request: "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\nabc",
    upstream: silent,
    when: ({ reached }) => reached,
  },
  {
    name: "within chunks",
    request: "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    upstream: silent,
    when: ({ reached }) => reached,
  },
  {
    name: "before 100",
    request: "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    upstream: silent,
    when: ({ reached }) => reached,
  },
  {
    name: "after an interim response",
    request: get,
    upstream: (_, socket) => socket.write("HTTP/1.1 103 Early Hints\r\n\r\n"),
    when: ({ text }) => text !== "",
  },
  {
    name: "within an answer",
    request: get,
    upstream: (_, socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\nabc"),
    when: ({ text }) => text.endsWith("abc"),
  },
  {
    name: "within an answer in chunks that nobody reads",
    request: get,
    upstream: (_, socket) => socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n${"x".repeat(300_000)}`),
    when: ({ text }) => text !== "",
  },
  {
    name: "within a tunnel",
    request: "GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    upstream: (_, socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
    when: ({ text }) => text.includes("101"),
  },
  {
    name: "after the upstream closed without an answer",
    request: get,
    upstream: (_, socket) => socket.end(),
    when: ({ text }) => text.includes("502"),
  },
  {
    name: "after the upstream reset without an answer",
    request: get,
    upstream: (_, socket) => socket.resetAndDestroy(),
    when: ({ text }) => text.includes("502"),
  },
  {
    name: "after the upstream cut its answer",
    request: get,
    upstream: (_, socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", () => socket.resetAndDestroy()),
    when: ({ text }) => text.endsWith("abc"),
  },
  { name: "after a refusal", request: "GET / HTTP/1.1\r\n\r\n", upstream: silent, when: ({ text }) => text.includes("400") },
  {
    name: "between requests",
    request: get,
    upstream: (_, socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    when: ({ text }) => text.includes("200"),
  },
];

const rounds = 80;

test.each(phases)(
  `clients that leave $name leave nothing behind (rule 58)`,
  { timeout: 60_000 },
  async ({ request, upstream: behave, when }) => {
    const before = { descriptors: descriptors(), timers };
    for (const how of [leave, reset]) {
      await using upstream = await origin(behave);
      const client = pool(upstream.port, { timeouts: { idleMs: 100_000 } }, deps);
      const outcomes: string[] = [];
      const handle = forward(client);
      await using server = await serve(
        (incoming) => {
          handle(incoming);
          const finished = incoming.onFinished;
          incoming.onFinished = (outcome) => {
            outcomes.push(outcome.end);
            finished?.(outcome);
          };
        },
        { timeouts: { lingerMs: 4, halfCloseMs: 4 } },
        deps,
      );
      for (let round = 0; round < rounds; round++) {
        const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
        let text = "";
        socket.on("data", (piece) => {
          text += piece.toString("latin1");
        });
        socket.on("error", () => undefined);
        if (request !== "") socket.write(request);
        await until(
          () =>
            server.connections.length === round + 1 &&
            (when({
              text,
              served: server.requests.length > round,
              reached: upstream.received.at(-1) !== "" && upstream.received.length > 0,
            }) ||
              socket.destroyed),
        );
        how(socket);
        await server.connections[round]!.done;
      }
      // An exchange has exactly one end, whatever it was.
      expect(outcomes).toHaveLength(server.requests.length);
      await until(() => client.open === client.idle);
      expect(server.connections.every((connection) => connection.idle)).toBe(true);
      await client.close({ signal: AbortSignal.abort() });
      expect(client.open).toBe(0);
    }
    for (let turns = 0; turns < 200 && descriptors() > before.descriptors; turns++) await turn();
    expect({ descriptors: descriptors(), timers }).toEqual(before);
  },
);

test("that makes more than 2,000 aborted exchanges", () => {
  expect(phases.length * rounds * 2).toBeGreaterThan(2_000);
});
