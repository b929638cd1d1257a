import { FakeClock } from "@mothership/testkit";
import { expect, test } from "vitest";
import { Judgements } from "./judgements.ts";

function judgements() {
  const clock = new FakeClock();
  const told: (string | undefined)[] = [];
  const judged = new Judgements(clock, (message) => {
    if (message.type === "judged") told.push(message.failure);
  });
  return { clock, told, judged };
}

test("a thread tells of each failure, and of the first answer behind them", () => {
  const { told, judged } = judgements();
  const watch = judged.watch("app");
  watch.answered();
  watch.failed("upstream-closed");
  watch.failed("upstream-invalid");
  watch.answered();
  watch.answered();
  expect(told).toEqual(["upstream-closed", "upstream-invalid", undefined]);
});

test("of a ship that fails all the time it tells so often in a second and no more, and an answer is told as soon as it can be", async () => {
  const { clock, told, judged } = judgements();
  const watch = judged.watch("app");
  for (let count = 0; count < 1000; count++) watch.failed("upstream-closed");
  watch.answered();
  expect(told).toHaveLength(20);
  await clock.advance(1000);
  // What was before the reload and what is behind it are one row.
  judged.watch("app").answered();
  expect(told.slice(20)).toEqual([undefined]);
});
