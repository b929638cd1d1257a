import { eventually, gate } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { type BayClient, type BayHandlers, serveBay } from "../src/bay.ts";
import { accept, dock1, dock2, text } from "./fake-bay.ts";
import { openScriptedStage, openStage, type Stage, type Visitor } from "./stage.ts";

async function served(stage: Stage, handlers: BayHandlers, options: object = {}) {
  const bay = await serveBay(handlers, { path: stage.path, name: "bay", ...options });
  await stage.bay.ready();
  return bay;
}

/** The whole of what waits on mothership's side, for clients and for the bay. */
function waiting(stage: Stage): number {
  const { queuedForBay, queuedForClients } = stage.bay.snapshot();
  return queuedForBay + queuedForClients;
}

describe("a client that does not read", () => {
  test("stops only what is sent to it: 999 others go on, and memory stays bounded", async () => {
    await using stage = await openStage();
    let slow: BayClient | undefined;
    let taken = 0;
    const full = gate();
    const flood = async (client: BayClient): Promise<void> => {
      const data = Buffer.alloc(60_000, "x");
      while (client.open) {
        while (client.send(data)) taken++;
        full.open();
        await client.flushed();
      }
    };
    await using bay = await served(stage, {
      message: (client, data) => {
        if (data !== "flood me") return void client.send(data);
        slow = client;
        return flood(client);
      },
    });
    const visitors: Visitor[] = [];
    while (visitors.length < 1_000) visitors.push(...(await Promise.all(Array.from({ length: 100 }, () => stage.connect()))));
    const [stuck, ...others] = visitors;
    stuck!.socket.pause();
    stuck!.socket.send("flood me");
    await full.opened;
    // The system's own buffers take some megabytes before anything waits here.
    await eventually("nothing more goes out", async () => {
      const before = taken;
      await new Promise((resolve) => setImmediate(resolve));
      return before === taken && waiting(stage) > 200_000;
    });
    for (let round = 0; round < 3; round++) {
      for (const { socket } of others) socket.send(`round ${round}`);
      expect(new Set(await Promise.all(others.map((visitor) => visitor.next())))).toEqual(new Set([`round ${round}`]));
    }
    // Its window, and the one message that may go beyond it.
    expect(waiting(stage)).toBeLessThan(262_144 + 70_000);
    expect(slow!.queuedBytes).toBeLessThan(2 * 70_000);
    expect(bay.clients.size).toBe(1_000);
    // It gets all of it as soon as it reads again.
    stuck!.socket.resume();
    await eventually("the flood goes on", () => stuck!.messages.length > taken / 2);
    stuck!.socket.terminate();
  });

  test("is closed with 1013 by a bay that sends on regardless", async () => {
    await using stage = await openStage();
    const left = gate<readonly [number, string]>();
    await using bay = await served(stage, {
      message: (client) => {
        const data = Buffer.alloc(60_000);
        while (client.open) client.send(data);
      },
      left: (_, code, reason) => left.open([code, reason]),
    });
    const visitor = await stage.connect();
    visitor.socket.pause();
    visitor.socket.send("flood me");
    expect(await left.opened).toEqual([1013, "too much waits for this client"]);
    visitor.socket.resume();
    expect((await visitor.closed)[0]).toBe(1013);
    expect(bay.clients.size).toBe(0);
  });

  test("is cut when it takes nothing for a while and others need the room", async () => {
    await using stage = await openScriptedStage({ limits: { maxLinkBytes: 100_000, stallMs: 50, closeMs: 20_000 } });
    const link = await dock2(stage.fake);
    const openings = [stage.connect(), stage.connect()];
    await accept(link);
    await accept(link);
    const [stuck, other] = await Promise.all(openings);
    stuck!.socket.pause();
    // A polite flood: as much as there is credit for.
    const data = Buffer.alloc(40_000, "x");
    let credit = 100_000;
    void (async () => {
      for (;;) {
        const { bytes } = await link.next("credit");
        credit += bytes;
      }
    })();
    await eventually("the client is cut", () => {
      for (; credit > 0 && stage.events.left.length === 0; credit -= data.length + 64) {
        link.send({ type: "message", connId: 1, binary: true, continues: false, data });
      }
      return stage.events.left.length === 1;
    });
    expect(stage.events.left).toEqual([{ connId: 1, code: 1013, reason: "the client does not read", by: "limit" }]);
    expect(await link.next("disembark")).toMatchObject({ connId: 1, code: 1013 });
    link.send(text(2, "room again"));
    expect(await other!.next()).toBe("room again");
    await eventually("nothing waits any more", () => stage.bay.snapshot().queuedForClients === 0);
  });

  test("of a bay of version 1 holds up reading from the bay only while the limit of all is exceeded", async () => {
    await using stage = await openScriptedStage({
      limits: { maxLinkBytes: 100_000, maxClientBytes: 50_000_000, stallMs: 100, closeMs: 20_000 },
    });
    const link = await dock1(stage.fake);
    const stuck = await stage.connect();
    const other = await stage.connect();
    stuck.socket.pause();
    const data = Buffer.alloc(60_000, "x");
    for (let count = 0; count < 400; count++) link.send({ type: "cargo", connId: 1, data });
    link.send({ type: "cargo", connId: 2, data: Buffer.from("at last") });
    expect(await other.next()).toBe("at last");
    expect(stage.events.left).toMatchObject([{ connId: 1, code: 1013, by: "limit" }]);
  });
});

describe("a slow bay", () => {
  test("slows one client down by not finishing its messages, and no other", async () => {
    await using stage = await openStage();
    const hold = gate();
    let handled = 0;
    await using _ = await served(stage, {
      message: async (client, data) => {
        if (client.path !== "/slow") return void client.send(data);
        await hold.opened;
        handled++;
      },
    });
    const slow = await stage.connect("/slow");
    const fast = await stage.connect("/fast");
    const data = Buffer.alloc(60_000);
    for (let count = 0; count < 200; count++) slow.socket.send(data);
    await eventually("the slow client is held back", () => slow.socket.bufferedAmount > 0 && waiting(stage) > 0);
    for (let count = 0; count < 20; count++) {
      fast.socket.send(`${count}`);
      expect(await fast.next()).toBe(`${count}`);
    }
    // What one chunk from the client's socket can hold, and the message that it completes.
    expect(waiting(stage)).toBeLessThan(300_000);
    hold.open();
    await eventually("everything arrives in the end", () => handled === 200 && waiting(stage) === 0);
  });

  test("that does not read its link at all holds its clients back, and gets everything in order later", async () => {
    await using stage = await openScriptedStage();
    const link = await dock1(stage.fake);
    const visitors = await Promise.all(Array.from({ length: 3 }, () => stage.connect()));
    await eventually("all are aboard", () => link.received.filter(({ type }) => type === "boarding").length === 3);
    link.socket.pause();
    const rounds = 400;
    for (let round = 0; round < rounds; round++) {
      for (const [at, { socket }] of visitors.entries()) socket.send(`${at}:${round}:${"x".repeat(30_000)}`);
    }
    await eventually("clients are held back", () => visitors.every(({ socket }) => socket.bufferedAmount > 0));
    // A megabyte on the link, and for each client a chunk.
    expect(waiting(stage)).toBeLessThan(1_100_000 + 3 * 140_000);
    link.socket.resume();
    const seen = visitors.map(() => 0);
    for (let count = 0; count < rounds * 3; count++) {
      const { data } = await link.next("cargo");
      const [at = 0, round] = Buffer.from(data.subarray(0, 8)).toString().split(":").map(Number);
      expect(round).toBe(seen[at]);
      seen[at]!++;
    }
    await eventually("nothing waits any more", () => waiting(stage) === 0);
  });

  test("has clients closed with 1013 when too much waits for it", async () => {
    await using stage = await openScriptedStage({ limits: { maxLinkBytes: 50_000 } });
    const link = await dock2(stage.fake, { window: 1 });
    const opening = stage.connect();
    await accept(link);
    const visitor = await opening;
    for (let count = 0; count < 3; count++) visitor.socket.send("x".repeat(40_000));
    expect(await visitor.closed).toEqual([1013, "too much waits for the bay"]);
    expect(await link.next("disembark")).toMatchObject({ code: 1013 });
    await eventually("nothing waits any more", () => waiting(stage) === 0);
  });
});
