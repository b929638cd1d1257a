import { encodeWebSocketFrame as encode, opcodes, openRawClient, type RawClient } from "@mothership/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ServedBay, serveBay } from "../src/bay.ts";
import { openStage, type Stage, visit } from "./stage.ts";

const { continuation, text, binary, close, ping, pong } = opcodes;
const maxMessageBytes = 100_000;
let stage: Stage;
let bay: ServedBay;

beforeAll(async () => {
  stage = await openStage({ limits: { maxMessageBytes } });
  bay = await serveBay({ message: (client, data) => void client.send(data) }, { path: stage.path, name: "bay" });
  await stage.bay.ready();
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await bay.close();
});

async function rawClient(): Promise<RawClient & Disposable> {
  const client = await openRawClient(stage.edge.port);
  return { ...client, [Symbol.dispose]: () => client.socket.destroy() };
}

/** The echo of one message, put together from however many frames. */
async function echo(client: RawClient): Promise<{ readonly opcode: number; readonly payload: Buffer }> {
  const first = await client.next();
  if (!first) throw new Error("the connection ended");
  const payloads = [first.payload];
  for (let frame = first; !frame.fin; payloads.push(frame.payload)) frame = (await client.next()) ?? { ...frame, fin: true };
  return { opcode: first.opcode, payload: Buffer.concat(payloads) };
}

describe("the opening handshake (RFC 6455, 4.2)", () => {
  test("proves itself with the accept value of the RFC's example", async () => {
    using client = await rawClient();
    expect(client.head).toMatch(/^HTTP\/1\.1 101 /);
    expect(client.head).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    expect(client.head.toLowerCase()).not.toContain("sec-websocket-extensions");
  });

  test.each<readonly [string, Record<string, string>, number, string]>([
    ["another version", { "Sec-WebSocket-Version": "8" }, 426, "Sec-WebSocket-Version: 13"],
    ["a key that is too short", { "Sec-WebSocket-Key": "c2hvcnQ=" }, 400, "X-Mothership-Error: bad-handshake"],
    ["a key that is no base64", { "Sec-WebSocket-Key": "!!!!!!!!!!!!!!!!!!!!!!==" }, 400, "X-Mothership-Error: bad-handshake"],
    ["the same sub-protocol twice", { "Sec-WebSocket-Protocol": "a, a" }, 400, "X-Mothership-Error: bad-handshake"],
    ["a sub-protocol that is no token", { "Sec-WebSocket-Protocol": "a b" }, 400, "X-Mothership-Error: bad-handshake"],
    ["another protocol to upgrade to", { Upgrade: "h2c" }, 426, "Upgrade: websocket"],
  ])("refuses %s", async (_, headers, status, field) => {
    const client = await openRawClient(stage.edge.port, { headers });
    expect(client.head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(client.head).toContain(field);
    client.socket.destroy();
  });

  test("takes bytes that came with the request as the first frames", async () => {
    const client = await openRawClient(stage.edge.port, { early: encode(text, Buffer.from("early")) });
    expect((await client.next())?.payload.toString()).toBe("early");
    client.socket.destroy();
  });
});

describe("messages (RFC 6455, 5 and 8.1)", () => {
  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 65_537, maxMessageBytes])(
    "of %i bytes come back as they were, text and binary",
    async (length) => {
      using client = await rawClient();
      const payload = Buffer.alloc(length, "a");
      for (const opcode of [text, binary]) {
        client.send(opcode, payload);
        const { opcode: echoed, payload: back } = await echo(client);
        expect([echoed, back.equals(payload)]).toEqual([opcode, true]);
      }
    },
  );

  test("arrive however the bytes are cut", async () => {
    using client = await rawClient();
    for (const byte of encode(text, Buffer.from("cut to pieces"))) client.socket.write(Uint8Array.of(byte));
    expect((await echo(client)).payload.toString()).toBe("cut to pieces");
  });

  test("may be fragmented, with pings between the fragments", async () => {
    using client = await rawClient();
    client.send(text, "frag", { fin: false });
    client.send(continuation, "", { fin: false });
    client.send(ping, "are you there");
    client.send(continuation, "mented");
    expect(await client.next()).toMatchObject({ opcode: pong, payload: Buffer.from("are you there") });
    expect((await echo(client)).payload.toString()).toBe("fragmented");
  });

  test("may have a character cut by a fragment", async () => {
    using client = await rawClient();
    const euro = Buffer.from("€");
    client.send(text, euro.subarray(0, 1), { fin: false });
    client.send(continuation, euro.subarray(1));
    expect((await echo(client)).payload.toString()).toBe("€");
  });

  test("an unasked pong is ignored", async () => {
    using client = await rawClient();
    client.send(pong, "nobody asked");
    client.send(text, "next");
    expect((await echo(client)).payload.toString()).toBe("next");
  });
});

describe("a client is closed", () => {
  const euro = Buffer.from("€");
  test.each<readonly [string, number, (client: RawClient) => void]>([
    ["with 1002 for a frame without a mask (5.1)", 1002, (client) => client.send(text, "x", { masked: false })],
    ["with 1002 for RSV1 without an extension (5.2)", 1002, (client) => client.send(text, "x", { rsv: 4 })],
    ["with 1002 for RSV2 (5.2)", 1002, (client) => client.send(text, "x", { rsv: 2 })],
    ["with 1002 for RSV3 (5.2)", 1002, (client) => client.send(text, "x", { rsv: 1 })],
    ["with 1002 for a reserved data opcode (5.2)", 1002, (client) => client.send(3, "x")],
    ["with 1002 for a reserved control opcode (5.2)", 1002, (client) => client.send(11, "")],
    ["with 1002 for a ping of more than 125 bytes (5.5)", 1002, (client) => client.send(ping, "x".repeat(126))],
    ["with 1002 for a fragmented ping (5.5)", 1002, (client) => client.send(ping, "x", { fin: false })],
    ["with 1002 for a continuation of nothing (5.4)", 1002, (client) => client.send(continuation, "x")],
    [
      "with 1002 for a new message inside a fragmented one (5.4)",
      1002,
      (client) => {
        client.send(text, "a", { fin: false });
        client.send(text, "b");
      },
    ],
    ["with 1002 for a close frame of one byte (5.5.1)", 1002, (client) => client.send(close, "x")],
    ["with 1002 for close code 1005 on the wire (7.4.1)", 1002, (client) => client.send(close, Buffer.from([0x03, 0xed]))],
    ["with 1002 for close code 999 (7.4.2)", 1002, (client) => client.send(close, Buffer.from([0x03, 0xe7]))],
    ["with 1002 for close code 5000 (7.4.2)", 1002, (client) => client.send(close, Buffer.from([0x13, 0x88]))],
    ["with 1007 for text that is not UTF-8 (8.1)", 1007, (client) => client.send(text, Buffer.from([0xff]))],
    ["with 1007 for an overlong form (8.1)", 1007, (client) => client.send(text, Buffer.from([0xc0, 0xaf]))],
    ["with 1007 for a surrogate (8.1)", 1007, (client) => client.send(text, Buffer.from([0xed, 0xa0, 0x80]))],
    ["with 1007 for a character that is cut off (8.1)", 1007, (client) => client.send(text, euro.subarray(0, 2))],
    [
      "with 1007 for text that is spoilt by its last fragment (8.1)",
      1007,
      (client) => {
        client.send(text, "good", { fin: false });
        client.send(continuation, Buffer.from([0x80]));
      },
    ],
    ["with 1007 for a close reason that is not UTF-8 (5.5.1)", 1007, (client) => client.send(close, Buffer.from([0x03, 0xe8, 0xff]))],
    [
      "with 1009 for a message that is too long, known from its header",
      1009,
      (client) => client.send(binary, "", { claimed: maxMessageBytes + 1 }),
    ],
    [
      "with 1009 for fragments that are too long together",
      1009,
      (client) => {
        client.send(binary, Buffer.alloc(60_000), { fin: false });
        client.send(continuation, Buffer.alloc(60_000));
      },
    ],
    ["with 1009 for a length of 2^62", 1009, (client) => client.send(binary, "", { claimed: 2 ** 62 })],
    [
      "with 1008 for too many fragments",
      1008,
      (client) => {
        client.send(text, "", { fin: false });
        client.socket.write(Buffer.concat(Array.from({ length: 16_384 }, () => encode(continuation, Buffer.alloc(0), { fin: false }))));
      },
    ],
    ["with its own code (5.5.1)", 4711, (client) => client.send(close, Buffer.from([0x12, 0x67]))],
    ["without a code when it gave none (7.1.5)", 1005, (client) => client.send(close, "")],
  ])("%s", async (_, code, misbehave) => {
    using client = await rawClient();
    misbehave(client);
    expect(await client.closeCode()).toBe(code);
    // The connection ends, whatever the client does.
    expect(await client.next()).toBeUndefined();
  });

  test("and nothing that it sends after its close frame reaches the bay", async () => {
    using client = await rawClient();
    client.send(close, Buffer.from([0x03, 0xe8]));
    client.send(text, "too late");
    expect(await client.closeCode()).toBe(1000);
    expect(await client.next()).toBeUndefined();
  });
});

test("a ws client with its defaults is served: compression is declined, and its pings are answered", async () => {
  const visitor = visit(stage.edge.url);
  await visitor.opened;
  expect(visitor.socket.extensions).toBe("");
  const answered = new Promise<string>((resolve) => visitor.socket.on("pong", (data) => resolve(data.toString())));
  visitor.socket.ping("hello");
  expect(await answered).toBe("hello");
  visitor.socket.close(1000);
  expect(await visitor.closed).toEqual([1000, ""]);
});
