import { duplexPair } from "node:stream";
import { encodeWebSocketFrame as encode, opcodes } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { acceptDeflate, ServerSocket, type SocketListener } from "./server-socket.ts";

/** A server socket over streams that are no sockets, as over HTTP/2, and the client's end of them. */
function open(options: { readonly deflate?: boolean; readonly held?: Buffer } = {}) {
  const [ours, theirs] = duplexPair();
  const heard: unknown[] = [];
  const closed = Promise.withResolvers<readonly [number, string]>();
  const listener: SocketListener = {
    message: (data, binary) => void heard.push([data.toString(), binary]),
    pong: () => void heard.push("pong"),
    closed: (code, reason) => closed.resolve([code, reason]),
  };
  const deflate = options.deflate ? acceptDeflate("permessage-deflate; client_max_window_bits", 1_000) : undefined;
  const socket = new ServerSocket(
    { socket: ours, held: options.held ?? Buffer.alloc(0) },
    "p",
    { maxMessageBytes: 1_000, closeMs: 100, deflate },
    listener,
  );
  return { socket, ours, theirs, heard, closed: closed.promise };
}

async function until(heard: readonly unknown[], count: number): Promise<void> {
  while (heard.length < count) await new Promise((resolve) => setImmediate(resolve));
}

describe("ws from inside", () => {
  test("is still the ws that this file knows", () => {
    // If this fails after an update of ws, read how its server makes a WebSocket before changing anything.
    const socket = new (WebSocket as unknown as new (address: null, protocols: undefined, options: object) => Record<string, unknown>)(
      null,
      undefined,
      {},
    );
    expect(socket["setSocket"]).toBeTypeOf("function");
    expect([socket["_protocol"], socket["_extensions"], socket["_isServer"]]).toEqual(["", {}, true]);
  });
});

describe("a server socket", () => {
  test("reads what was held back first, and answers over any kind of stream", async () => {
    const { socket, theirs, heard } = open({ held: encode(opcodes.text, Buffer.from("held")) });
    theirs.write(encode(opcodes.binary, Buffer.from("next")));
    theirs.write(encode(opcodes.pong, Buffer.alloc(0)));
    await until(heard, 3);
    expect(heard).toEqual([["held", false], ["next", true], "pong"]);
    await new Promise<void>((resolve) => socket.send(Buffer.from("back"), false, resolve));
    const bytes: number[] = [];
    theirs.on("data", (chunk: Buffer) => void bytes.push(...chunk));
    await until(bytes, 6);
    expect(bytes).toEqual([0x81, 4, ...Buffer.from("back")]);
    socket.terminate();
  });

  test("reads a connection that was handed over paused", async () => {
    const [ours, theirs] = duplexPair();
    ours.pause();
    const heard: string[] = [];
    const listener = { message: (data: Buffer) => void heard.push(data.toString()), pong: () => undefined, closed: () => undefined };
    const none = Buffer.alloc(0);
    const socket = new ServerSocket(
      { socket: ours, held: none },
      "p",
      { maxMessageBytes: 1_000, closeMs: 100, deflate: undefined },
      listener,
    );
    theirs.write(encode(opcodes.text, Buffer.from("hello")));
    await until(heard, 1);
    expect(heard).toEqual(["hello"]);
    socket.terminate();
  });

  test("tells the code of its own end, once, and says nothing after it", async () => {
    const { socket, theirs, heard, closed } = open();
    socket.close(4000, "enough");
    socket.close(4001, "again");
    theirs.write(encode(opcodes.text, Buffer.from("too late")));
    theirs.write(encode(opcodes.close, Buffer.from([0x0f, 0xa0])));
    theirs.end();
    expect(await closed).toEqual([4000, "enough"]);
    expect([heard, socket.open]).toEqual([[], false]);
    // Bytes that can no longer be sent are done with, too.
    await new Promise<void>((resolve) => socket.send(Buffer.from("x"), true, resolve));
  });

  test("is cut when the client does not answer the close frame", async () => {
    const { socket, closed } = open();
    socket.pause();
    socket.close(1001, "bye");
    expect(await closed).toEqual([1001, "bye"]);
  });

  test("over a connection that is gone already is closed at once", async () => {
    const [ours] = duplexPair();
    ours.destroy();
    await new Promise((resolve) => ours.once("close", resolve));
    const closed = Promise.withResolvers<readonly [number, string]>();
    const listener = {
      message: () => undefined,
      pong: () => undefined,
      closed: (code: number, reason: string) => closed.resolve([code, reason]),
    };
    const socket = new ServerSocket(
      { socket: ours, held: Buffer.alloc(0) },
      "",
      { maxMessageBytes: 1, closeMs: 1, deflate: undefined },
      listener,
    );
    expect(await closed.promise).toEqual([1006, ""]);
    socket.terminate();
  });
});

describe("permessage-deflate", () => {
  test.each(["", "x-webkit-deflate-frame", "permessage-deflate; unknown=1", "permessage-deflate; server_max_window_bits=99", ";;"])(
    "declines the offer %j",
    (offer) => {
      expect(acceptDeflate(offer, 1_000)).toBeUndefined();
    },
  );

  test("is agreed without keeping the server's window between messages", () => {
    expect(acceptDeflate("permessage-deflate; client_max_window_bits", 1_000)?.extensions).toContain("server_no_context_takeover");
  });

  test("does not let a small frame become a message over the limit", async () => {
    const { theirs, closed } = open({ deflate: true });
    const { deflateRawSync, constants } = await import("node:zlib");
    const bomb = deflateRawSync(Buffer.alloc(1_000_000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
    expect(bomb.length).toBeLessThan(1_100);
    theirs.write(encode(opcodes.binary, bomb, { rsv: 4 }));
    theirs.resume();
    theirs.on("data", () => undefined);
    expect((await closed)[0]).toBe(1009);
  });
});
