import { freePort } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { startFleet, type TestFleet } from "./support/fleet.ts";
import { evaluateInThread, inspectorOf } from "./support/inspector.ts";

/** A fleet with two threads, the second of which turns in a circle and hears nothing any more. */
async function stuckFleet(): Promise<TestFleet> {
  const fleet = startFleet(
    `[mothership]\nedge_threads = 2\nshutdown_timeout = "2s"\n[mothership.bind]\nhttp = "127.0.0.1:${await freePort()}"\n[[mothership.static_dirs]]\npath = "."\nprefix = "/"\n`,
    { env: { NODE_OPTIONS: "--inspect=127.0.0.1:0" } },
  );
  await fleet.running();
  await evaluateInThread(await inspectorOf(fleet), "edge 2", "void setTimeout(() => { for (;;); })");
  return fleet;
}

// Elsewhere further threads cannot be had, which `count.test.ts` holds. Beside one another, for the second waits out its half minute.
describe.skipIf(process.platform !== "linux").concurrent("a thread that hears nothing any more", () => {
  test("does not keep the fleet from ending in its time", async () => {
    await using fleet = await stuckFleet();
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
  });

  test("is replaced", async () => {
    await using fleet = await stuckFleet();
    await expect
      .poll(() => fleet.lines().find(({ message }) => message?.startsWith("A thread of the edge died")), { timeout: 50_000, interval: 200 })
      .toMatchObject({ thread: 2, reason: "it has not answered for 30 s" });
    await fleet.line("its replacement", ({ message }) => message === "A thread of the edge was replaced");
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
  });
});
