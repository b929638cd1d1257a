import { silentLogger } from "@mothership/kernel";
import { expect, test } from "vitest";
import { ReadingTurns } from "./reading-turns.ts";

test("those who wait have their turn in the order in which they came, a few in each turn of the event loop", async () => {
  const turns = new ReadingTurns(silentLogger);
  const order: string[] = [];
  let again = 0;
  const greedy = (): void => {
    order.push("greedy");
    if (again++ < 3) turns.next(greedy);
  };
  turns.next(greedy);
  for (let at = 0; at < 9; at++) turns.next(() => order.push(String(at)));
  expect(order).toEqual([]);
  const loop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const seen: number[] = [];
  for (let turn = 0; turn < 6; turn++) {
    await loop();
    seen.push(order.length);
  }
  expect(order).toEqual(["greedy", "0", "1", "2", "3", "4", "5", "6", "7", "8", "greedy", "greedy", "greedy"]);
  // Never more than four between two looks of the event loop at everything else.
  expect(seen.every((count, at) => count - (seen[at - 1] ?? 0) <= 4)).toBe(true);
});
