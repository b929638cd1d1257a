import { FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { PassiveHealth } from "./passive-health.ts";

function watched() {
  const clock = new FakeClock();
  const suspected: string[] = [];
  const health = new PassiveHealth(clock, (ship) => suspected.push(ship));
  return { clock, suspected, health };
}

describe("passive health", () => {
  test("makes a ship suspect after five failures in a row, whoever watches them", () => {
    const { suspected, health } = watched();
    const [one, again, other] = [health.watch("app"), health.watch("app"), health.watch("other")];
    for (let n = 0; n < 2; n++) for (const watch of [one, again, other]) watch.failed("upstream-closed");
    expect(suspected).toEqual([]);
    one.failed("upstream-unreachable");
    expect(suspected).toEqual(["app"]);
  });

  test("begins anew with every answer", () => {
    const { suspected, health } = watched();
    const watch = health.watch("app");
    for (let n = 0; n < 40; n++) {
      watch.failed("upstream-closed");
      if (n % 4 === 3) watch.answered();
    }
    expect(suspected).toEqual([]);
  });

  test("does not count what is about one request, or about the proxy", () => {
    const { suspected, health } = watched();
    const watch = health.watch("app");
    for (let n = 0; n < 20; n++) for (const reason of ["upstream-timeout", "upstream-overloaded", "internal"]) watch.failed(reason);
    expect(suspected).toEqual([]);
  });

  test("lets a ship rest that was suspected, and comes back to it", async () => {
    const { clock, suspected, health } = watched();
    const watch = health.watch("app");
    for (let n = 0; n < 100; n++) watch.failed("upstream-closed");
    expect(suspected).toEqual(["app"]);
    await clock.advance(30_000);
    watch.failed("upstream-closed");
    expect(suspected).toEqual(["app", "app"]);
  });

  test("forgets ships that are gone", () => {
    const { suspected, health } = watched();
    for (let n = 0; n < 4; n++) health.watch("app").failed("upstream-closed");
    health.retain(new Set(["other"]));
    health.watch("app").failed("upstream-closed");
    expect(suspected).toEqual([]);
  });
});
