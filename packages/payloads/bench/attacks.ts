// Run with `node bench/attacks.ts`: how long each attack of the tests keeps the thread busy before its fuel is used up, the first time and later.
import { systemClock } from "@mothership/kernel";
import { openPayload } from "../src/index.ts";
import { attacks } from "../test/support/attacks.ts";
import { recordingLogger, requestContext } from "../test/support/guests.ts";

const deps = { clock: systemClock, log: recordingLogger([]) };
const tries = 5;

console.log(`node ${process.version}, default fuel; milliseconds of each of ${tries} calls in a row`);
for (const { name, bytes, spec } of attacks) {
  const figures: string[] = [];
  let kind = "";
  for (let index = 0; index < tries; index++) {
    // A new payload each time, so that no quarantine hides the figure; compiled code is kept by the engine only within one.
    const payload = await openPayload({ name: "hostile", phase: "request", routes: [], ...spec }, bytes, deps);
    const begun = performance.now();
    const { verdict } = payload.request!(requestContext());
    figures.push((performance.now() - begun).toFixed(1));
    kind = verdict.action === "fail" ? verdict.failure.kind : verdict.action;
  }
  console.log(`${name.padEnd(58)} ${kind.padEnd(6)} ${figures.map((figure) => figure.padStart(6)).join(" ")}`);
}
