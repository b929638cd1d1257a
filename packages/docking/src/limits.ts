/** Fixed by the protocol: every piece of a message but the last holds exactly this many bytes. */
export const pieceBytes = 65_536;
/** Fixed by the protocol: what a Message frame costs beside its data, so that tiny messages are not free. */
export const frameCost = 64;
/** Fixed by the protocol: messages of one link and direction that have begun and not ended. */
export const maxBegunMessages = 16;

/** Limits of one frame. */
export interface FrameLimits {
  /** Longest payload, in bytes. */
  readonly maxFrameBytes: number;
  /** Longest JSON payload, in bytes. */
  readonly maxJsonBytes: number;
}

export const defaultFrameLimits: FrameLimits = { maxFrameBytes: 1_048_576, maxJsonBytes: 65_536 };

/** Everything that a bay, its clients or the lack of either may use up on mothership's side. Times in milliseconds. */
export interface BayLimits extends FrameLimits {
  /** Longest message, in bytes. A client that sends a longer one is closed with 1009. */
  readonly maxMessageBytes: number;
  /** Clients of the bay. Further ones get 503. */
  readonly maxClients: number;
  /** Links to one bay process, whatever it asks for. */
  readonly maxLinks: number;
  /** Credit of one client towards the bay's clients (version 2): bytes from the bay that may wait for one client. */
  readonly clientWindowBytes: number;
  /** Bytes from the bay that may wait for one client (version 1). More, and the client is closed with 1013. */
  readonly maxClientBytes: number;
  /** Bytes that may wait in each direction of a link. */
  readonly maxLinkBytes: number;
  /** From the connection to Dock. */
  readonly dockMs: number;
  /** From the request to the bay's Accept or Refuse; then 504. Without a link: 503. */
  readonly acceptMs: number;
  /** Between two Pings on a link. A bay from which nothing came since the last one is lost when the next one is due. */
  readonly pingMs: number;
  /** Between two pings to a client. One that has not answered the last one when the next one is due is cut. */
  readonly clientPingMs: number;
  /** A client that does not answer a close frame within this time is cut. */
  readonly closeMs: number;
  /** How long clients stay connected without a link; then they are closed with 1012. */
  readonly holdMs: number;
  /** While more than half of `maxLinkBytes` waits for clients, one that took nothing for so long is cut. */
  readonly stallMs: number;
  /** How long a bay may take to finish after Drain. */
  readonly drainMs: number;
  /** After Moored to a bay of version 1, before its first client: what follows Moored in one read is lost on existing bays. */
  readonly settleMs: number;
}

export const defaultBayLimits: BayLimits = {
  ...defaultFrameLimits,
  maxMessageBytes: 1_048_576,
  maxClients: 65_535,
  maxLinks: 16,
  clientWindowBytes: 262_144,
  maxClientBytes: 1_048_576,
  maxLinkBytes: 16_777_216,
  dockMs: 10_000,
  acceptMs: 10_000,
  pingMs: 15_000,
  clientPingMs: 30_000,
  closeMs: 5_000,
  holdMs: 60_000,
  stallMs: 5_000,
  drainMs: 10_000,
  settleMs: 100,
};

/** The defaults with what a spec says instead. */
export function withDefaults(limits: Partial<BayLimits> = {}): BayLimits {
  return { ...defaultBayLimits, ...limits };
}
