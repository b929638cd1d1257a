import { once } from "node:events";
import { connect } from "node:net";
import { eventually, FakeClock, tempFolder } from "@mothership/testkit";
import { expect, test } from "vitest";
import { type BayClient, serveBay } from "../src/bay.ts";
import type { Frame, FrameType } from "../src/frame.ts";
import { accept, dock2, type FakeLink, fakeLink, terms, text } from "./fake-bay.ts";
import { randomSource } from "./fuzz.ts";
import { openScriptedStage, type Visitor } from "./stage.ts";

const sessions = Number(process.env["DOCKING_SESSIONS"] ?? 150);
const faults = [
  "MS_FRAME_UNKNOWN",
  "MS_FRAME_TOO_LARGE",
  "MS_FRAME_MALFORMED",
  "MS_FRAME_UNEXPECTED",
  "MS_CREDIT_EXCEEDED",
  "MS_LINK_FAULT",
  "MS_LINK_CLOSED",
];

type Random = (below: number) => number;

/** A frame that is well-formed, and mostly out of place. */
function anyFrame(random: Random, connId: number, common: readonly FrameType[]): Frame {
  const data = Buffer.alloc(random(10) === 0 ? 70_000 : random(50), random(256)).subarray(0, 65_536);
  const frames: (() => Frame)[] = [
    () => ({ type: "accept", connId, protocol: random(8) === 0 ? "unasked" : "", headers: random(8) === 0 ? [["x", "a\nb"]] : [] }),
    () => ({ type: "accept", connId, protocol: "", headers: [] }),
    () => ({ type: "refuse", connId, status: 300 + random(300), headers: [], body: "no" }),
    () => ({ type: "disembark", connId, code: random(65_536), reason: "x".repeat(random(300)) }),
    () => ({ type: "message", connId, binary: random(2) === 0, continues: data.length === 65_536, data }),
    () => ({ type: "message", connId, binary: true, continues: false, data }),
    () => ({ type: "credit", connId, bytes: random(3) * 65, messages: random(2) }),
    () => ({ type: "ready", accepting: random(3) > 0 }),
    () => ({ type: "ping", token: Buffer.alloc(8, random(256)) }),
    () => ({ type: "pong", token: Buffer.alloc(8) }),
    () => ({ type: "drain", withinMs: random(1_000) }),
    () => ({ type: "cargo", connId, data }),
    () => ({ type: "fault", code: "MS_ANY", message: "" }),
    () => ({ type: "dock", version: 2, ship: "bay", terms }),
    () => ({ type: "moored", version: 2, config: {} }),
    () => ({
      type: "boarding",
      connId,
      path: "/",
      remoteAddr: "",
      headers: {},
      protocols: [],
      ...(random(4) === 0 && { reboarding: { epoch: 1, sent: 1, taken: 0, delivered: 0 } }),
    }),
  ];
  const all = frames.map((make) => make());
  const some = all.filter(({ type }) => common.includes(type));
  // What may come there keeps a session going; the rest ends it.
  const choice = random(12) === 0 ? all : some;
  return choice[random(choice.length)]!;
}

const fromBay = ["accept", "refuse", "disembark", "message", "credit", "ready", "ping", "pong", "drain"] as const;
const fromMothership = ["boarding", "disembark", "message", "credit", "ping", "pong", "drain"] as const;

function anySession(link: FakeLink, random: Random, lastId: number, common: readonly FrameType[]): void {
  for (let count = random(40); count > 0; count--) link.send(anyFrame(random, 1 + random(lastId + 1), common));
  if (random(10) === 0) link.raw(Buffer.from([random(256), 0, 0, 0, random(10), random(256)]));
  if (random(2) === 0) link.socket.end();
}

test(`mothership outlives ${sessions} bays that send frames at random, and so do the clients that they did not close`, {
  timeout: 300_000,
}, async () => {
  const random = randomSource(7);
  const clock = new FakeClock();
  const features = ["reboard", "drain"];
  await using stage = await openScriptedStage({}, clock);
  const visitors = new Set<Visitor>();
  for (let session = 0; session < sessions; session++) {
    const link = await stage.fake.link();
    link.send({ type: "dock", version: 2, ship: "bay", terms: { ...terms, features } });
    await link.next("moored");
    link.send({ type: "ready", accepting: true });
    // Some new clients, whose handshakes may or may not be answered, and some that speak.
    const opening = stage.connect().then((visitor) => {
      visitors.add(visitor);
      void visitor.closed.then(() => visitors.delete(visitor));
    });
    opening.catch(() => undefined);
    for (const { socket } of visitors) if (socket.readyState === socket.OPEN) socket.send("hello");
    await link.next("boarding");
    anySession(link, random, stage.bay.snapshot().boardings + 3, fromBay);
    await new Promise((resolve) => setImmediate(resolve));
    link.socket.end();
    await eventually("the link is noticed to be over", () => stage.events.lost.length > session);
    await clock.advance(6_000);
  }
  const codes = new Set(stage.events.lost.map(({ code }) => code));
  expect([...codes].filter((code) => !faults.includes(code))).toEqual([]);
  expect(codes.size).toBeGreaterThanOrEqual(3);
  const link = await dock2(stage.fake, { features });
  void (async () => {
    for (;;) await accept(link);
  })();
  const visitor = await stage.connect();
  visitor.socket.send("still there?");
  const { connId } = await link.next("message").then(async function find(frame): Promise<typeof frame> {
    return frame.data.toString() === "still there?" ? frame : find(await link.next("message"));
  });
  link.send(text(connId, "yes"));
  expect(await visitor.next()).toBe("yes");
});

test(`a bay outlives ${sessions} links that send frames at random`, { timeout: 300_000 }, async () => {
  const random = randomSource(8);
  using folder = tempFolder();
  const failures: unknown[] = [];
  const aboard = new Set<BayClient>();
  await using bay = await serveBay(
    {
      board: (client) => void aboard.add(client) as undefined,
      message: (client, data) => {
        client.send(data);
        return client.flushed();
      },
      left: (client) => void aboard.delete(client),
      failed: (error) => void failures.push(error),
    },
    { path: folder.join("bay.sock") },
  );
  const dial = async (): Promise<FakeLink> => {
    const socket = connect(bay.path);
    await once(socket, "connect");
    return fakeLink(socket);
  };
  for (let session = 0; session < sessions; session++) {
    const link = await dial();
    await link.next("dock");
    const moored = { features: ["reboard", "drain"], window: 500, linkWindow: 2_000, maxMessage: 100_000, session: "s", pingMs: 1_000 };
    if (random(20) > 0) link.send({ type: "moored", version: 2, config: {}, terms: moored });
    for (let connId = 1; connId <= 3; connId++)
      link.send({ type: "boarding", connId, path: "/", remoteAddr: "", headers: {}, protocols: [] });
    anySession(link, random, 3, fromMothership);
    await new Promise((resolve) => setImmediate(resolve));
    link.socket.end();
    await link.closed;
  }
  await eventually("nobody is left aboard", () => bay.clients.size === 0 && aboard.size === 0);
  const codes = new Set(failures.map((error) => (error instanceof Error && "code" in error ? String(error.code) : String(error))));
  expect([...codes].filter((code) => !faults.includes(code))).toEqual([]);
  expect(codes.size).toBeGreaterThanOrEqual(3);
});
