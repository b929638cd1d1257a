import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One frame as a server sent it. */
export interface WireFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Buffer;
}

export interface FrameOptions {
  readonly fin?: boolean;
  readonly rsv?: number;
  readonly masked?: boolean;
  /** Length to claim instead of the real one. */
  readonly claimed?: number;
}

/** A WebSocket client that can break every rule of RFC 6455. */
export interface RawClient {
  readonly socket: Socket;
  /** The response head. */
  readonly head: string;
  send(opcode: number, payload: Uint8Array | string, options?: FrameOptions): void;
  /** The next frame, or undefined at the end of the connection. */
  next(): Promise<WireFrame | undefined>;
  /** The code of the close frame that ends the connection; undefined when there is none. */
  closeCode(): Promise<number | undefined>;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export async function openRawClient(
  port: number,
  { headers = {}, early = Buffer.alloc(0) }: { readonly headers?: Record<string, string>; readonly early?: Buffer } = {},
): Promise<RawClient> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  const all = {
    Host: "example.org",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(Buffer.concat([Buffer.from(`GET / HTTP/1.1\r\n${lines.join("")}\r\n`), early]));
  let buffer: Buffer = Buffer.alloc(0);
  let ended = false;
  let wake = Promise.withResolvers<void>();
  const changed = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  socket.on("data", (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    changed();
  });
  socket.on("close", () => {
    ended = true;
    changed();
  });
  socket.on("end", () => {
    ended = true;
    changed();
  });
  const take = async <T>(look: () => T | undefined): Promise<T | undefined> => {
    for (;;) {
      const found = look();
      if (found !== undefined || ended) return found;
      await wake.promise;
    }
  };
  const head = await take(() => {
    const end = buffer.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const text = buffer.toString("latin1", 0, end);
    buffer = buffer.subarray(end + 4);
    return text;
  });
  const next = (): Promise<WireFrame | undefined> =>
    take(() => {
      const frame = frameOf(buffer);
      if (frame) buffer = buffer.subarray(frame.bytes);
      return frame;
    });
  return {
    socket,
    head: head ?? "",
    next,
    send: (opcode, payload, options = {}) => void socket.write(encode(opcode, bytesOf(payload), options)),
    closeCode: async () => {
      for (;;) {
        const frame = await next();
        if (!frame) return undefined;
        if (frame.opcode === opcodes.close) return frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005;
      }
    },
  };
}

function bytesOf(payload: Uint8Array | string): Buffer {
  return typeof payload === "string" ? Buffer.from(payload) : Buffer.from(payload.buffer, payload.byteOffset, payload.length);
}

export function encode(
  opcode: number,
  payload: Buffer,
  { fin = true, rsv = 0, masked = true, claimed = payload.length }: FrameOptions = {},
): Buffer {
  const length = claimed < 126 ? Buffer.from([claimed]) : claimed < 65_536 ? Buffer.alloc(3) : Buffer.alloc(9);
  if (length.length === 3) {
    length[0] = 126;
    length.writeUInt16BE(claimed, 1);
  } else if (length.length === 9) {
    length[0] = 127;
    length.writeBigUInt64BE(BigInt(claimed), 1);
  }
  if (masked) length[0]! |= 0x80;
  const mask = Buffer.from([1, 2, 3, 4]);
  const body = masked ? payload.map((byte, at) => byte ^ mask[at % 4]!) : payload;
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode]), length, masked ? mask : Buffer.alloc(0), body]);
}

function frameOf(buffer: Buffer): (WireFrame & { readonly bytes: number }) | undefined {
  if (buffer.length < 2) return undefined;
  const short = buffer[1]! & 0x7f;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (buffer.length < head) return undefined;
  const length = short === 126 ? buffer.readUInt16BE(2) : short === 127 ? Number(buffer.readBigUInt64BE(2)) : short;
  if (buffer.length < head + length) return undefined;
  const payload = buffer.subarray(head, head + length);
  return { opcode: buffer[0]! & 0x0f, fin: (buffer[0]! & 0x80) !== 0, payload, bytes: head + length };
}
