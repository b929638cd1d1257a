// A program with a fleet inside: it keeps its own log and signals, and looks at its processes and steers them without a socket.
import { join } from "node:path";
import { launch, loadManifest } from "mothership";

const counts = new Map();
const stop = new AbortController();
// A signal while the fleet is still starting ends what has been started.
const interrupt = () => stop.abort(new Error("stopped while starting"));
process.once("SIGTERM", interrupt).once("SIGINT", interrupt);

const manifest = await loadManifest(join(import.meta.dirname, "ship-manifest.toml"), { env: process.env });
// Whatever goes wrong below, the fleet is closed.
await using fleet = await launch(manifest, {
  signal: stop.signal,
  onLine: ({ name }) => counts.set(name, (counts.get(name) ?? 0) + 1),
});

for (const { bind, address } of fleet.listening) console.log(`${bind} listens on ${address}`);
const { units } = await fleet.control.snapshot();
for (const { name, state } of units) console.log(`${name} is ${state}`);

const end = () => void fleet.close();
process.off("SIGTERM", interrupt).off("SIGINT", interrupt);
process.once("SIGTERM", end).once("SIGINT", end);

const { status, exitCode } = await fleet.finished;
console.log(`${status}; lines heard: ${[...counts].map(([name, count]) => `${name} ${count}`).join(", ")}`);
process.exitCode = exitCode;
