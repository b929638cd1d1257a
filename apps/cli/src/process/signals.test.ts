import { FakeClock } from "@mothership/testkit";
import { expect, test } from "vitest";
import { listenForStop } from "./signals.ts";

// To the listeners alone: this process is not sent a signal.
const send = (signal: "SIGTERM" | "SIGINT"): boolean => process.emit(signal, signal);

function listening(): { readonly clock: FakeClock; readonly told: string[]; readonly signals: ReturnType<typeof listenForStop> } {
  const clock = new FakeClock();
  const told: string[] = [];
  const listener = { received: (signal: string, forced: boolean) => void told.push(`${signal} ${forced}`), failed: () => undefined };
  return { clock, told, signals: listenForStop(listener, () => undefined, clock) };
}

test("a signal that comes twice at once, as from GNU timeout, is one wish", async () => {
  const { clock, told, signals } = listening();
  using _ = signals;
  send("SIGTERM");
  await clock.advance(30);
  send("SIGTERM");
  expect([signals.stop.aborted, signals.force.aborted, told]).toEqual([true, false, ["SIGTERM false"]]);
});

test("a second one later, or another one at once, ends everything", async () => {
  const late = listening();
  {
    using _ = late.signals;
    send("SIGTERM");
    await late.clock.advance(60);
    send("SIGTERM");
  }
  expect([late.signals.force.aborted, late.told]).toEqual([true, ["SIGTERM false", "SIGTERM true"]]);
  const other = listening();
  {
    using _ = other.signals;
    send("SIGTERM");
    send("SIGINT");
  }
  expect(other.signals.force.aborted).toBe(true);
});
