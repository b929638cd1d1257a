import { existsSync, statSync, writeFileSync } from "node:fs";
import { eventually, FakeClock, gate, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { type BayClient, serveBay } from "../src/bay.ts";
import { text } from "./fake-bay.ts";
import { boarding, moor, openPier, terms } from "./pier.ts";

describe("a bay in Node", () => {
  test("listens where its environment says, in a folder for itself alone", async () => {
    using folder = tempFolder();
    const path = folder.join("deep", "down", "echo.sock");
    await using bay = await serveBay({ message: () => undefined }, { env: { MS_SHIP: "echo", MS_SOCKET_PATH: path } });
    expect(bay.path).toBe(path);
    expect(statSync(path).isSocket()).toBe(true);
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(statSync(folder.join("deep", "down")).mode & 0o077).toBe(0);
    await bay.close();
    expect(existsSync(path)).toBe(false);
    await bay.closed;
  });

  test("says at once that its folder cannot be made", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("file"), "");
    const within = (path: string) => serveBay({ message: () => undefined }, { path });
    await expect(within(folder.join("file", "deep", "echo.sock"))).rejects.toMatchObject({ code: "ENOTDIR" });
    // Node's own recursive form never returns here.
    if (existsSync("/proc/self")) await expect(within("/proc/none/deep/down/echo.sock")).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("replaces a stale socket, and leaves alone what is no socket", async () => {
    using folder = tempFolder();
    const path = folder.join("echo.sock");
    const first = await serveBay({ message: () => undefined }, { path });
    await using second = await serveBay({ message: () => undefined }, { path });
    // The first one's end does not remove the second one's socket.
    await first.close();
    expect(statSync(path).isSocket()).toBe(true);
    await second.close();
    writeFileSync(path, "precious");
    await expect(serveBay({ message: () => undefined }, { path })).rejects.toMatchObject({ code: "MS_BAY_SOCKET" });
  });

  test("docks, learns its configuration, prepares itself, and says that it is ready", async () => {
    const prepared = gate();
    await using pier = await openPier({ moored: () => prepared.opened }, { name: "echo", windowBytes: 1_000, links: 3 });
    const link = await pier.dial();
    expect(await link.next("dock")).toEqual({
      type: "dock",
      version: 2,
      ship: "echo",
      terms: { features: ["reboard", "drain", "links"], window: 1_000, linkWindow: 16_777_216, maxMessage: 1_048_576, links: 3 },
    });
    link.send({ type: "moored", version: 2, config: { a: "1" }, terms }, { type: "ping", token: new Uint8Array(8).fill(3) });
    expect(await pier.bay.config).toEqual({ a: "1" });
    expect(await link.next("pong")).toEqual({ type: "pong", token: new Uint8Array(8).fill(3) });
    expect(link.received.map(({ type }) => type)).toEqual(["dock", "pong"]);
    prepared.open();
    expect(await link.next("ready")).toEqual({ type: "ready", accepting: true });
  });

  test("that cannot prepare itself takes no clients", async () => {
    await using pier = await openPier({ moored: () => Promise.reject(new Error("no database")) });
    const link = await pier.dial();
    await link.next("dock");
    link.send({ type: "moored", version: 2, config: {}, terms });
    await link.closed;
    expect(pier.failures).toMatchObject([{ message: "no database" }]);
  });

  test("answers for each client: takes it, with sub-protocol and headers, or refuses it", async () => {
    await using pier = await openPier({
      board: ({ path, protocols }) => {
        if (path === "/no") return { refuse: 403, headers: [["x-why", "no"]], body: "no\n" };
        if (path === "/broken") throw new Error("broken");
        return protocols[0] === undefined ? undefined : { protocol: protocols[0], headers: [["x-a", "1"]] };
      },
    });
    const link = await moor(pier);
    link.send(boarding(1), boarding(2, { protocols: ["p", "q"] }), boarding(3, { path: "/no" }), boarding(4, { path: "/broken" }));
    expect([await link.next("accept"), await link.next("accept")]).toEqual([
      { type: "accept", connId: 1, protocol: "", headers: [] },
      { type: "accept", connId: 2, protocol: "p", headers: [["x-a", "1"]] },
    ]);
    expect([await link.next("refuse"), await link.next("refuse")]).toEqual([
      { type: "refuse", connId: 3, status: 403, headers: [["x-why", "no"]], body: "no\n" },
      { type: "refuse", connId: 4, status: 500, headers: [], body: "" },
    ]);
    expect([...pier.bay.clients].map(({ id }) => id)).toEqual([1, 2]);
    expect(pier.failures).toMatchObject([{ message: "broken" }]);
  });

  test("may send before it has answered: that follows the Accept", async () => {
    const answer = gate();
    await using pier = await openPier({
      board: async (client) => {
        client.send("welcome");
        await answer.opened;
        return undefined;
      },
    });
    const link = await moor(pier);
    link.send(boarding(1), { type: "ping", token: new Uint8Array(8) });
    await link.next("pong");
    expect(link.received.map(({ type }) => type)).not.toContain("message");
    answer.open();
    expect(await link.next("message")).toEqual(text(1, "welcome"));
    const order = link.received.map(({ type }) => type);
    expect(order.indexOf("accept")).toBeLessThan(order.indexOf("message"));
  });

  test("forgets a client that leaves while it thinks about it", async () => {
    const answer = gate();
    const left: string[] = [];
    await using pier = await openPier({
      board: async () => {
        await answer.opened;
        return undefined;
      },
      left: (client, code) => void left.push(`${client.id} ${code}`),
    });
    const link = await moor(pier);
    link.send(boarding(1), { type: "disembark", connId: 1, code: 1006, reason: "" });
    await eventually("it is gone", () => left.length === 1);
    answer.open();
    link.send({ type: "ping", token: new Uint8Array(8) });
    await link.next("pong");
    expect(link.received.map(({ type }) => type)).toEqual(["dock", "ready", "pong"]);
    expect(left).toEqual(["1 1006"]);
  });

  test("hears text as strings and binary as bytes, and returns credit when it is done", async () => {
    const done = gate();
    const heard: (string | Uint8Array)[] = [];
    await using pier = await openPier(
      {
        message: async (_, data) => {
          heard.push(data);
          await done.opened;
        },
      },
      { windowBytes: 150 },
    );
    const link = await moor(pier);
    link.send(boarding(1));
    await link.next("accept");
    link.send(text(1, "é"), { type: "message", connId: 1, binary: true, continues: false, data: Buffer.from([1, 2]) });
    await eventually("both are heard", () => heard.length === 2);
    expect(heard).toEqual(["é", new Uint8Array([1, 2])]);
    expect(link.received.map(({ type }) => type)).not.toContain("credit");
    done.open();
    const first = await link.next("credit");
    const rest = first.messages === 2 ? { bytes: 0, messages: 0 } : await link.next("credit");
    expect([first.bytes + rest.bytes, first.messages + rest.messages]).toEqual([2 * 66, 2]);
    // The link is cut when mothership goes beyond.
    link.send(text(1, "x".repeat(200)), text(1, "y"));
    expect(await link.next("fault")).toMatchObject({ code: "MS_CREDIT_EXCEEDED" });
  });

  test("keeps what there is no credit for, says so, and tells when it has gone out", async () => {
    let client: BayClient | undefined;
    const board = (one: BayClient): undefined => {
      client = one;
    };
    await using pier = await openPier({ board });
    const link = await moor(pier, { window: 100 });
    link.send(boarding(1));
    await link.next("accept");
    expect([client!.send("a".repeat(50)), client!.send("b"), client!.send("c")]).toEqual([true, false, false]);
    expect(client!.queuedBytes).toBeGreaterThan(2);
    const flushed = client!.flushed();
    await link.next("message");
    link.send({ type: "credit", connId: 1, bytes: 114, messages: 1 });
    // One more may begin; the second one goes beyond the window only once the first has come back.
    expect((await link.next("message")).data.toString()).toBe("b");
    expect((await link.next("message")).data.toString()).toBe("c");
    await flushed;
    await client!.flushed();
    expect(client!.queuedBytes).toBe(0);
    expect(() => client!.send("x".repeat(1_048_577))).toThrowError(expect.objectContaining({ code: "MS_FRAME_TOO_LARGE" }));
  });

  test("closes a client by itself, once, and when its handler fails", async () => {
    const left: string[] = [];
    await using pier = await openPier({
      message: (client, data) => {
        if (data === "fail") throw new Error("failed");
        if (data === "reject") return Promise.reject(new Error("rejected"));
        client.close(4000, "enough");
        client.close(4001, "again");
        expect(client.open).toBe(false);
        expect(client.send("nobody hears this")).toBe(true);
      },
      left: (client, code, reason) => void left.push(`${client.id} ${code} ${reason}`),
    });
    const link = await moor(pier);
    link.send(boarding(1), boarding(2), boarding(3));
    for (let count = 0; count < 3; count++) await link.next("accept");
    link.send(text(1, "close"), text(2, "fail"), text(3, "reject"));
    expect([await link.next("disembark"), await link.next("disembark"), await link.next("disembark")]).toMatchObject([
      { connId: 1, code: 4000, reason: "enough" },
      { connId: 2, code: 1011 },
      { connId: 3, code: 1011 },
    ]);
    expect(left).toEqual(["1 4000 enough", "2 1011 the service failed", "3 1011 the service failed"]);
    expect(pier.failures).toMatchObject([{ message: "failed" }, { message: "rejected" }]);
    // What was on its way for a client that was closed is nobody's fault.
    link.send(text(1, "crossed"), { type: "ping", token: new Uint8Array(8) });
    await link.next("pong");
  });

  test("sends what waits before it closes a client", async () => {
    let left = 0;
    await using pier = await openPier({
      message: (client) => {
        for (const word of ["a", "b", "c"]) client.send(word);
        client.close(4000, "enough");
        client.send("not this");
      },
      left: () => void left++,
    });
    const link = await moor(pier, { window: 1 });
    link.send(boarding(1));
    await link.next("accept");
    link.send(text(1, "go"), text(1, "not heard"));
    for (const word of ["a", "b"]) {
      expect((await link.next("message")).data.toString()).toBe(word);
      expect([left, pier.bay.clients.size]).toEqual([0, 1]);
      link.send({ type: "credit", connId: 1, bytes: 65, messages: 1 });
    }
    expect((await link.next("message")).data.toString()).toBe("c");
    expect(await link.next("disembark")).toMatchObject({ connId: 1, code: 4000, reason: "enough" });
    expect([left, pier.bay.clients.size]).toEqual([1, 0]);
  });

  test("drains on request: handles what it has, returns all credit, closes", async () => {
    const done = gate();
    const left: number[] = [];
    await using pier = await openPier({
      message: async (client) => {
        await done.opened;
        client.send("done");
      },
      left: (_, code) => void left.push(code),
    });
    const link = await moor(pier);
    link.send(boarding(1));
    await link.next("accept");
    link.send(text(1, "work"), { type: "drain", withinMs: 5_000 });
    link.send({ type: "ping", token: new Uint8Array(8) });
    await link.next("pong");
    done.open();
    await link.closed;
    expect(link.received.slice(-2)).toEqual([text(1, "done"), { type: "credit", connId: 1, bytes: 68, messages: 1 }]);
    expect(left).toEqual([1012]);
  });

  test("asks to be drained when it is closed", async () => {
    await using pier = await openPier({});
    const link = await moor(pier);
    const closing = pier.bay.close();
    expect(await link.next("ready")).toEqual({ type: "ready", accepting: false });
    expect(await link.next("drain")).toEqual({ type: "drain", withinMs: 10_000 });
    link.send({ type: "drain", withinMs: 1_000 });
    await closing;
    await link.closed;
  });

  test("refuses a client beyond its limit, and one with a number that is aboard is a fault", async () => {
    await using pier = await openPier({}, { maxClients: 1 });
    const link = await moor(pier);
    link.send(boarding(1), boarding(2));
    expect(await link.next("refuse")).toMatchObject({ connId: 2, status: 503 });
    link.send(boarding(1));
    expect(await link.next("fault")).toMatchObject({ code: "MS_FRAME_UNEXPECTED" });
    await link.closed;
    expect(pier.bay.clients.size).toBe(0);
  });

  test("serves several links at once", async () => {
    await using pier = await openPier({ message: (client, data) => void client.send(data) });
    const links = [await moor(pier), await moor(pier)];
    for (const [at, link] of links.entries()) {
      link.send(boarding(at + 1));
      await link.next("accept");
      link.send(text(at + 1, `on ${at}`));
      expect((await link.next("message")).data.toString()).toBe(`on ${at}`);
    }
    expect(pier.bay.clients.size).toBe(2);
    links[0]!.socket.destroy();
    await eventually("one is left", () => pier.bay.clients.size === 1);
  });

  test("closes itself when mothership is gone, so that its process can end", async () => {
    const clock = new FakeClock();
    await using pier = await openPier({}, { clock, orphanMs: 10_000 });
    const link = await moor(pier);
    link.socket.destroy();
    await eventually("the link is gone", () => clock.nextIn === 5_000 || clock.nextIn === 10_000);
    await clock.advance(10_000);
    await pier.bay.closed;
    expect(existsSync(pier.bay.path)).toBe(false);
  });

  test("gives up a mothership that does not answer", async () => {
    const clock = new FakeClock();
    await using pier = await openPier({}, { clock });
    const link = await pier.dial();
    await link.next("dock");
    await clock.advance(10_000);
    await link.closed;
    expect(pier.failures).toMatchObject([{ code: "MS_DEADLINE" }]);
  });
});
