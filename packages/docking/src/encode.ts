import { FrameTooLargeError } from "./errors.ts";
import type { Frame } from "./frame.ts";
import { binaryFlag, continuesFlag, frameCodes, headerBytes } from "./frame-codes.ts";
import { defaultFrameLimits, type FrameLimits, pieceBytes } from "./limits.ts";
import { type JsonFrame, jsonOf, nameOf } from "./payloads.ts";

/**
 * The bytes of one frame.
 *
 * @throws {FrameTooLargeError} when its payload is longer than the limits allow.
 */
export function encodeFrame(frame: Frame, limits: FrameLimits = defaultFrameLimits): Uint8Array {
  switch (frame.type) {
    case "cargo":
      checkLength("Cargo", cargoOverhead + frame.data.length, limits.maxFrameBytes);
      return withData(cargoHead(frame.connId, frame.data.length, frame.data.length), frame.data);
    case "message": {
      const { connId, binary, continues, data } = frame;
      checkLength("Message", messageOverhead + data.length, messageOverhead + pieceBytes);
      return withData(messageHead(connId, binary, continues, data.length, data.length), data);
    }
    case "credit":
      return encodeCredit(frame.connId, frame.bytes, frame.messages);
    case "ready":
      return Buffer.from([frameCodes.ready, 0, 0, 0, 1, frame.accepting ? 1 : 0]);
    case "drain": {
      const out = start("drain", 4);
      out.writeUInt32BE(frame.withinMs, headerBytes);
      return out;
    }
    case "ping":
    case "pong": {
      const out = start(frame.type, 8);
      out.set(frame.token.subarray(0, 8), headerBytes);
      return out;
    }
    default:
      return encodeJson(frame, limits);
  }
}

/** The bytes of a Credit frame. */
export function encodeCredit(connId: number, bytes: number, messages: number): Buffer {
  const out = start("credit", 12);
  out.writeUInt32BE(connId, headerBytes);
  out.writeUInt32BE(bytes, headerBytes + 4);
  out.writeUInt32BE(messages, headerBytes + 8);
  return out;
}

/** Everything of a Cargo frame (version 1) before `bytes` bytes of data, with `room` bytes behind it. */
export function cargoHead(connId: number, bytes: number, room = 0): Buffer {
  const out = start("cargo", 4 + bytes, headerBytes + 4 + room);
  out.writeUInt32BE(connId, headerBytes);
  return out;
}

/** Everything of a Message frame before `bytes` bytes of data, with `room` bytes behind it. */
export function messageHead(connId: number, binary: boolean, continues: boolean, bytes: number, room = 0): Buffer {
  const out = start("message", 5 + bytes, headerBytes + 5 + room);
  out.writeUInt32BE(connId, headerBytes);
  out[headerBytes + 4] = flagsOf(binary, continues);
  return out;
}

/** Bytes of a Message frame's payload that are not data. */
export const messageOverhead = 5;
/** Bytes of a Cargo frame's payload that are not data. */
const cargoOverhead = 4;

function encodeJson(frame: JsonFrame, limits: FrameLimits): Buffer {
  const payload = Buffer.from(JSON.stringify(jsonOf(frame)));
  checkLength(nameOf(frame.type), payload.length, limits.maxJsonBytes);
  const out = start(frame.type, payload.length);
  payload.copy(out, headerBytes);
  return out;
}

function checkLength(name: string, bytes: number, limit: number): void {
  if (bytes > limit) throw new FrameTooLargeError(`${name} frame`, bytes, limit);
}

/** Data in the room that a head has behind it. */
function withData(head: Buffer, data: Uint8Array): Buffer {
  head.set(data, head.length - data.length);
  return head;
}

function flagsOf(binary: boolean, continues: boolean): number {
  return (binary ? binaryFlag : 0) | (continues ? continuesFlag : 0);
}

/** A buffer with the header written; every byte behind it is the caller's to fill. */
function start(type: Frame["type"], payload: number, size = headerBytes + payload): Buffer {
  const out = Buffer.allocUnsafe(size);
  out[0] = frameCodes[type];
  out.writeUInt32BE(payload, 1);
  return out;
}
