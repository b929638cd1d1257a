import { MothershipError } from "@mothership/kernel";
import { FakeClock } from "@mothership/testkit";
import { expect, test } from "vitest";
import type { FromThread } from "./messages.ts";
import { threadLogger } from "./thread-log.ts";

function logger() {
  const clock = new FakeClock();
  const sent: Extract<FromThread, { readonly type: "log" }>[] = [];
  const log = threadLogger(clock, (message) => {
    // As it goes from thread to thread.
    const copy = structuredClone(message);
    if (copy.type === "log") sent.push(copy);
  });
  return { clock, sent, log };
}

class Coded extends MothershipError {
  readonly code = "MS_X";
}

test("lines of a thread arrive with what their fields say, whatever these hold", () => {
  const { sent, log } = logger();
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const error = new Coded("it broke\nhere");
  log.child({ bind: "http" }).warn("something", { error, plain: new Error("no"), run: () => 1, list: [1, { a: 2 }], circle, big: 2n });
  expect(sent).toEqual([
    {
      type: "log",
      level: "warn",
      message: "Something",
      fields: {
        bind: "http",
        error: { message: "it broke here", code: "MS_X" },
        plain: "no",
        run: expect.any(String),
        list: [1, { a: 2 }],
        circle: "[object Object]",
        big: 2n,
      },
    },
  ]);
});

test("a thread that has very much to say leaves lines out, and says how many", async () => {
  const { clock, sent, log } = logger();
  await clock.advance(500);
  for (let count = 0; count < 1200; count++) log.debug("again");
  expect(sent).toHaveLength(1000);
  await clock.advance(1000);
  log.info("later");
  expect(sent.slice(1000).map(({ message, fields }) => [message, fields])).toEqual([
    ["A thread had more to say than is written", { lines: 200 }],
    ["Later", {}],
  ]);
});
