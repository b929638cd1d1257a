import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One frame as a server sent it. */
export interface WireFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
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
  {
    path = "/",
    headers = {},
    early = Buffer.alloc(0),
  }: { readonly path?: string; readonly headers?: Record<string, string>; readonly early?: Buffer } = {},
): Promise<RawClient> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
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
  socket.write(Buffer.concat([Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`), early]));
  // Joined only when somebody looks, for many chunks make one long frame.
  let chunks: Buffer[] = [];
  let buffered = 0;
  let wanted = 0;
  let ended = false;
  let wake = Promise.withResolvers<void>();
  const changed = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    buffered += chunk.length;
    if (buffered >= wanted) changed();
  });
  socket.on("close", () => {
    ended = true;
    changed();
  });
  socket.on("end", () => {
    ended = true;
    changed();
  });
  const joined = (): Buffer => {
    if (chunks.length !== 1) chunks = [Buffer.concat(chunks)];
    return chunks[0]!;
  };
  const drop = (bytes: number): void => {
    chunks = [joined().subarray(bytes)];
    buffered -= bytes;
  };
  const take = async <T>(look: () => T | undefined): Promise<T | undefined> => {
    for (;;) {
      const found = look();
      if (found !== undefined || ended) return found;
      await wake.promise;
    }
  };
  const head = await take(() => {
    const end = joined().indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const text = joined().toString("latin1", 0, end);
    drop(end + 4);
    return text;
  });
  const next = (): Promise<WireFrame | undefined> =>
    take(() => {
      const bytes = frameBytes(joined());
      wanted = bytes;
      if (buffered < bytes) return undefined;
      const frame = frameOf(joined().subarray(0, bytes));
      drop(bytes);
      wanted = 0;
      return frame;
    });
  return {
    socket,
    head: head ?? "",
    next,
    send: (opcode, payload, options = {}) => void socket.write(encodeWebSocketFrame(opcode, bytesOf(payload), options)),
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

/** One frame as a client sends it, or as it must not. */
export function encodeWebSocketFrame(
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

/** Length of the frame that begins here, as far as it can be told by now: at least what has to be there to tell more. */
function frameBytes(buffer: Buffer): number {
  if (buffer.length < 2) return 2;
  const short = buffer[1]! & 0x7f;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (buffer.length < head) return head;
  return head + (short === 126 ? buffer.readUInt16BE(2) : short === 127 ? Number(buffer.readBigUInt64BE(2)) : short);
}

/** A whole frame. */
function frameOf(buffer: Buffer): WireFrame {
  const short = buffer[1]! & 0x7f;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  return { opcode: buffer[0]! & 0x0f, fin: (buffer[0]! & 0x80) !== 0, rsv: (buffer[0]! >> 4) & 7, payload: buffer.subarray(head) };
}
