import type { FrameType } from "./frame.ts";

/** The type byte of each frame. */
export const frameCodes = {
  dock: 0x01,
  moored: 0x02,
  boarding: 0x10,
  disembark: 0x11,
  cargo: 0x12,
  ready: 0x20,
  drain: 0x21,
  ping: 0x22,
  pong: 0x23,
  fault: 0x24,
  accept: 0x30,
  refuse: 0x31,
  message: 0x32,
  credit: 0x33,
} as const satisfies Record<FrameType, number>;

/** Type byte and payload length. */
export const headerBytes = 5;
export const binaryFlag = 0x01;
export const continuesFlag = 0x02;
