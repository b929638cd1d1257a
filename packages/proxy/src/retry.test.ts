import { describe, expect, test } from "vitest";
import { RetryBudget, retryAfterMs } from "./retry.ts";

describe("rule 57: the budget for second tries", () => {
  test("is a share of the requests that run, and some in any case", () => {
    const budget = new RetryBudget();
    expect([budget.enter(1), budget.enter(1), budget.enter(1), budget.enter(1)]).toEqual([true, true, true, false]);
    expect([budget.enter(20), budget.enter(20)]).toEqual([true, false]);
    expect(budget.running).toBe(4);
    budget.leave();
    expect([budget.enter(20), budget.enter(24)]).toEqual([true, false]);
  });

  test("can be set, to none as well", () => {
    expect(new RetryBudget({ ratio: 0, min: 0 }).enter(1000)).toBe(false);
    const all = new RetryBudget({ ratio: 1, min: 0 });
    expect([all.enter(1), all.enter(1), all.enter(2)]).toEqual([true, false, true]);
  });
});

describe("RFC 9110, 10.2.3: Retry-After", () => {
  const now = Date.UTC(2026, 0, 1, 12, 0, 0);

  test.each([
    [undefined, 0],
    ["0", 0],
    ["120", 120_000],
    ["Thu, 01 Jan 2026 12:00:30 GMT", 30_000],
    ["Thursday, 01-Jan-26 12:00:30 GMT", 30_000],
    ["Thu, 01 Jan 2026 11:00:00 GMT", 0],
    ["", 0],
    ["-5", 0],
    ["1.5", 0],
    ["soon", 0],
    ["2027", 2_027_000],
    ["99999999999", 0],
  ])("%j asks for %d ms", (value, ms) => {
    expect(retryAfterMs(value, now)).toBe(ms);
  });
});
