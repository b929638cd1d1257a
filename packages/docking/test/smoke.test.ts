import { once } from "node:events";
import { silentLogger, systemClock } from "@mothership/kernel";
import { tempFolder } from "@mothership/testkit";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { serveBay } from "../src/bay.ts";
import { bayAddress, openBay } from "../src/index.ts";
import { openEdge } from "./edge.ts";

test.each([1, 2] as const)("echo v%i", async (version) => {
  using folder = tempFolder();
  const address = bayAddress("echo", folder.path);
  await using bay = await serveBay({ message: (client, data) => void client.send(data) }, { path: address.path, name: "echo", version });
  await using docked = openBay({ name: "echo", address, config: { a: "1" } }, { clock: systemClock, log: silentLogger });
  await docked.ready();
  await using edge = await openEdge(docked.handler);
  const ws = new WebSocket(`${edge.url}/cable?x=1`);
  await once(ws, "open");
  ws.send("hello");
  const [data, binary] = await once(ws, "message");
  expect([String(data), binary]).toEqual(["hello", false]);
  const big = Buffer.alloc(900_000, 0xff);
  ws.send(big);
  const [back] = await once(ws, "message");
  expect(big.equals(back)).toBe(true);
  console.log(docked.snapshot(), await bay.config);
  ws.close();
  await once(ws, "close");
});
