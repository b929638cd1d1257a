import { FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { TicketKeys, ticketMemory } from "./ticket-keys.ts";

describe("keys of session tickets", () => {
  test("are told once, and made anew after 12 hours", async () => {
    const clock = new FakeClock();
    const keys = new TicketKeys(clock);
    const first = keys.changed();
    expect([first?.length, keys.changed()]).toEqual([48, undefined]);
    await clock.advance(12 * 3_600_000 - 1);
    expect(keys.changed()).toBeUndefined();
    await clock.advance(1);
    const second = keys.changed();
    expect(second?.length).toBe(48);
    expect(second).not.toEqual(first);
  });

  test("are the same in all threads with one memory, whoever makes them", async () => {
    const clock = new FakeClock();
    const memory = ticketMemory();
    const [one, other] = [new TicketKeys(clock, memory), new TicketKeys(clock, memory)];
    const first = one.changed();
    expect(other.changed()).toEqual(first);
    await clock.advance(12 * 3_600_000);
    const second = other.changed();
    expect(second).not.toEqual(first);
    expect(one.changed()).toEqual(second);
    expect([one.changed(), other.changed()]).toEqual([undefined, undefined]);
  });

  test("are not taken while another thread writes them", () => {
    const clock = new FakeClock();
    const memory = ticketMemory();
    const first = new TicketKeys(clock, memory).changed();
    const version = new Int32Array(memory, 8, 1);
    version[0]!++;
    const late = new TicketKeys(clock, memory);
    expect(late.changed()).toBeUndefined();
    version[0]!++;
    expect(late.changed()).toEqual(first);
  });

  test("of two binds are not", () => {
    const clock = new FakeClock();
    expect(new TicketKeys(clock, ticketMemory()).changed()).not.toEqual(new TicketKeys(clock, ticketMemory()).changed());
  });
});
