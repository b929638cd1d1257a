import { gate, settle } from "@mothership/testkit";
import { expect, test } from "vitest";
import { inStopOrder } from "./stop-order.ts";

test("stops what others depend on after them, the rest at once, and all of it though one fails", async () => {
  const dependents: Record<string, string[]> = { db: ["app", "worker"], app: ["web"], web: [], worker: [], side: [] };
  const gates = Object.fromEntries(Object.keys(dependents).map((name) => [name, gate()]));
  const begun: string[] = [];
  const stopping = inStopOrder(
    Object.keys(dependents),
    (name) => dependents[name]!,
    async (name) => {
      begun.push(name);
      await gates[name]!.opened;
      if (name === "web") throw new Error("stuck");
    },
  );
  expect(begun).toEqual(["web", "worker", "side"]);
  gates["worker"]!.open();
  await settle();
  expect(begun).toHaveLength(3);
  gates["web"]!.open();
  await settle();
  expect(begun).toEqual(["web", "worker", "side", "app"]);
  gates["app"]!.open();
  gates["side"]!.open();
  await settle();
  expect(begun.at(-1)).toBe("db");
  gates["db"]!.open();
  await expect(stopping).rejects.toThrow("stuck");
});
