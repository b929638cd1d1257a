/**
 * One of 1,000 WebSocket clients asks for a flood and then reads nothing. What becomes of the latency of the others, and of the memory of
 * mothership and of the echo? With a bay (all clients over one Unix socket), and with a ship that speaks WebSocket itself.
 *
 *   node bench/docking/slow-client.ts [--rounds 5] [--seconds 3] [--clients 1000] [--per-second 1000]
 *
 * Needs Linux with taskset, and the built packages.
 */
import { parseArgs } from "node:util";
import { describeMachine } from "../lib/machine.ts";
import { memoryOf } from "../lib/proc.ts";
import { median, ranged, save, spread, table } from "../lib/results.ts";
import { withScratch } from "../lib/scratch.ts";
import { ask, type Echoed, type Side, start } from "./sides.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    clients: { type: "string", default: "1000" },
    "per-second": { type: "string", default: "1000" },
  },
});
const rounds = Number(values.rounds);
const load = { seconds: Number(values.seconds), bytes: 64, perSecond: Number(values["per-second"]) };
const clients = Number(values.clients);

interface Phase {
  readonly name: string;
  readonly paced: Echoed[];
  mothershipMb: number;
  echoMb: number;
}

async function phase(name: string, { load: children, mothership, echo }: Side): Promise<Phase> {
  const paced: Echoed[] = [];
  for (let round = 0; round < rounds; round++) paced.push(await ask<Echoed>(children, "paced", load));
  return { name, paced, mothershipMb: memoryOf([mothership]).rssMb, echoMb: memoryOf([echo]).rssMb };
}

const machine = describeMachine();
console.log(`${rounds} rounds of ${load.seconds} s, ${clients} clients, Node ${process.version}, load ${machine.loadBefore.join(" ")}`);
const all: object[] = [];
const rows: string[][] = [];
for (const kind of ["bay", "ship"] as const) {
  await withScratch(async (scratch) => {
    const side = await start(kind, clients - 1, scratch);
    await ask(side.load, "paced", load);
    const phases = [await phase("all read", side)];
    await ask(side.load, "stuck", { url: side.url });
    phases.push(await phase("one does not", side));
    for (const { name, paced, mothershipMb, echoMb } of phases) {
      const of = (what: keyof Echoed): string => ranged(spread(paced.map((one) => one[what]!)), 2);
      const answered = median(paced.map((one) => one.messages / one.sent!));
      rows.push([
        `${side.name}: ${name}`,
        of("p50Ms"),
        of("p99Ms"),
        `${(100 * answered).toFixed(1)} %`,
        mothershipMb.toFixed(0),
        echoMb.toFixed(0),
      ]);
    }
    all.push({ name: side.name, phases });
  });
}
const head = ["", "p50 ms of the others", "p99 ms", "answered", "mothership RSS MB", "echo RSS MB"];
const shown = { title: "A client that does not read", table: table(head, rows) };
console.log(`\n### ${shown.title}\n\n${shown.table}`);
save("docking", "slow-client", machine, { rounds, clients, ...load }, all, shown);
