import { eventually } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import type { BayOptions } from "../src/bay.ts";
import type { BoardingFrame } from "../src/frame.ts";
import type { FakeLink } from "./fake-bay.ts";
import { boarding, openPier, type Pier } from "./pier.ts";

describe("a bay in Node under a mothership of version 1", () => {
  test.each<readonly [string, BayOptions, (pier: Pier) => Promise<FakeLink>]>([
    [
      "that answers in version 1",
      {},
      async (pier) => {
        const link = await pier.dial();
        await link.next("dock");
        return link;
      },
    ],
    [
      "that cuts a Dock of version 2 off",
      {},
      async (pier) => {
        // The bay notices the cut a little later than the next connection may come.
        for (;;) {
          const link = await pier.dial();
          const dock = await link.next("dock");
          expect(dock.ship).toBe("echo");
          if (dock.version === 1) return link;
          link.socket.destroy();
        }
      },
    ],
    [
      "because it was told so",
      { version: 1 },
      async (pier) => {
        const link = await pier.dial();
        expect(await link.next("dock")).toEqual({ type: "dock", version: 1, ship: "echo" });
        return link;
      },
    ],
  ])("serves: %s", async (_, options, dial) => {
    const left: string[] = [];
    await using pier = await openPier(
      {
        board: ({ path }) => (path === "/no" ? { refuse: 403 } : undefined),
        message: (client, data) => void client.send(data),
        left: (client, code) => void left.push(`${client.id} ${code}`),
      },
      options,
    );
    const link = await dial(pier);
    link.send({ type: "moored", version: 1, config: { a: "1" } });
    expect(await pier.bay.config).toEqual({ a: "1" });
    const { protocols: _protocols, ...plain } = boarding(1) as BoardingFrame;
    link.send(plain, { ...plain, connId: 2, path: "/no" });
    expect(await link.next("disembark")).toMatchObject({ connId: 2, code: 1008 });
    link.send({ type: "cargo", connId: 1, data: Buffer.from("text") }, { type: "cargo", connId: 1, data: Buffer.from([0xff]) });
    expect([await link.next("cargo"), await link.next("cargo")].map(({ data }) => Buffer.from(data))).toEqual([
      Buffer.from("text"),
      Buffer.from([0xff]),
    ]);
    link.send({ type: "disembark", connId: 1, code: 1001, reason: "" });
    await eventually("the client is gone", () => left.length === 1);
    expect(left).toEqual(["1 1001"]);
    expect(link.received.map(({ type }) => type)).toEqual(["dock", "disembark", "cargo", "cargo"]);
  });
});
