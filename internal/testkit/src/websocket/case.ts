import { encodeWebSocketFrame, type FrameOptions, opcodes } from "./raw-client.ts";

/** What a client hears besides close frames: `text`, `binary` or `pong`, and the bytes of the whole message. */
export interface Heard {
  readonly kind: "text" | "binary" | "pong";
  readonly payload: Buffer;
}

/** Bytes that go out in one write, or a wait until so many messages were heard. */
export type Step = Buffer | { readonly heard: number };

/** One case of the Autobahn test suite, for a server that echoes messages. */
export interface WebSocketCase {
  /** Its number in the suite. */
  readonly id: string;
  readonly title: string;
  readonly steps: readonly Step[];
  /** What comes back, in order. Of a connection that fails, the suite also passes a server that fails it before these echoes: "non-strict". */
  readonly echoes: readonly Heard[];
  /**
   * `client`: the server answers the close frame that the runner sends once everything was heard. `case`: a close frame is among the steps, and
   * the answer carries one of these codes. `server`: it fails the connection, with one of these codes. `either`: the suite only looks on.
   */
  readonly end: { readonly by: "client" } | { readonly by: "case" | "server" | "either"; readonly codes: readonly number[] };
}

/** What an implementation takes; the suite knows no limits, and our own are part of what is checked. */
export interface WebSocketLimits {
  /** Longer messages are answered with 1009. */
  readonly maxMessageBytes: number;
  /** Messages of more frames are answered with 1008. */
  readonly maxFragments: number;
}

export const byClient = { by: "client" } as const;
export const protocolError = { by: "server", codes: [1002] } as const;
export const invalidPayload = { by: "server", codes: [1007] } as const;

export const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

export function frame(kind: keyof typeof opcodes | number, payload: Buffer | string = "", options: FrameOptions = {}): Buffer {
  return encodeWebSocketFrame(typeof kind === "number" ? kind : opcodes[kind], Buffer.from(payload), options);
}

export const closeFrame = (code: number, reason: Buffer | string = ""): Buffer =>
  frame("close", Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]));

/** A message in fragments of these payloads. */
export function fragments(kind: "text" | "binary", payloads: readonly (Buffer | string)[]): Buffer[] {
  return payloads.map((payload, at) => frame(at === 0 ? kind : "continuation", payload, { fin: at === payloads.length - 1 }));
}

/** Cut to pieces of at most `size` bytes, each of which becomes a write. */
export function chop(data: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < data.length; at += size) pieces.push(data.subarray(at, at + size));
  return pieces;
}

export const heard = (kind: Heard["kind"], payload: Buffer | string): Heard => ({ kind, payload: Buffer.from(payload) });
