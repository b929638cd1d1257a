import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { silentLogger, systemClock } from "@mothership/kernel";
import { eventually, FakeClock, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { bayAddress, type Frame, openBayLink } from "../src/index.ts";
import { dock2, openFakeBay, terms } from "./fake-bay.ts";
import { openScriptedStage, openStage, refusalOf, visit } from "./stage.ts";

const deps = { clock: systemClock, log: silentLogger };

describe("openBayLink", () => {
  test("waits for the socket, docks, and hands over what the bay sends", async () => {
    using folder = tempFolder();
    const address = bayAddress("bay", folder.path);
    const received: Frame[] = [];
    const opening = openBayLink({ name: "bay", address, config: { a: "1" } }, deps, {
      session: "s1",
      receive: (frame) => void received.push(frame),
    });
    await using fake = await openFakeBay(address.path);
    const far = await fake.link();
    // The frame behind Dock is not lost either.
    far.send({ type: "dock", version: 2, ship: "bay", terms }, { type: "ready", accepting: true });
    const link = await opening;
    expect(await far.next("moored")).toMatchObject({ config: { a: "1" }, terms: { session: "s1" } });
    await eventually("Ready is handed over", () => received.length === 1);
    expect([link.version, link.ship, link.terms, link.features]).toEqual([2, "bay", terms, []]);
    link.send({ type: "drain", withinMs: 5 });
    expect(await far.next("drain")).toEqual({ type: "drain", withinMs: 5 });
    const events: string[] = [];
    link.events.on("lost", ({ kind }) => void events.push(kind));
    far.socket.end();
    expect(await link.ended).toMatchObject({ kind: "drained", code: "MS_LINK_CLOSED" });
    link.send({ type: "drain", withinMs: 6 });
    await link.close();
    await link.close();
    expect(events).toEqual(["drained"]);
  });

  test("ends with the signal, whether nobody listens or nobody docks", async () => {
    using folder = tempFolder();
    const address = bayAddress("bay", folder.path);
    for (const listens of [false, true]) {
      await using _ = listens ? await openFakeBay(address.path) : undefined;
      const controller = new AbortController();
      const opening = openBayLink({ name: "bay", address, config: {} }, deps, { signal: controller.signal });
      opening.catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      controller.abort(new Error("enough"));
      await expect(opening).rejects.toThrow("enough");
    }
  });

  test("names an obstacle that waiting does not remove", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("file"), "");
    const address = bayAddress("bay", folder.join("file"));
    await expect(openBayLink({ name: "bay", address, config: {} }, deps)).rejects.toMatchObject({
      code: "MS_BAY_UNREACHABLE",
      message: `Cannot connect to bay "bay" at ${address.path}`,
      cause: { code: "ENOTDIR" },
    });
  });

  test("closed with a signal that has fired does not wait for a bay that keeps the connection open", async () => {
    using folder = tempFolder();
    const address = bayAddress("bay", folder.path);
    await using fake = await openFakeBay(address.path);
    const opening = openBayLink({ name: "bay", address, config: {} }, deps);
    const far = await fake.link();
    far.send({ type: "dock", version: 1, ship: "bay" });
    const link = await opening;
    far.socket.pause();
    await link.close({ signal: AbortSignal.abort() });
    expect(await link.ended).toMatchObject({ kind: "ours" });
  });
});

describe("dialling again", () => {
  test("waits longer after each fault, and not at all after a plain loss", async () => {
    const clock = new FakeClock();
    await using stage = await openScriptedStage({}, clock);
    const waits: number[] = [];
    for (let fault = 1; fault <= 3; fault++) {
      const link = await dock2(stage.fake);
      link.raw(Buffer.from([0x7f, 0, 0, 0, 0]));
      await eventually("the fault is noticed", () => stage.events.lost.length === fault);
      await eventually("the next try is planned", () => clock.nextIn !== undefined && clock.nextIn < 1_000);
      waits.push(clock.nextIn!);
      await clock.advance(clock.nextIn!);
    }
    for (const [at, wait] of waits.entries()) expect(Math.abs(wait - 100 * 2 ** at)).toBeLessThanOrEqual(20 * 2 ** at + 1);
    const link = await dock2(stage.fake);
    await clock.advance(10_000);
    link.socket.end();
    await dock2(stage.fake);
  });
});

describe("a client is turned away, or cut", () => {
  test("with 503 when no link comes up in time", async () => {
    await using stage = await openStage({ limits: { acceptMs: 30 } });
    expect(await refusalOf(stage.edge.url)).toMatchObject({
      status: 503,
      headers: { "x-mothership-error": "bay-unavailable", "retry-after": "1" },
    });
  });

  test("with 503 when there are too many", async () => {
    await using stage = await openScriptedStage({ limits: { maxClients: 1 } });
    const link = await dock2(stage.fake);
    const opening = stage.connect();
    const { connId } = await link.next("boarding");
    expect(await refusalOf(stage.edge.url)).toMatchObject({ status: 503, headers: { "x-mothership-error": "bay-full" } });
    link.send({ type: "accept", connId, protocol: "", headers: [] });
    await opening;
  });

  test("with 503 after the bay was closed", async () => {
    await using stage = await openScriptedStage();
    await dock2(stage.fake);
    await stage.bay.close();
    expect(await refusalOf(stage.edge.url)).toMatchObject({ status: 503 });
  });

  test("with 431 when its headers do not fit a frame", async () => {
    await using stage = await openScriptedStage({ limits: { maxJsonBytes: 700 } });
    const link = await dock2(stage.fake);
    expect(await refusalOf(stage.edge.url, { "X-Long": "x".repeat(1_000) })).toMatchObject({ status: 431 });
    expect(link.received.map(({ type }) => type)).toEqual(["moored"]);
  });

  test("with 403 when its page is of another origin", async () => {
    await using stage = await openScriptedStage({ origins: ["https://example.org"] });
    expect(await refusalOf(stage.edge.url, { Origin: "https://evil.example" })).toMatchObject({ status: 403 });
  });

  test("with 426 when it asks for no WebSocket", async () => {
    await using stage = await openScriptedStage();
    const response = await fetch(stage.edge.url.replace("ws:", "http:"));
    expect([response.status, response.headers.get("upgrade")]).toEqual([426, "websocket"]);
  });

  test("when it answers no ping", async () => {
    await using stage = await openScriptedStage({ limits: { clientPingMs: 64 } });
    const link = await dock2(stage.fake);
    const openings = [stage.connect(), stage.connect()];
    for (let count = 0; count < 2; count++)
      link.send({ type: "accept", connId: (await link.next("boarding")).connId, protocol: "", headers: [] });
    const [dead, alive] = await Promise.all(openings);
    dead!.socket.pause();
    expect(await link.next("disembark")).toMatchObject({ code: 1006, reason: "the client answered no ping" });
    expect(stage.events.left).toMatchObject([{ by: "limit", code: 1006 }]);
    expect(alive!.socket.readyState).toBe(alive!.socket.OPEN);
  });
});

test("compression is agreed with a client that offers it, where the bay allows it", async () => {
  await using stage = await openScriptedStage({ deflate: true });
  const link = await dock2(stage.fake);
  const visitor = visit(stage.edge.url, { perMessageDeflate: true });
  link.send({ type: "accept", connId: (await link.next("boarding")).connId, protocol: "", headers: [] });
  await visitor.opened;
  expect(visitor.socket.extensions).toBe("permessage-deflate");
  visitor.socket.send("x".repeat(50_000));
  expect((await link.next("message")).data.toString()).toBe("x".repeat(50_000));
  link.send({ type: "message", connId: 1, binary: false, continues: false, data: Buffer.from("y".repeat(50_000)) });
  expect(await visitor.next()).toBe("y".repeat(50_000));
  visitor.socket.close();
  await visitor.closed;
});

test("a connection that sends garbage instead of docking costs nothing but itself", async () => {
  using folder = tempFolder();
  const address = bayAddress("bay", folder.path);
  await using fake = await openFakeBay(address.path);
  const opening = openBayLink({ name: "bay", address, config: {} }, deps);
  const far = await fake.link();
  far.raw(Buffer.alloc(100_000, 0xee));
  await expect(opening).rejects.toMatchObject({ code: "MS_FRAME_UNKNOWN" });
  await far.closed;
  // Nobody else's socket was touched.
  const other = connect(address.path);
  await new Promise((resolve) => other.once("connect", resolve));
  other.destroy();
});
