import type { FrameStream } from "./stream.ts";

/** What went over a bay's links, those included that are over. Grows from the opening of the bay. */
export interface Traffic {
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Figures of a bay. */
export interface BaySnapshot extends Traffic {
  /** The version spoken; undefined without a link. */
  readonly version: 1 | 2 | undefined;
  readonly links: number;
  /** It takes new clients. */
  readonly accepting: boolean;
  /** Connected, or on their way. */
  readonly clients: number;
  /** Of these, those that wait for a link. */
  readonly waiting: number;
  /** Handshakes that were completed, from the opening of the bay. */
  readonly boardings: number;
  /** Boardings of clients that had boarded before. */
  readonly reboardings: number;
  /** Bytes that wait for the bay. */
  readonly queuedForBay: number;
  /** Bytes that wait for clients. */
  readonly queuedForClients: number;
}

export const noTraffic: Traffic = { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0 };

export function addTraffic(sum: Traffic, stream: FrameStream): Traffic {
  return {
    framesIn: sum.framesIn + stream.framesIn,
    framesOut: sum.framesOut + stream.framesOut,
    bytesIn: sum.bytesIn + stream.bytesIn,
    bytesOut: sum.bytesOut + stream.bytesOut,
  };
}
