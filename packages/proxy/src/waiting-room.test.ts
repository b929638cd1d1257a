import { FakeClock } from "@mothership/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type HoldPolicy, type Waiter, WaitingRoom } from "./waiting-room.ts";

function roomWith(policy: HoldPolicy = {}) {
  const clock = new FakeClock();
  const room = new WaitingRoom(policy, clock);
  const told: string[] = [];
  const waiter =
    (name: string | number): Waiter =>
    (outcome) =>
      void told.push(`${name} ${outcome}`);
  return { clock, room, told, waiter };
}

describe("WaitingRoom", () => {
  test("lets all go in the order in which they came, and keeps no timer", async () => {
    const { clock, room, told, waiter } = roomWith();
    for (const name of ["a", "b", "c"]) expect(room.enter(waiter(name))).toBe(true);
    expect([room.size, clock.pending]).toEqual([3, 1]);
    room.empty("released");
    expect(told).toEqual(["a released", "b released", "c released"]);
    expect([room.size, clock.pending]).toEqual([0, 0]);
    await clock.advance(60_000);
    expect(told).toHaveLength(3);
  });

  test("lets each wait its own ten seconds", async () => {
    const { clock, room, told, waiter } = roomWith();
    room.enter(waiter("a"));
    await clock.advance(4_000);
    room.enter(waiter("b"));
    await clock.advance(5_999);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual(["a timeout"]);
    await clock.advance(4_000);
    expect(told).toEqual(["a timeout", "b timeout"]);
    expect([room.size, clock.pending]).toEqual([0, 0]);
  });

  test("has a thousand places, which are free again when somebody leaves", () => {
    const { room, told, waiter } = roomWith();
    const all = Array.from({ length: 1_000 }, (_, index) => waiter(index));
    for (const one of all) expect(room.enter(one)).toBe(true);
    const late = waiter("late");
    expect(room.enter(late)).toBe(false);
    expect(room.leave(all[500]!)).toBe(true);
    expect(room.enter(late)).toBe(true);
    expect(told).toEqual([]);
  });

  test.each([
    ["no time", { timeoutMs: 0 }],
    ["no place", { maxHeld: 0 }],
  ])("takes nobody where there is %s to wait", (_, policy) => {
    const { clock, room, waiter } = roomWith(policy);
    expect(room.enter(waiter("a"))).toBe(false);
    expect([room.places, clock.pending]).toEqual([0, 0]);
  });

  test("forgets one that leaves, and with the last one its timer", async () => {
    const { clock, room, told, waiter } = roomWith();
    const [a, b] = [waiter("a"), waiter("b")];
    room.enter(a);
    room.enter(b);
    expect([room.leave(a), room.leave(a)]).toEqual([true, false]);
    expect(clock.pending).toBe(1);
    expect(room.leave(b)).toBe(true);
    expect(clock.pending).toBe(0);
    await clock.advance(20_000);
    room.empty("unavailable");
    expect(told).toEqual([]);
  });

  test("does not tell one that another made leave, and keeps one that comes while it empties", async () => {
    const { clock, room, told, waiter } = roomWith();
    const [second, late] = [waiter("second"), waiter("late")];
    room.enter(() => {
      room.leave(second);
      room.enter(late);
    });
    room.enter(second);
    room.empty("released");
    expect([told, room.size]).toEqual([[], 1]);
    await clock.advance(10_000);
    expect(told).toEqual(["late timeout"]);
  });

  test("tells everybody at most once, never more than wait at a time, and nobody after too long", async () => {
    const step = fc.oneof(
      fc.constant({ type: "enter" as const }),
      fc.record({ type: fc.constant("leave" as const), at: fc.nat(20) }),
      fc.record({ type: fc.constant("wait" as const), ms: fc.nat(150) }),
      fc.record({ type: fc.constant("empty" as const), outcome: fc.constantFrom("released" as const, "unavailable" as const) }),
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new FakeClock();
      const room = new WaitingRoom({ timeoutMs: 100, maxHeld: 5 }, clock);
      const entered: { readonly at: number; readonly waiter: Waiter; over?: string; endedAt?: number }[] = [];
      for (const one of steps) {
        if (one.type === "wait") await clock.advance(one.ms);
        else if (one.type === "empty") room.empty(one.outcome);
        else if (one.type === "leave") {
          const guest = entered[one.at];
          if (guest && room.leave(guest.waiter)) guest.over = "left";
        } else {
          const guest: (typeof entered)[number] = {
            at: clock.now(),
            waiter: (outcome) => {
              expect(guest.over).toBeUndefined();
              Object.assign(guest, { over: outcome, endedAt: clock.now() });
            },
          };
          const full = room.size === 5;
          expect(room.enter(guest.waiter)).toBe(!full);
          if (!full) entered.push(guest);
        }
        const waiting = entered.filter(({ over }) => over === undefined);
        expect(room.size).toBe(waiting.length);
        expect(clock.pending).toBe(waiting.length === 0 ? 0 : 1);
        for (const { at } of waiting) expect(clock.now() - at).toBeLessThan(100);
        for (const { over, at, endedAt = 0 } of entered) if (over === "timeout") expect(endedAt - at).toBe(100);
      }
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
