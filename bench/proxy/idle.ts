/**
 * What connections cost that only lie there: 10,000 idle keep-alive connections, and 5,000 WebSockets, held by the whole program and by nginx.
 *
 *   node bench/proxy/idle.ts [--keep-alive 10000] [--websockets 5000] [--seconds 10]
 *
 * Clients are several processes with a loopback address each, so that ports do not run out. Memory is that of the proxy's processes before the first
 * connection (after some requests) and after the last has lain for some seconds: resident set, and what the kernel holds besides is not in it.
 * Needs Linux, nginx for its rows, and as many open files as `ulimit -n` must allow (two for each WebSocket).
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine, installed, loadNow } from "../lib/machine.ts";
import { family, memoryOf, pause } from "../lib/proc.ts";
import { save, table } from "../lib/results.ts";
import { type Scratch, withScratch } from "../lib/scratch.ts";
import { allFilters, type OriginKind, type Running, startMothershipProxy, startOrigin, startPeer } from "./subjects.ts";

const { values } = parseArgs({
  options: {
    "keep-alive": { type: "string", default: "10000" },
    websockets: { type: "string", default: "5000" },
    seconds: { type: "string", default: "10" },
  },
});
const seconds = Number(values.seconds);
const perClient = 2_500;
const warmUps = 2_000;

type Kind = "keep-alive" | "websocket";

interface Figures {
  readonly name: string;
  readonly kind: Kind;
  readonly held: number;
  readonly lost: number;
  readonly rssBeforeMb: number;
  readonly rssAfterMb: number;
  readonly kbEach: number;
}

const rss = ({ pid }: Running): number => memoryOf(family(pid).map((member) => member.pid)).rssMb;

function client(port: number, kind: Kind, connections: number, at: number): ChildProcess {
  return fork(join(import.meta.dirname, "idle-clients.mjs"), [String(port), kind, String(connections), `127.0.0.${at + 2}`]);
}

async function told<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController();
  const gone = once(child, "exit", { signal: ended.signal }).then(() => {
    throw new Error("a client ended: see its error above");
  });
  try {
    return ((await Promise.race([once(child, "message", { signal: ended.signal }), gone])) as [T])[0];
  } finally {
    gone.catch(() => undefined);
    ended.abort();
  }
}

async function hold(proxy: Running, kind: Kind, connections: number): Promise<Figures> {
  for (let count = 0; count < warmUps; count++) await (await fetch(`http://127.0.0.1:${proxy.port}/file`)).arrayBuffer();
  const rssBeforeMb = rss(proxy);
  const clients: ChildProcess[] = [];
  try {
    let open = 0;
    for (let left = connections; left > 0; left -= perClient) {
      const one = client(proxy.port, kind, Math.min(left, perClient), clients.length);
      clients.push(one);
      open += (await told<{ open: number }>(one)).open;
    }
    await pause(seconds * 1000);
    const rssAfterMb = rss(proxy);
    let lost = 0;
    for (const one of clients) {
      one.send("end");
      lost += (await told<{ lost: number }>(one)).lost;
    }
    return { name: proxy.name, kind, held: open - lost, lost, rssBeforeMb, rssAfterMb, kbEach: ((rssAfterMb - rssBeforeMb) * 1024) / open };
  } finally {
    for (const one of clients) one.kill();
  }
}

async function measure(kind: Kind, connections: number): Promise<Figures[]> {
  const origin: OriginKind = kind === "websocket" ? "echo" : "files";
  const figures: Figures[] = [];
  await withScratch(async (scratch: Scratch) => {
    scratch.write("www/file", "x".repeat(1024));
    scratch.write("static/file", "x");
    figures.push(await hold(await startMothershipProxy("mothership, filters on", allFilters, origin, scratch), kind, connections));
    if (installed("nginx"))
      figures.push(
        await hold(
          await startPeer("nginx", await startOrigin(origin, scratch), "", scratch, { connections: 2 * connections + 1_000 }),
          kind,
          connections,
        ),
      );
  });
  return figures;
}

const files = Number(execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }));
const wanted: readonly (readonly [Kind, number])[] = [
  ["keep-alive", Number(values["keep-alive"])],
  ["websocket", Number(values.websockets)],
];
const need = Math.max(...wanted.map(([kind, count]) => (kind === "websocket" ? 2 : 1) * count)) + 1_000;
if (files < need)
  throw new Error(`a process may have ${files} open files here, and ${need} are needed: see ulimit -n, or ask for fewer connections`);
for (const [kind, connections] of wanted) {
  if (connections === 0) continue;
  const loadBefore = loadNow();
  const figures = await measure(kind, connections);
  const rows = figures.map((one) => [
    one.name,
    String(one.held),
    String(one.lost),
    one.rssBeforeMb.toFixed(0),
    one.rssAfterMb.toFixed(0),
    one.kbEach.toFixed(1),
  ]);
  console.log(
    `\n### ${connections} ${kind} connections, idle\n\n${table(["", "held", "lost", "RSS MB before", "RSS MB with them", "KB each"], rows)}`,
  );
  save("proxy", `idle, ${kind}`, { ...describeMachine(["nginx"]), loadBefore }, { connections, seconds }, figures);
}
