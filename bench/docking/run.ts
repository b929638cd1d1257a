/**
 * WebSocket clients of an echo, two ways under the same mothership: a bay (all clients over one Unix socket), and a ship that speaks
 * WebSocket itself behind the proxy. Messages per second, latency, CPU time per message, memory per idle client.
 *
 *   node bench/docking/run.ts [--rounds 5] [--seconds 3] [--clients 100,1000,5000] [--bytes 64]
 *
 * Mothership is pinned to one core; the echo and the clients share the other. Needs Linux with taskset, and the built packages.
 */
import { parseArgs } from "node:util";
import { describeMachine } from "../lib/machine.ts";
import { cpuMicros, statOf } from "../lib/proc.ts";
import { median, pairedRatio, ranged, save, spread, table } from "../lib/results.ts";
import { withScratch } from "../lib/scratch.ts";
import { ask, type Echoed, type Side, start } from "./sides.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    clients: { type: "string", default: "100,1000,5000" },
    bytes: { type: "string", default: "64" },
    "per-second": { type: "string", default: "1000" },
  },
});
const [rounds, seconds, bytes, perSecond] = [values.rounds, values.seconds, values.bytes, values["per-second"]].map(Number) as [
  number,
  number,
  number,
  number,
];
async function round(side: Side): Promise<void> {
  const before = [cpuMicros(side.mothership), statOf(side.echo)!.cpuMicros] as const;
  const echoed = await ask<Echoed>(side.load, "echo", { seconds, bytes });
  side.mothershipMicros.push((cpuMicros(side.mothership) - before[0]) / echoed.messages);
  side.echoMicros.push((statOf(side.echo)!.cpuMicros - before[1]) / echoed.messages);
  side.echoed.push(echoed);
  side.paced.push(await ask<Echoed>(side.load, "paced", { seconds, bytes, perSecond }));
}

const machine = describeMachine();
console.log(`${rounds} rounds of ${seconds} s, messages of ${bytes} bytes, Node ${process.version}, load ${machine.loadBefore.join(" ")}`);
const all: object[] = [];
const rows: string[][] = [];
for (const clients of values.clients.split(",").map(Number)) {
  await withScratch(async (scratch) => {
    const sides = [await start("bay", clients, scratch), await start("ship", clients, scratch)];
    for (const side of sides) await ask(side.load, "echo", { seconds: 3, bytes });
    for (let at = 0; at < rounds; at++) for (const side of sides) await round(side);
    for (const side of sides) {
      const of = (what: keyof Echoed, list: readonly Echoed[]): number => median(list.map((one) => one[what]!));
      const ratio = pairedRatio(
        side.echoed.map((one) => one.perSecond),
        sides[1]!.echoed.map((one) => one.perSecond),
      );
      rows.push([
        side.name,
        of("perSecond", side.echoed).toFixed(0),
        ranged(ratio, 2),
        ranged(spread(side.mothershipMicros)),
        ranged(spread(side.echoMicros)),
        `${of("p50Ms", side.echoed).toFixed(1)} / ${of("p99Ms", side.echoed).toFixed(1)}`,
        `${of("p50Ms", side.paced).toFixed(1)} / ${of("p99Ms", side.paced).toFixed(1)}`,
        `${side.idleKb.mothership.toFixed(1)} + ${side.idleKb.echo.toFixed(1)}`,
      ]);
      const { load: _load, ...figures } = side;
      all.push(figures);
    }
  });
}
const head = [
  "",
  "messages/s",
  "of the ship",
  "mothership us per message",
  "echo us per message",
  "p50 / p99 ms, all at once",
  `p50 / p99 ms, ${perSecond}/s`,
  "RSS KB per idle client, mothership + echo",
];
const shown = { title: "Echo over WebSocket", table: table(head, rows) };
console.log(`\n### ${shown.title}\n\n${shown.table}`);
save("docking", "echo", machine, { rounds, seconds, bytes, perSecond }, all, shown);
