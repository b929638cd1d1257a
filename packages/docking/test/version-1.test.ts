import { eventually, FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { dock1 } from "./fake-bay.ts";
import { openScriptedStage } from "./stage.ts";

describe("a bay of version 1", () => {
  test("gets its configuration, then clients with path, address and headers", async () => {
    await using stage = await openScriptedStage({ config: { workers: "4" } });
    const link = await stage.fake.link();
    link.send({ type: "dock", version: 1, ship: "bay" });
    expect(await link.next("moored")).toEqual({ type: "moored", version: 1, config: { workers: "4" } });
    await stage.bay.ready();
    await stage.connect("/cable?room=1", { headers: { Cookie: "a=1", Origin: "https://example.org", "X-Twice": "one" } });
    const boarding = await link.next("boarding");
    expect(boarding).toMatchObject({ connId: 1, path: "/cable?room=1", remoteAddr: "127.0.0.1" });
    expect(Object.keys(boarding)).toEqual(["type", "connId", "path", "remoteAddr", "headers"]);
    expect(boarding.headers).toMatchObject({
      host: `127.0.0.1:${stage.edge.port}`,
      cookie: "a=1",
      origin: "https://example.org",
      "x-twice": "one",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
    });
    expect(Object.keys(boarding.headers).filter((name) => /^(sec-websocket|connection|upgrade)/.test(name))).toEqual([]);
    expect(stage.events.moored).toEqual([{ version: 1, links: 1 }]);
    expect(stage.events.boarded).toEqual([{ connId: 1, path: "/cable?room=1" }]);
  });

  test("exchanges Cargo: bytes that are UTF-8 go out as text, others as binary", async () => {
    await using stage = await openScriptedStage();
    const link = await dock1(stage.fake);
    const visitor = await stage.connect();
    visitor.socket.send("from the client");
    expect(await link.next("cargo")).toEqual({ type: "cargo", connId: 1, data: Buffer.from("from the client") });
    visitor.socket.send(Buffer.from([0xff, 0]));
    expect(await link.next("cargo")).toEqual({ type: "cargo", connId: 1, data: Buffer.from([0xff, 0]) });
    link.send({ type: "cargo", connId: 1, data: Buffer.from("für den Client") }, { type: "cargo", connId: 1, data: Buffer.from([0xff]) });
    expect([await visitor.next(), await visitor.next()]).toEqual(["für den Client", Buffer.from([0xff])]);
  });

  test("may have its Cargo always sent as binary, or always as text", async () => {
    await using binary = await openScriptedStage({ cargo: "binary" });
    const first = await dock1(binary.fake);
    const visitor = await binary.connect();
    first.send({ type: "cargo", connId: 1, data: Buffer.from("text") });
    expect(await visitor.next()).toEqual(Buffer.from("text"));

    await using text = await openScriptedStage({ cargo: "text" });
    const second = await dock1(text.fake);
    const other = await text.connect();
    second.send({ type: "cargo", connId: 1, data: Buffer.from([0xff]) });
    expect(await other.closed).toEqual([1011, "the bay sent text that is not UTF-8"]);
    expect(await second.next("disembark")).toMatchObject({ connId: 1, code: 1011 });
  });

  test("learns how a client left, behind what the client sent", async () => {
    await using stage = await openScriptedStage();
    const link = await dock1(stage.fake);
    const polite = await stage.connect();
    polite.socket.send("last words");
    polite.socket.close(4000, "done");
    expect(await link.next("disembark")).toEqual({ type: "disembark", connId: 1, code: 4000, reason: "done" });
    expect(link.received.map(({ type }) => type)).toEqual(["moored", "boarding", "cargo", "disembark"]);
    const silent = await stage.connect();
    silent.socket.close();
    expect(await link.next("disembark")).toMatchObject({ connId: 2, code: 1005, reason: "" });
    const rude = await stage.connect();
    rude.socket.terminate();
    expect(await link.next("disembark")).toMatchObject({ connId: 3, code: 1006 });
    await eventually("three clients gone", () => stage.events.left.length === 3);
    expect(stage.bay.snapshot().clients).toBe(0);
  });

  test.each([
    [1000, "bye", 1000, "bye"],
    [1011, "x".repeat(200), 1011, "x".repeat(123)],
    [4999, "", 4999, ""],
    [1005, "", 1005, ""],
    [1006, "", 1011, ""],
    [17, "", 1011, ""],
  ])("closes a client by Disembark: %i %j", async (code, reason, seen, seenReason) => {
    await using stage = await openScriptedStage();
    const link = await dock1(stage.fake);
    const visitor = await stage.connect();
    link.send({ type: "cargo", connId: 1, data: Buffer.from("before") }, { type: "disembark", connId: 1, code, reason });
    expect(await visitor.closed).toEqual([seen, seenReason]);
    expect(visitor.messages).toEqual(["before"]);
    await eventually("the client is gone", () => stage.events.left.length === 1);
    expect(stage.events.left[0]).toMatchObject({ connId: 1, code, by: "bay" });
    expect(link.received.filter(({ type }) => type === "disembark")).toEqual([]);
  });

  test("has the sub-protocol chosen from its list in the manifest, the client's preference first", async () => {
    await using stage = await openScriptedStage({ protocols: ["b", "a"] });
    const link = await dock1(stage.fake);
    const visitor = await stage.connect("/", { protocols: ["x", "a", "b"] });
    expect(visitor.socket.protocol).toBe("a");
    expect(await link.next("boarding")).not.toHaveProperty("protocols");
  });

  test("that gives another version without terms is spoken to in version 1", async () => {
    await using stage = await openScriptedStage();
    const link = await stage.fake.link();
    link.send({ type: "dock", version: 3, ship: "bay" });
    expect(await link.next("moored")).toEqual({ type: "moored", version: 1, config: {} });
  });

  test("is not sent anything right behind Moored, where existing bays would lose it", async () => {
    const clock = new FakeClock();
    await using stage = await openScriptedStage({ limits: { settleMs: 100 } }, clock);
    const link = await dock1(stage.fake);
    const waiting = stage.connect();
    await eventually("the client waits", () => stage.bay.snapshot().waiting === 1);
    await clock.advance(99);
    expect(link.received.map(({ type }) => type)).toEqual(["moored"]);
    await clock.advance(1);
    await link.next("boarding");
    await waiting;
  });

  test("closes its clients with 1012 when it is lost, unless they may board anew", async () => {
    await using stage = await openScriptedStage();
    const link = await dock1(stage.fake);
    const visitor = await stage.connect();
    link.socket.destroy();
    expect(await visitor.closed).toEqual([1012, "the service restarts"]);

    await using lasting = await openScriptedStage({ reboard: true });
    const first = await dock1(lasting.fake);
    const other = await lasting.connect("/room");
    await first.next("boarding");
    first.socket.destroy();
    other.socket.send("meanwhile");
    const second = await dock1(lasting.fake);
    expect(await second.next("boarding")).toMatchObject({ connId: 1, path: "/room" });
    expect(await second.next("cargo")).toMatchObject({ connId: 1, data: Buffer.from("meanwhile") });
    second.send({ type: "cargo", connId: 1, data: Buffer.from("here") });
    expect(await other.next()).toBe("here");
    expect(lasting.events.reboarded).toEqual([{ connId: 1, epoch: 1, inDoubt: 0 }]);
  });

  test("loses a client for which more than the limit waits, and no other", async () => {
    await using stage = await openScriptedStage({ limits: { maxClientBytes: 100_000, closeMs: 100 } });
    const link = await dock1(stage.fake);
    const slow = await stage.connect();
    const fast = await stage.connect();
    slow.socket.pause();
    const data = Buffer.alloc(50_000, "x");
    for (let count = 0; count < 200; count++) link.send({ type: "cargo", connId: 1, data });
    link.send({ type: "cargo", connId: 2, data: Buffer.from("still here") });
    expect(await link.next("disembark")).toMatchObject({ connId: 1, code: 1013 });
    expect(await fast.next()).toBe("still here");
    await eventually("the client is cut when it does not answer", () => stage.events.left.length === 1);
    expect(stage.events.left).toMatchObject([{ connId: 1, by: "limit", code: 1013 }]);
  });
});
