/**
 * Cold start of `mothership clearance` beside `node -e 0`, and the memory and CPU time of a mothership that has nothing to do.
 *
 *   node bench/start/run.ts [--rounds 20] [--idle-seconds 20]
 *
 * Needs Linux and the built packages.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "../lib/machine.ts";
import { cpuMicros, descendants, family, memoryOf, pause, until } from "../lib/proc.ts";
import { mothershipBin, startMothership } from "../lib/programs.ts";
import { pairedRatio, ranged, save, spread, table } from "../lib/results.ts";
import { withScratch } from "../lib/scratch.ts";
import { serves } from "../lib/wrk.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "20" }, "idle-seconds": { type: "string", default: "20" } } });
const rounds = Number(values.rounds);
const idleSeconds = Number(values["idle-seconds"]);
const example = join(import.meta.dirname, "../../examples/web-and-worker/ship-manifest.toml");

const starts: Record<string, readonly string[]> = {
  "node -e 0": ["-e", "0"],
  "mothership --version": [mothershipBin, "--version"],
  "mothership clearance": [mothershipBin, "clearance", "-c", example],
  "mothership chart": [mothershipBin, "chart", "-c", example],
};

function once(words: readonly string[]): number {
  const begun = performance.now();
  execFileSync(process.execPath, words, { stdio: "ignore" });
  return performance.now() - begun;
}

async function idle(name: string, rest: string, ships: number): Promise<object & { readonly name: string }> {
  let figures = { name, rssMb: 0, pssMb: 0, cpuPercent: 0, upMs: 0 };
  await withScratch(async (scratch) => {
    const port = await scratch.freePort();
    const fleet = Array.from({ length: ships }, (_, at) => `[[fleet.idle]]\nname = "s${at}"\ncommand = "sleep"\nargs = ["100000"]\n`);
    const text = rest.replaceAll("@PORT@", String(port)) + fleet.join("");
    scratch.write("static/file", "x");
    const begun = performance.now();
    const child = startMothership(scratch, "m", text.replaceAll("@STATIC@", scratch.path("static")), undefined, {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (rest.includes("@PORT@")) await serves(port);
    await until("ships", () => descendants(child.pid!).filter((one) => one.name === "sleep").length === ships || undefined, 15_000, 5);
    const upMs = performance.now() - begun;
    await pause(5_000);
    const pids = family(child.pid!).map(({ pid }) => pid);
    const before = cpuMicros(child.pid!);
    await pause(idleSeconds * 1000);
    figures = { name, ...memoryOf(pids), cpuPercent: (cpuMicros(child.pid!) - before) / idleSeconds / 10_000, upMs };
  });
  return figures;
}

const machine = describeMachine();
const times: Record<string, number[]> = Object.fromEntries(Object.keys(starts).map((name) => [name, []]));
for (const words of Object.values(starts)) once(words);
for (let round = 0; round < rounds; round++) for (const [name, words] of Object.entries(starts)) times[name]!.push(once(words));

const base = times["node -e 0"]!;
const rows = Object.entries(times).map(([name, list]) => [name, ranged(spread(list), 0), ranged(pairedRatio(list, base), 2)]);
console.log(`\n### Cold start, ${rounds} rounds, Node ${process.version}, load ${machine.loadBefore.join(" ")}\n`);
console.log(table(["", "wall ms", "of node -e 0"], rows));

const edge = `[mothership.bind]\nhttp = "127.0.0.1:@PORT@"\n[[mothership.static_dirs]]\npath = "@STATIC@"\nprefix = "/"\n`;
const idles = [
  await idle("one ship, no bind", "", 1),
  await idle("one ship, a bind, files", edge, 1),
  await idle("50 ships, a bind, files", edge, 50),
];
console.log("\n### Idle mothership\n");
const cells = idles.map((one) => one as unknown as Record<string, number> & { name: string });
console.log(
  table(
    ["", "RSS MB", "PSS MB", `CPU % of a core over ${idleSeconds} s`, "ms until all runs"],
    cells.map((one) => [
      one.name,
      one["rssMb"]!.toFixed(0),
      one["pssMb"]!.toFixed(0),
      one["cpuPercent"]!.toFixed(2),
      one["upMs"]!.toFixed(0),
    ]),
  ),
);
save("start", "all", machine, { rounds, idleSeconds }, { times, idles });
