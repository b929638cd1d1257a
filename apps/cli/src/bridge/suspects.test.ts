import { FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { Suspects } from "./suspects.ts";

function watched() {
  const clock = new FakeClock();
  const suspects = new Suspects(clock);
  const late: string[] = [];
  const isOpen = (name: string, state: "ready" | "unready" | "backoff"): boolean => suspects.isOpen({ name, state }, () => late.push(name));
  return { clock, suspects, late, isOpen };
}

describe("a suspicion", () => {
  test("that is cleared at once is told to nobody", async () => {
    const { clock, suspects, late, isOpen } = watched();
    suspects.add({ name: "app", state: "ready" });
    expect(isOpen("app", "unready")).toBe(true);
    expect(isOpen("app", "ready")).toBe(false);
    await clock.advance(10_000);
    expect(late).toEqual([]);
    expect(isOpen("app", "unready")).toBe(false);
  });

  test("that is not cleared within a second is told once", async () => {
    const { clock, suspects, late, isOpen } = watched();
    suspects.add({ name: "app", state: "ready" });
    expect([isOpen("app", "unready"), isOpen("app", "unready")]).toEqual([true, true]);
    await clock.advance(10_000);
    expect(late).toEqual(["app"]);
    expect(isOpen("app", "unready")).toBe(false);
  });

  test("is over when the process ends, and never begins for one that was not ready", async () => {
    const { clock, suspects, late, isOpen } = watched();
    suspects.add({ name: "app", state: "ready" });
    suspects.add({ name: "slow", state: "up" });
    expect([isOpen("app", "unready"), isOpen("app", "backoff"), isOpen("slow", "unready")]).toEqual([true, false, false]);
    await clock.advance(10_000);
    expect(late).toEqual([]);
  });

  test("leaves no timer behind", async () => {
    const { clock, suspects, late, isOpen } = watched();
    suspects.add({ name: "app", state: "ready" });
    isOpen("app", "unready");
    suspects[Symbol.dispose]();
    await clock.advance(10_000);
    expect(late).toEqual([]);
  });
});
