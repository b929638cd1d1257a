import { runWebSocketCase, webSocketCases } from "@mothership/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ServedBay, serveBay } from "../src/bay.ts";
import { openStage, type Stage } from "./stage.ts";

// As long as the longest message of the suite. The program's own limit of 1 MiB is checked with it in apps/cli.
const maxMessageBytes = 16_777_216;
let stage: Stage;
let bay: ServedBay;

beforeAll(async () => {
  stage = await openStage({ limits: { maxMessageBytes, maxLinkBytes: 2 * maxMessageBytes } });
  const options = { path: stage.path, name: "bay", maxMessageBytes, maxQueuedBytes: 2 * maxMessageBytes };
  bay = await serveBay({ message: (client, data) => void client.send(data) }, options);
  await stage.bay.ready();
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await bay.close();
});

describe("a client of a bay, in the cases of the Autobahn test suite", () => {
  test.each(webSocketCases({ maxMessageBytes, maxFragments: 16_384 }))("$id: $title", async (one) => {
    expect(await runWebSocketCase(one, { port: stage.edge.port })).toMatch(/^(ok|non-strict)$/);
  });
});
