import type { ClientLimits, ClientTimeouts, ServerLimits, ServerTimeouts } from "./types.ts";

/** What a client may cost when the spec says nothing else. */
export const defaultServerLimits: ServerLimits = {
  maxHeadBytes: 16_384,
  maxTargetBytes: 8_192,
  maxFields: 100,
  maxChunkExtensionBytes: 4_096,
  maxTrailerBytes: 4_096,
  maxBodyBytes: Number.POSITIVE_INFINITY,
  maxRequests: 100_000,
  maxHeldBytes: 65_536,
  maxDrainBytes: 65_536,
};

/** How long a client may take when the spec says nothing else. */
export const defaultServerTimeouts: ServerTimeouts = {
  headMs: 30_000,
  idleMs: 75_000,
  stallMs: 30_000,
  minBytesPerSecond: 64,
  halfCloseMs: 30_000,
  lingerMs: 2_000,
  closeMs: 30_000,
};

/** What an upstream may cost when the spec says nothing else. */
export const defaultClientLimits: ClientLimits = {
  maxHeadBytes: 65_536,
  maxFields: 200,
  maxChunkExtensionBytes: 16_384,
  maxTrailerBytes: 16_384,
  maxInterim: 32,
  maxHeldBytes: 65_536,
  maxRequests: 100_000,
};

/** How long an upstream may take when the spec says nothing else. Idle is below the 5 s after which Node's own servers hang up. */
export const defaultClientTimeouts: ClientTimeouts = {
  connectMs: 5_000,
  queueMs: 10_000,
  firstByteMs: 60_000,
  stallMs: 60_000,
  idleMs: 4_000,
  continueMs: 1_000,
  closeMs: 30_000,
};

/** Connections of a pool, and requests waiting for one. */
export const defaultMaxConnections = 256;
export const defaultMaxQueued = 1_024;
