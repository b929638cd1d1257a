import { eventually, gate } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { type BayClient, serveBay } from "../src/bay.ts";
import { accept, dock1, dock2, text } from "./fake-bay.ts";
import { openScriptedStage, openStage } from "./stage.ts";

const reboard = { features: ["reboard"] };

describe("when a link is lost, a client of version 2", () => {
  test("stays connected and boards the next link with its number, epoch and counts", async () => {
    await using stage = await openScriptedStage();
    const first = await dock2(stage.fake, reboard);
    const opening = stage.connect("/room?x=1", { headers: { Cookie: "a=1" } });
    await accept(first);
    const visitor = await opening;
    for (const word of ["one", "two", "three"]) visitor.socket.send(word);
    for (let count = 0; count < 3; count++) await first.next("message");
    // Two were handled, the third is in doubt.
    first.send({ type: "credit", connId: 1, bytes: 64 + 3 + 64 + 3, messages: 2 }, text(1, "to the client"));
    await visitor.next();
    first.socket.destroy();
    const second = await dock2(stage.fake, reboard);
    const boarding = await second.next("boarding");
    expect(boarding).toMatchObject({ connId: 1, path: "/room?x=1", headers: { cookie: "a=1" } });
    expect(boarding.reboarding).toEqual({ epoch: 1, sent: 3, taken: 2, delivered: 1 });
    // What it says now waits until the bay has taken it.
    visitor.socket.send("four");
    second.send({ type: "ping", token: new Uint8Array(8) });
    await second.next("pong");
    expect(second.received.filter(({ type }) => type === "message")).toEqual([]);
    second.send({ type: "accept", connId: 1, protocol: "", headers: [] });
    expect((await second.next("message")).data.toString()).toBe("four");
    second.send(text(1, "again"));
    expect(await visitor.next()).toBe("again");
    second.socket.destroy();
    const third = await dock2(stage.fake, reboard);
    expect((await third.next("boarding")).reboarding).toEqual({ epoch: 2, sent: 4, taken: 2, delivered: 2 });
    expect(stage.events.reboarded).toEqual([
      { connId: 1, epoch: 1, inDoubt: 1 },
      { connId: 1, epoch: 2, inDoubt: 2 },
    ]);
  });

  test("has a message of which only a part was sent sent again whole", async () => {
    await using stage = await openScriptedStage();
    const first = await dock2(stage.fake, reboard);
    const opening = stage.connect();
    await accept(first);
    const visitor = await opening;
    const long = "x".repeat(1_000_000);
    first.socket.pause();
    // So much that the link cannot take it all, so that a message is torn.
    for (let count = 0; count < 3; count++) visitor.socket.send(`${count}${long}`);
    await eventually("a message waits", () => stage.bay.snapshot().queuedForBay > 1_200_000);
    first.socket.destroy();
    const second = await dock2(stage.fake, reboard);
    const { reboarding } = await second.next("boarding");
    second.send({ type: "accept", connId: 1, protocol: "", headers: [] });
    let whole = "";
    for (let goes = true; goes; ) {
      const { data, continues } = await second.next("message");
      whole += Buffer.from(data).toString();
      goes = continues;
    }
    // Those that were sent whole are in doubt, the next one comes from its first byte.
    expect(reboarding?.taken).toBe(0);
    expect(whole).toBe(`${reboarding?.sent}${long}`);
  });

  test("never sees the beginning of a message whose rest was lost", async () => {
    await using stage = await openScriptedStage();
    const first = await dock2(stage.fake, reboard);
    const opening = stage.connect();
    await accept(first);
    const visitor = await opening;
    first.send({ type: "message", connId: 1, binary: true, continues: true, data: Buffer.alloc(65_536) });
    first.socket.end();
    const second = await dock2(stage.fake, reboard);
    await accept(second);
    second.send(text(1, "whole"));
    expect(await visitor.next()).toBe("whole");
  });

  test("may be turned away, or not answered for, by the next process", async () => {
    await using stage = await openScriptedStage({ limits: { acceptMs: 300 } });
    const first = await dock2(stage.fake, reboard);
    const openings = [1, 2, 3, 4].map(() => stage.connect());
    for (let count = 0; count < 4; count++) await accept(first);
    const [a, b, c, d] = await Promise.all(openings);
    first.socket.destroy();
    const second = await dock2(stage.fake, reboard);
    for (let count = 0; count < 4; count++) await second.next("boarding");
    second.send({ type: "refuse", connId: 1, status: 403, headers: [], body: "" });
    second.send({ type: "refuse", connId: 2, status: 503, headers: [], body: "" });
    second.send({ type: "disembark", connId: 3, code: 4001, reason: "sign in again" });
    expect((await a!.closed)[0]).toBe(1008);
    expect((await b!.closed)[0]).toBe(1011);
    expect(await c!.closed).toEqual([4001, "sign in again"]);
    expect((await d!.closed)[0]).toBe(1012);
  });

  test("is closed with 1012 if no process comes back, or one that knows no re-boarding", async () => {
    await using stage = await openScriptedStage({ limits: { holdMs: 50 } });
    const first = await dock2(stage.fake, reboard);
    const opening = stage.connect();
    await accept(first);
    const visitor = await opening;
    first.socket.destroy();
    expect(await visitor.closed).toEqual([1012, "the service did not come back in time"]);

    await using other = await openScriptedStage();
    const link = await dock2(other.fake, reboard);
    const second = other.connect();
    await accept(link);
    const client = await second;
    link.socket.destroy();
    await dock1(other.fake);
    expect(await client.closed).toEqual([1012, "the service restarts"]);
  });

  test("is served by the Node bay again, which is told so", async () => {
    await using stage = await openStage();
    const aboard: BayClient[] = [];
    const handlers = {
      board: (client: BayClient) => void aboard.push(client) as undefined,
      message: (client: BayClient, data: string | Uint8Array) => void client.send(data),
    };
    const options = { path: stage.path, name: "bay" };
    const first = await serveBay(handlers, options);
    const visitor = await stage.connect();
    visitor.socket.send("one");
    expect(await visitor.next()).toBe("one");
    await first.close();
    await using second = await serveBay(handlers, options);
    visitor.socket.send("two");
    expect(await visitor.next()).toBe("two");
    expect(aboard.map(({ id, reboarding }) => [id, reboarding])).toEqual([
      [1, undefined],
      [1, { epoch: 1, sent: 1, taken: 1, delivered: 1 }],
    ]);
    expect(second.clients.size).toBe(1);
    expect(stage.events.lost).toMatchObject([{ kind: "drained" }]);
  });
});

describe("draining", () => {
  test("hands clients over to another process without losing a message", async () => {
    await using stage = await openStage();
    const release = gate();
    const heard: string[] = [];
    const taker = (name: string, hold: Promise<void>) => ({
      message: async (client: BayClient, data: string | Uint8Array) => {
        await hold;
        heard.push(`${name} ${data}`);
        client.send(`${name} ${data}`);
      },
    });
    const options = { path: stage.path, name: "bay" };
    await using first = await serveBay(taker("old", release.opened), options);
    const visitor = await stage.connect();
    visitor.socket.send("a");
    visitor.socket.send("b");
    await eventually("the old process has them", () => stage.bay.snapshot().framesOut >= 4);
    await using second = await serveBay(taker("new", Promise.resolve()), options);
    const over = stage.bay.handOver();
    await eventually("the old link is drained", () => stage.bay.snapshot().links === 2 && stage.log.lines.length >= 2);
    visitor.socket.send("c");
    await eventually("the client waits", () => stage.bay.snapshot().queuedForBay > 0 || heard.length > 0);
    release.open();
    await over;
    expect([await visitor.next(), await visitor.next(), await visitor.next()]).toEqual(["old a", "old b", "new c"]);
    expect(stage.events.reboarded).toEqual([{ connId: 1, epoch: 1, inDoubt: 0 }]);
    expect([first.clients.size, second.clients.size]).toEqual([0, 1]);
    // The process that leaves must not take the socket of its successor with it.
    await first.close();
    await stage.bay.handOver();
    visitor.socket.send("d");
    expect(await visitor.next()).toBe("new d");
  });

  test("ends at the deadline when the bay does not finish", async () => {
    await using stage = await openScriptedStage({ limits: { drainMs: 50 } });
    const first = await dock2(stage.fake, { features: ["drain", "reboard"] });
    const opening = stage.connect();
    await accept(first);
    await opening;
    first.send({ type: "drain", withinMs: 10_000 });
    expect(await first.next("drain")).toEqual({ type: "drain", withinMs: 50 });
    // It takes no new clients now.
    expect(stage.bay.snapshot().accepting).toBe(false);
    await first.closed;
    const second = await dock2(stage.fake, { features: ["drain", "reboard"] });
    expect(await second.next("boarding")).toMatchObject({ connId: 1 });
    expect(stage.events.lost).toMatchObject([{ kind: "ours" }]);
  });
});

describe("closing the bay", () => {
  test("closes clients with 1001, tells the bay, lets it finish, and leaves nothing", async () => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake, { features: ["drain"] });
    const openings = [stage.connect(), stage.connect()];
    await accept(link);
    await accept(link);
    const [a, b] = await Promise.all(openings);
    const closing = stage.bay.close();
    expect(await a!.closed).toEqual([1001, "the service shuts down"]);
    expect(await b!.closed).toEqual([1001, "the service shuts down"]);
    expect([await link.next("disembark"), await link.next("disembark")]).toMatchObject([{ code: 1001 }, { code: 1001 }]);
    await link.next("drain");
    link.socket.end();
    await closing;
    expect(stage.bay.snapshot()).toMatchObject({ clients: 0, links: 0, queuedForBay: 0, queuedForClients: 0 });
    await expect(stage.bay.ready()).rejects.toMatchObject({ code: "MS_BAY_CLOSED" });
    await expect(stage.bay.handOver()).rejects.toMatchObject({ code: "MS_BAY_CLOSED" });
  });

  test("cuts clients that do not answer", async () => {
    await using stage = await openScriptedStage({ limits: { closeMs: 50 } });
    await dock1(stage.fake);
    const visitor = await stage.connect();
    visitor.socket.pause();
    await stage.bay.close();
    expect(stage.edge.sockets.size).toBeLessThanOrEqual(1);
    expect(stage.bay.snapshot().clients).toBe(0);
  });

  test("with a signal that has fired ends at once, clients in the handshake included", async () => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake, { features: ["drain"] });
    const failing = expect(stage.connect()).rejects.toThrow(/503/);
    await link.next("boarding");
    await stage.bay.close({ signal: AbortSignal.abort() });
    await failing;
    await link.closed;
  });
});
