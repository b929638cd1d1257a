import { messageOverhead } from "./encode.ts";
import { FrameMalformedError, FrameTooLargeError, FrameUnknownError } from "./errors.ts";
import type { Frame, FrameType } from "./frame.ts";
import { binaryFlag, continuesFlag, frameCodes, headerBytes } from "./frame-codes.ts";
import { defaultFrameLimits, type FrameLimits, pieceBytes } from "./limits.ts";
import { frameOf, nameOf } from "./payloads.ts";

const types = new Map<number, FrameType>(
  // The keys of the table are the names of the types.
  Object.entries(frameCodes).map(([name, code]) => [code, name as FrameType]),
);

/** Payload length of the types that have one. */
const fixedSizes: Partial<Record<FrameType, number>> = { credit: 12, ready: 1, drain: 4, ping: 8, pong: 8 };
/** Shortest payload of the others; a JSON object has two bytes. */
const leastSizes: Partial<Record<FrameType, number>> = { cargo: 4, message: 5 };

/**
 * Bytes to frames, however they are cut.
 *
 * The data of a frame is a view of the chunk that it came in, where it came in one: whoever keeps it for long copies it.
 * After an error the decoder gives the same error for ever, because nothing tells where the next frame would begin.
 */
export class FrameDecoder {
  readonly #limits: FrameLimits;
  readonly #header = Buffer.alloc(headerBytes);
  #headerFilled = 0;
  #type: FrameType | undefined;
  #body: Buffer | undefined;
  #bodyFilled = 0;
  #failure: Error | undefined;

  constructor(limits: Partial<FrameLimits> = {}) {
    this.#limits = { ...defaultFrameLimits, ...limits };
  }

  /** True between two frames: an end of the stream here cuts nothing off. */
  get idle(): boolean {
    return this.#headerFilled === 0;
  }

  /**
   * The frames that `chunk` completes.
   *
   * @throws {FrameTooLargeError} as soon as the header tells it.
   * @throws {FrameUnknownError} likewise.
   * @throws {FrameMalformedError} when a payload is not what its type requires.
   */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    this.read(chunk, (frame) => frames.push(frame));
    return frames;
  }

  /** The same without a list: `take` gets each frame before the next one is looked at, also those before an error. */
  read(chunk: Uint8Array, take: (frame: Frame) => void): void {
    if (this.#failure) throw this.#failure;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    while (at < bytes.length) {
      let frame: Frame | undefined;
      try {
        if (this.#headerFilled < headerBytes) {
          at = this.#readHeader(bytes, at);
          if (this.#headerFilled < headerBytes) return;
          this.#checkHeader();
        }
        const length = this.#header.readUInt32BE(1);
        if (!this.#body && bytes.length - at >= length) {
          frame = this.#frame(bytes.subarray(at, at + length));
          at += length;
        } else {
          this.#body ??= Buffer.allocUnsafeSlow(length);
          const copied = bytes.copy(this.#body, this.#bodyFilled, at, at + length - this.#bodyFilled);
          this.#bodyFilled += copied;
          at += copied;
          if (this.#bodyFilled === length) frame = this.#frame(this.#body);
        }
      } catch (error) {
        // Everything below throws errors of this package only.
        this.#failure = error as Error;
        throw error;
      }
      if (frame) {
        this.#headerFilled = this.#bodyFilled = 0;
        this.#body = undefined;
        take(frame);
      }
    }
  }

  #readHeader(bytes: Buffer, at: number): number {
    const copied = bytes.copy(this.#header, this.#headerFilled, at, at + headerBytes - this.#headerFilled);
    this.#headerFilled += copied;
    return at + copied;
  }

  /** Everything that the header alone can tell, before room for the payload is made. */
  #checkHeader(): void {
    const type = types.get(this.#header[0]!);
    if (!type) throw new FrameUnknownError(this.#header[0]!);
    const length = this.#header.readUInt32BE(1);
    const limit = this.#limitOf(type);
    if (length > limit) throw new FrameTooLargeError(`${nameOf(type)} frame`, length, limit);
    if (length < (fixedSizes[type] ?? leastSizes[type] ?? 2)) throw new FrameMalformedError(nameOf(type), `a payload of ${length} bytes`);
    this.#type = type;
  }

  #limitOf(type: FrameType): number {
    if (type === "cargo") return this.#limits.maxFrameBytes;
    if (type === "message") return messageOverhead + pieceBytes;
    return fixedSizes[type] ?? this.#limits.maxJsonBytes;
  }

  #frame(payload: Buffer): Frame {
    // Set by `#checkHeader`, which ran for this frame.
    const type = this.#type!;
    switch (type) {
      case "cargo":
        return { type, connId: connIdOf(type, payload), data: payload.subarray(4) };
      case "message":
        return messageOf(payload);
      case "credit":
        return { type, connId: connIdOf(type, payload), bytes: payload.readUInt32BE(4), messages: payload.readUInt32BE(8) };
      case "ready":
        if (payload[0]! > 1) throw new FrameMalformedError("Ready", "its byte is neither 0 nor 1");
        return { type, accepting: payload[0] === 1 };
      case "drain":
        return { type, withinMs: payload.readUInt32BE(0) };
      case "ping":
      case "pong":
        return { type, token: Uint8Array.from(payload) };
      default:
        return frameOf(type, payload);
    }
  }
}

function messageOf(payload: Buffer): Frame {
  const flags = payload[4]!;
  if ((flags & ~(binaryFlag | continuesFlag)) !== 0) throw new FrameMalformedError("Message", "a flag that the protocol does not have");
  const continues = (flags & continuesFlag) !== 0;
  const data = payload.subarray(5);
  if (continues && data.length !== pieceBytes)
    throw new FrameMalformedError("Message", `a piece that is not the last holds ${data.length} bytes instead of ${pieceBytes}`);
  return { type: "message", connId: connIdOf("message", payload), binary: (flags & binaryFlag) !== 0, continues, data };
}

function connIdOf(type: FrameType, payload: Buffer): number {
  const connId = payload.readUInt32BE(0);
  if (connId === 0) throw new FrameMalformedError(nameOf(type), "0 is not the number of a client");
  return connId;
}
