import { eventually } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import type { Frame } from "../src/frame.ts";
import { accept, dock1, dock2, type FakeLink, terms, text } from "./fake-bay.ts";
import { openScriptedStage } from "./stage.ts";

const piece = { type: "message", binary: true, continues: true, data: Buffer.alloc(65_536) } as const;

describe("a link is cut, with a reason in log and event, when the bay", () => {
  test.each<readonly [string, string, (link: FakeLink) => void]>([
    ["sends bytes that are no frame", "MS_FRAME_UNKNOWN", (link) => link.raw(Buffer.from("GET / HTTP/1.1\r\n\r\n"))],
    ["sends a malformed frame", "MS_FRAME_MALFORMED", (link) => link.raw(Buffer.from([0x20, 0, 0, 0, 1, 7]))],
    ["announces a frame that is too long", "MS_FRAME_TOO_LARGE", (link) => link.raw(Buffer.from([0x11, 0xff, 0xff, 0xff, 0xff]))],
    ["docks twice", "MS_FRAME_UNEXPECTED", (link) => link.send({ type: "dock", version: 2, ship: "bay", terms })],
    ["sends what only mothership may", "MS_FRAME_UNEXPECTED", (link) => link.send({ type: "moored", version: 2, config: {} })],
    ["sends Cargo in version 2", "MS_FRAME_UNEXPECTED", (link) => link.send({ type: "cargo", connId: 1, data: Buffer.from("x") })],
    ["sends to a client that never boarded", "MS_FRAME_UNEXPECTED", (link) => link.send(text(99, "x"))],
    [
      "returns credit for a client that never boarded",
      "MS_FRAME_UNEXPECTED",
      (link) => link.send({ type: "credit", connId: 99, bytes: 1, messages: 1 }),
    ],
    [
      "returns credit that it does not owe",
      "MS_CREDIT_EXCEEDED",
      (link) => link.send({ type: "credit", connId: 1, bytes: 1, messages: 0 }),
    ],
    [
      "returns credit for messages that were not sent",
      "MS_CREDIT_EXCEEDED",
      (link) => link.send({ type: "credit", connId: 1, bytes: 0, messages: 1 }),
    ],
    ["changes the kind in the middle of a message", "MS_FRAME_MALFORMED", (link) => link.send({ ...piece, connId: 1 }, text(1, "x"))],
    ["sends a message that is too long", "MS_FRAME_TOO_LARGE", (link) => link.send(...Array<Frame>(5).fill({ ...piece, connId: 1 }))],
    ["says that we are at fault", "MS_LINK_FAULT", (link) => link.send({ type: "fault", code: "MS_FRAME_UNKNOWN", message: "what?" })],
  ])("%s", async (_, code, misbehave) => {
    await using stage = await openScriptedStage({ limits: { maxMessageBytes: 300_000 } });
    const link = await dock2(stage.fake, { features: ["reboard"] });
    const opening = stage.connect();
    await accept(link);
    const visitor = await opening;
    misbehave(link);
    await link.closed;
    await eventually("the loss is reported", () => stage.events.lost.length === 1);
    expect(stage.events.lost).toMatchObject([{ kind: "fault", code, links: 0 }]);
    expect(stage.log.lines.filter(({ message }) => message === "a link to a bay is lost")).toMatchObject([
      { level: "warn", fields: { code } },
    ]);
    // A bay is told what it did wrong, except that its own Fault is not answered.
    expect(link.received.filter(({ type }) => type === "fault")).toMatchObject(code === "MS_LINK_FAULT" ? [] : [{ code }]);
    // The client stays, for the next process.
    expect(visitor.socket.readyState).toBe(visitor.socket.OPEN);
    const next = await dock2(stage.fake, { features: ["reboard"] });
    expect(await next.next("boarding")).toMatchObject({ connId: 1, reboarding: { epoch: 1 } });
  });

  test("sends a message before it has accepted the client", async () => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake);
    const failing = stage.connect().catch(() => undefined);
    await link.next("boarding");
    link.send(text(1, "too early"));
    expect(await link.next("fault")).toMatchObject({ code: "MS_FRAME_UNEXPECTED" });
    // The request was not answered yet, so it simply boards the next link.
    const next = await dock2(stage.fake);
    const boarding = await next.next("boarding");
    expect(boarding).not.toHaveProperty("reboarding");
    next.send({ type: "accept", connId: boarding.connId, protocol: "", headers: [] });
    await failing;
  });

  test("sends more than its credit", async () => {
    await using stage = await openScriptedStage({ limits: { clientWindowBytes: 1_000 } });
    const link = await dock2(stage.fake);
    const opening = stage.connect();
    await accept(link);
    const visitor = await opening;
    visitor.socket.pause();
    // The last message may go beyond the window, the next one may not begin. Nothing is read in between, for all is one chunk.
    link.send(text(1, "x".repeat(900)), text(1, "x".repeat(900)), text(1, "x"));
    expect(await link.next("fault")).toMatchObject({ code: "MS_CREDIT_EXCEEDED" });
  });

  test("has more than 16 messages incomplete", async () => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake);
    const openings = Array.from({ length: 17 }, () => stage.connect());
    for (let count = 0; count < 17; count++) await accept(link);
    await Promise.all(openings);
    for (let connId = 1; connId <= 16; connId++) link.send({ ...piece, connId });
    link.send({ type: "ping", token: Buffer.alloc(8, 7) });
    expect(await link.next("pong")).toEqual({ type: "pong", token: new Uint8Array(8).fill(7) });
    link.send({ ...piece, connId: 17 });
    expect(await link.next("fault")).toMatchObject({ code: "MS_FRAME_UNEXPECTED" });
  });

  test("of version 1 sends garbage: without a Fault, which it would not know", async () => {
    await using stage = await openScriptedStage();
    const link = await dock1(stage.fake);
    link.send({ type: "ready", accepting: true });
    await link.closed;
    expect(link.received.map(({ type }) => type)).toEqual(["moored"]);
    expect(stage.events.lost).toMatchObject([{ kind: "fault", code: "MS_FRAME_UNEXPECTED" }]);
  });

  test("breaks off in the middle of a frame", async () => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake);
    link.socket.end(Buffer.from([0x20, 0, 0]));
    await eventually("the loss is reported", () => stage.events.lost.length === 1);
    expect(stage.events.lost).toMatchObject([{ kind: "fault", code: "MS_LINK_CLOSED" }]);
  });

  test("does not answer a Ping", async () => {
    await using stage = await openScriptedStage({ limits: { pingMs: 30 } });
    const link = await dock2(stage.fake);
    const ping = await link.next("ping");
    link.send({ type: "pong", token: ping.token });
    await link.next("ping");
    await link.closed;
    expect(stage.events.lost).toMatchObject([{ kind: "silent", code: "MS_LINK_SILENT" }]);
  });
});

describe("before it is moored, a bay", () => {
  test.each<readonly [string, Frame]>([
    ["that begins with another frame", { type: "ready", accepting: true }],
    ["that plays mothership", { type: "moored", version: 1, config: {} }],
  ])("%s is dropped and dialled again, more slowly each time", async (_, frame) => {
    await using stage = await openScriptedStage();
    const link = await stage.fake.link();
    link.send(frame);
    await link.closed;
    await dock2(stage.fake);
    await stage.bay.ready();
    expect(stage.log.lines.filter(({ level }) => level === "warn")).toMatchObject([{ fields: { code: "MS_FRAME_UNEXPECTED" } }]);
  });

  test("that says nothing is dropped after the deadline", async () => {
    await using stage = await openScriptedStage({ limits: { dockMs: 30 } });
    const link = await stage.fake.link();
    await link.closed;
    expect(stage.log.lines).toMatchObject([{ level: "warn", fields: { code: "MS_DEADLINE" } }]);
  });

  test("whose configuration does not fit a frame is not moored", async () => {
    await using stage = await openScriptedStage({ config: { long: "x".repeat(70_000) } });
    const link = await stage.fake.link();
    link.send({ type: "dock", version: 1, ship: "bay" });
    await link.closed;
    expect(stage.log.lines).toMatchObject([{ level: "warn", fields: { code: "MS_FRAME_TOO_LARGE" } }]);
  });

  test("that docks under another name is let in, with a warning", async () => {
    await using stage = await openScriptedStage();
    await dock1(stage.fake, "somebody else");
    expect(stage.log.lines[0]).toMatchObject({ level: "warn", message: "a bay docked under another name" });
  });
});
