import { eventually } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { accept, dock2, terms, text } from "./fake-bay.ts";
import { openScriptedStage, refusalOf } from "./stage.ts";

describe("a bay of version 2", () => {
  test("is answered with mothership's terms and the features that both know", async () => {
    await using stage = await openScriptedStage({ config: { a: "1" }, limits: { pingMs: 7_000, maxMessageBytes: 5_000 } });
    const link = await stage.fake.link();
    link.send({ type: "dock", version: 9, ship: "bay", terms: { ...terms, features: ["drain", "time-travel"] } });
    const moored = await link.next("moored");
    expect(moored).toMatchObject({ version: 2, config: { a: "1" } });
    expect(moored.terms).toEqual({
      features: ["drain"],
      window: 262_144,
      linkWindow: 16_777_216,
      maxMessage: 5_000,
      session: expect.stringMatching(/^[\da-f]{16}$/),
      pingMs: 7_000,
    });
  });

  test("gets no client before Ready, and none while it says that it takes none", async () => {
    await using stage = await openScriptedStage();
    const waiting = stage.connect("/first");
    const link = await stage.fake.link();
    link.send({ type: "dock", version: 2, ship: "bay", terms });
    await link.next("moored");
    await eventually("the client waits", () => stage.bay.snapshot().waiting === 1);
    expect(stage.bay.snapshot().accepting).toBe(false);
    link.send({ type: "ready", accepting: true });
    await accept(link);
    const visitor = await waiting;
    link.send({ type: "ready", accepting: false });
    await eventually("the bay takes none", () => !stage.bay.snapshot().accepting);
    const second = stage.connect("/second");
    await eventually("the second client waits", () => stage.bay.snapshot().waiting === 1);
    // Those who are there stay.
    visitor.socket.send("still served");
    expect((await link.next("message")).data.toString()).toBe("still served");
    link.send({ type: "ready", accepting: true });
    expect(await accept(link)).toBe(2);
    await second;
  });

  test("chooses the sub-protocol and adds headers before the handshake is answered", async () => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake);
    const opening = stage.connect("/", { protocols: ["a", "b"] });
    const boarding = await link.next("boarding");
    expect(boarding.protocols).toEqual(["a", "b"]);
    link.send({
      type: "accept",
      connId: 1,
      protocol: "b",
      headers: [
        ["Set-Cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["Sec-WebSocket-Accept", "forged"],
      ],
    });
    const visitor = await opening;
    expect(visitor.socket.protocol).toBe("b");
  });

  test("refuses a client with an HTTP response", async () => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake);
    const refusal = refusalOf(stage.edge.url);
    await link.next("boarding");
    link.send({
      type: "refuse",
      connId: 1,
      status: 401,
      headers: [
        ["WWW-Authenticate", "Bearer"],
        ["Content-Length", "9999"],
      ],
      body: "sign in\n",
    });
    expect(await refusal).toMatchObject({
      status: 401,
      headers: { "www-authenticate": "Bearer", "content-length": "8" },
      body: "sign in\n",
    });
    expect(stage.bay.snapshot().clients).toBe(0);
    expect(stage.events.boarded).toEqual([]);
  });

  test.each([
    ["a sub-protocol that was not offered", { protocol: "b", headers: [] }],
    ["a header that cannot be sent", { protocol: "", headers: [["X-Split", "a\r\nb"]] }],
  ] as const)("that answers with %s has the client turned away with 502", async (_, answer) => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake);
    const refusal = refusalOf(stage.edge.url);
    await link.next("boarding");
    link.send({ type: "accept", connId: 1, ...answer });
    expect(await refusal).toMatchObject({ status: 502, headers: { "x-mothership-error": "bay-invalid" } });
    expect(await link.next("disembark")).toMatchObject({ connId: 1, code: 1011 });
  });

  test("turns a client away by Disembark in place of Accept", async () => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake);
    const refusal = refusalOf(stage.edge.url);
    await link.next("boarding");
    link.send({ type: "disembark", connId: 1, code: 1008, reason: "no" });
    expect(await refusal).toMatchObject({ status: 403 });
    expect(link.received.filter(({ type }) => type === "disembark")).toEqual([]);
  });

  test("that does not answer in time has the client turned away with 504", async () => {
    await using stage = await openScriptedStage({ limits: { acceptMs: 50 } });
    const link = await dock2(stage.fake);
    expect(await refusalOf(stage.edge.url)).toMatchObject({ status: 504, headers: { "x-mothership-error": "bay-timeout" } });
    expect(await link.next("disembark")).toMatchObject({ connId: 1, code: 1013 });
    // An answer that crosses the Disembark is nobody's fault.
    link.send({ type: "accept", connId: 1, protocol: "", headers: [] });
    const second = stage.connect();
    await link.next("boarding");
    expect((await link.next("boarding")).connId).toBe(2);
    link.send({ type: "accept", connId: 2, protocol: "", headers: [] });
    await second;
  });

  test("is told of a client that leaves during the handshake", async () => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake);
    const failing = expect(stage.connect()).rejects.toThrow();
    await link.next("boarding");
    for (const socket of stage.edge.sockets) socket.destroy();
    expect(await link.next("disembark")).toMatchObject({ connId: 1, code: 1006 });
    await failing;
    expect(stage.bay.snapshot().clients).toBe(0);
  });

  test("says of each message whether it is text or binary", async () => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake);
    const opening = stage.connect();
    await accept(link);
    const visitor = await opening;
    visitor.socket.send("text");
    visitor.socket.send(Buffer.from("bytes"));
    visitor.socket.send("");
    const messages = [await link.next("message"), await link.next("message"), await link.next("message")];
    expect(messages.map(({ binary, data }) => [binary, data.toString()])).toEqual([
      [false, "text"],
      [true, "bytes"],
      [false, ""],
    ]);
    link.send(text(1, "text"), { type: "message", connId: 1, binary: true, continues: false, data: Buffer.from("bytes") });
    expect([await visitor.next(), await visitor.next()]).toEqual(["text", Buffer.from("bytes")]);
    link.send({ type: "message", connId: 1, binary: false, continues: false, data: Buffer.from([0xff]) });
    expect(await visitor.closed).toEqual([1011, "the bay sent text that is not UTF-8"]);
  });

  test("exchanges long messages in pieces, between which others get their turn", async () => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake);
    const openings = [stage.connect(), stage.connect()];
    await accept(link);
    await accept(link);
    const [first, second] = await Promise.all(openings);
    const long = Buffer.alloc(150_000, "é");
    first!.socket.send(long.toString());
    const pieces = [await link.next("message"), await link.next("message"), await link.next("message")];
    expect(pieces.map(({ continues, data }) => [continues, data.length])).toEqual([
      [true, 65_536],
      [true, 65_536],
      [false, 18_928],
    ]);
    expect(Buffer.concat(pieces.map(({ data }) => data)).equals(long)).toBe(true);
    // The cut at 65,536 falls between two characters here, the next one does not matter: text is checked as a whole.
    const odd = Buffer.from(`x${long.toString()}`).subarray(0, 131_073);
    link.send(
      { type: "message", connId: 1, binary: false, continues: true, data: odd.subarray(0, 65_536) },
      text(2, "in between"),
      { type: "message", connId: 1, binary: false, continues: true, data: odd.subarray(65_536, 131_072) },
      { type: "message", connId: 1, binary: false, continues: false, data: odd.subarray(131_072) },
    );
    expect(await second!.next()).toBe("in between");
    expect(await first!.next()).toBe(odd.toString());
  });

  test("closes a client that sends more than the bay takes with 1009", async () => {
    await using stage = await openScriptedStage();
    const link = await dock2(stage.fake, { maxMessage: 100 });
    const opening = stage.connect();
    await accept(link);
    const visitor = await opening;
    visitor.socket.send("x".repeat(100));
    await link.next("message");
    visitor.socket.send("x".repeat(101));
    expect(await visitor.closed).toEqual([1009, "the message is longer than the bay takes"]);
    expect(await link.next("disembark")).toMatchObject({ code: 1009 });
  });

  test("gives new clients to the link that has the fewest, of as many as the bay asks for", async () => {
    await using stage = await openScriptedStage({ limits: { maxLinks: 2 } });
    const first = await dock2(stage.fake, { features: ["links"], links: 9 });
    const second = await dock2(stage.fake, { features: ["links"], links: 9 });
    await eventually("both take clients", () => stage.bay.snapshot().links === 2);
    const sessions = [first, second].map(({ received }) => received.map((frame) => frame.type === "moored" && frame.terms?.session)[0]);
    expect(sessions[0]).toBe(sessions[1]);
    const openings = [stage.connect(), stage.connect(), stage.connect(), stage.connect()];
    const ids = [await accept(first), await accept(first), await accept(second), await accept(second)];
    expect(ids.toSorted()).toEqual([1, 2, 3, 4]);
    await Promise.all(openings);
    expect(stage.events.moored).toEqual([
      { version: 2, links: 1 },
      { version: 2, links: 2 },
    ]);
  });
});
