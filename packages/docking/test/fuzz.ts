import { FrameDecoder } from "../src/decode.ts";
import { encodeFrame } from "../src/encode.ts";
import { frameCodes } from "../src/frame-codes.ts";
import { documentForm, readVectors } from "./vectors.ts";

const codes = ["MS_FRAME_TOO_LARGE", "MS_FRAME_UNKNOWN", "MS_FRAME_MALFORMED"];

export interface FuzzResult {
  readonly frames: number;
  readonly values: number;
  readonly errors: number;
  readonly incomplete: number;
}

/** Numbers from 0 up to `below`, always the same for one seed. */
export function randomSource(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Feeds random and mutated frames to decoders. Throws at anything but a frame, a coded error or a wait for more bytes. */
export function fuzz(frames: number, seed: number): FuzzResult {
  const random = randomSource(seed);
  const samples = readVectors().map(({ bytes }) => bytes);
  const result = { frames, values: 0, errors: 0, incomplete: 0 };
  const typeBytes = Object.values(frameCodes);
  // Stack traces are most of the cost of an error, and nobody reads these.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (let count = 0; count < frames; count++) {
      const bytes = random(4) === 0 ? randomFrame(random, typeBytes) : mutated(samples[random(samples.length)]!, random);
      const cut = random(bytes.length + 1);
      const decoder = new FrameDecoder();
      try {
        const decoded = [...decoder.push(bytes.subarray(0, cut)), ...decoder.push(bytes.subarray(cut))];
        if (decoded.length === 0) result.incomplete++;
        else result.values++;
        if (count % 16 === 0) for (const frame of decoded) checkAgain(frame);
      } catch (error) {
        if (!(error instanceof Error) || !("code" in error) || !codes.includes(String(error.code))) throw error;
        result.errors++;
      }
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return result;
}

/** What was decoded can be encoded, and means the same then. */
function checkAgain(frame: Parameters<typeof encodeFrame>[0]): void {
  const [again] = new FrameDecoder().push(encodeFrame(frame));
  if (JSON.stringify(again && documentForm(again)) !== JSON.stringify(documentForm(frame)))
    throw new Error(`differs: ${JSON.stringify(frame)}`);
}

type Random = (below: number) => number;

function randomFrame(random: Random, types: readonly number[]): Buffer {
  const length = random(64);
  const bytes = Buffer.alloc(5 + length);
  for (let at = 5; at < bytes.length; at++) bytes[at] = random(256);
  bytes[0] = random(8) === 0 ? random(256) : types[random(types.length)]!;
  bytes.writeUInt32BE(random(4) === 0 ? random(0x1_0000_0000) : length, 1);
  return bytes;
}

function mutated(sample: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(sample);
  for (let times = random(4); times >= 0; times--) {
    const at = random(bytes.length);
    const kind = random(6);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at]! ^= 1 << random(8);
    else if (kind === 2) bytes = bytes.subarray(0, at + 1);
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length))]);
    else if (kind === 4) bytes = Buffer.concat([bytes, sample]);
    else if (bytes.length >= 5) bytes.writeUInt32BE(Math.max(0, bytes.length - 5), 1);
    if (bytes.length === 0) bytes = Buffer.from(sample);
  }
  return bytes;
}
