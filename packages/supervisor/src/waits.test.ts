import { describe, expect, test } from "vitest";
import { Mailbox } from "./mailbox.ts";
import { Waits } from "./waits.ts";

describe("Waits", () => {
  test("looks now and at every change of that thing, until there is an answer", async () => {
    const waits = new Waits<string>();
    let value: number | undefined;
    expect(await waits.until("a", () => 1)).toBe(1);
    const waiting = waits.until("a", () => value);
    value = 2;
    waits.check("b");
    waits.check("a");
    value = 3;
    expect(await waiting).toBe(2);
  });

  test("ends with the signal, or with what the look throws", async () => {
    const waits = new Waits<string>();
    const ending = new AbortController();
    const waiting = waits.until("a", () => undefined, { signal: ending.signal });
    ending.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(waits.until("a", () => 1, { signal: ending.signal })).rejects.toThrow("enough");
    const failing = () => {
      throw new Error("no such thing");
    };
    await expect(waits.until("a", failing)).rejects.toThrow("no such thing");
  });
});

describe("Mailbox", () => {
  test("does one thing after another, in the order in which they came", () => {
    const done: string[] = [];
    const mailbox = new Mailbox();
    mailbox.post(() => {
      done.push("a");
      mailbox.post(() => done.push("c"));
      done.push("b");
    });
    expect(done).toEqual(["a", "b", "c"]);
  });

  test("lets the others have their turn when one fails", () => {
    const done: string[] = [];
    const mailbox = new Mailbox();
    const fail = (): void => {
      mailbox.post(() => done.push("after"));
      throw new Error("defect");
    };
    expect(() => mailbox.post(fail)).toThrow(AggregateError);
    mailbox.post(() => done.push("later"));
    expect(done).toEqual(["after", "later"]);
  });

  test("follows a chain of a hundred thousand consequences without a stack", () => {
    const mailbox = new Mailbox();
    let count = 0;
    const next = (): void => {
      if (++count < 100_000) mailbox.post(next);
    };
    mailbox.post(next);
    expect(count).toBe(100_000);
  });
});
