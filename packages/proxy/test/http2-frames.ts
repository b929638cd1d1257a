import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { eventually } from "@mothership/testkit";

/** A frame as it stands on the wire (RFC 9113, 4.1). */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const flag = { endStream: 1, ack: 1, endHeaders: 4 } as const;

/** Error codes (RFC 9113, 7). */
export const codes = { noError: 0, protocol: 1, internal: 2, refused: 7, cancel: 8, enhanceYourCalm: 11 } as const;

/** The error code of a RST_STREAM or GOAWAY frame. */
export const codeOf = ({ payload, type }: Frame): number => payload.readUInt32BE(type === frameType.goaway ? 4 : 0);

const maxFrameBytes = 16_384;

/** A client that writes frames of the test's choice, which no well-behaved library would. */
export interface FrameClient extends Disposable {
  readonly socket: TLSSocket;
  readonly frames: readonly Frame[];
  send(type: number, flags: number, stream: number, payload?: Uint8Array): void;
  /** A request head, of two frames at most. */
  request(stream: number, fields?: Readonly<Record<string, string>>, flags?: number): void;
  reset(stream: number, code: number): void;
  /** Waits for a frame of this type on this stream. */
  frame(type: number, stream?: number): Promise<Frame>;
  /** The frames of a stream, without those that only move its window. */
  of(stream: number): readonly Frame[];
}

export async function frameClient(port: number): Promise<FrameClient> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"] });
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  const frames: Frame[] = [];
  let held = Buffer.alloc(0);
  socket.on("data", (piece: Buffer) => {
    held = Buffer.concat([held, piece]);
    while (held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
      const end = 9 + held.readUIntBE(0, 3);
      frames.push({ type: held[3]!, flags: held[4]!, stream: held.readUInt32BE(5) & 0x7fffffff, payload: held.subarray(9, end) });
      held = held.subarray(end);
    }
  });
  const client: FrameClient = {
    socket,
    frames,
    send(type, flags, stream, payload = new Uint8Array()) {
      const head = Buffer.alloc(9);
      head.writeUIntBE(payload.length, 0, 3);
      head[3] = type;
      head[4] = flags;
      head.writeUInt32BE(stream, 5);
      socket.write(Buffer.concat([head, payload]));
    },
    request(stream, fields = {}, flags = flag.endStream | flag.endHeaders) {
      const block = headerBlock({ ":method": "GET", ":scheme": "https", ":path": "/", ":authority": "a.example", ...fields });
      const whole = block.length <= maxFrameBytes;
      client.send(frameType.headers, whole ? flags : flags & ~flag.endHeaders, stream, block.subarray(0, maxFrameBytes));
      if (!whole) client.send(frameType.continuation, flags & flag.endHeaders, stream, block.subarray(maxFrameBytes));
    },
    reset: (stream, code) => client.send(frameType.reset, 0, stream, Buffer.of(0, 0, 0, code)),
    frame: (type, stream) =>
      eventually(`frame ${type}`, () => frames.find((one) => one.type === type && (stream === undefined || one.stream === stream))),
    of: (stream) => frames.filter((one) => one.stream === stream && one.type !== frameType.windowUpdate),
    [Symbol.dispose]: () => void socket.destroy(),
  };
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client.send(frameType.settings, 0, 0);
  return client;
}

/** Fields as literals that are not indexed (RFC 7541, 6.2.2), names and values shorter than 16 K. */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, "latin1");
    if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
    const rest = bytes.length - 127;
    const size = rest < 128 ? [127, rest] : [127, 128 | (rest & 127), rest >> 7];
    return Buffer.concat([Buffer.of(...size), bytes]);
  };
  return Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}
