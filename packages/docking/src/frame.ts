/**
 * The frames of the docking protocol as values. Bytes and rules are in `docs/docking-protocol.md`; where the two differ, the document is right.
 */

/** What a bay offers in a Dock of version 2. */
export interface DockTerms {
  /** Names of the optional features that the bay knows: `reboard`, `drain`, `links`. */
  readonly features: readonly string[];
  /** Bytes of messages that the bay takes for one client before it has returned credit. */
  readonly window: number;
  /** The same over all clients of the link. */
  readonly linkWindow: number;
  /** Longest message that the bay takes, in bytes. */
  readonly maxMessage: number;
  /** How many links the bay would like to have in all. */
  readonly links: number;
}

/** What mothership answers in a Moored of version 2. */
export interface MooredTerms {
  /** Those of the bay's features that are in effect. */
  readonly features: readonly string[];
  /** Bytes of messages that mothership takes for one client before it has returned credit. */
  readonly window: number;
  /** The same over all clients of the link. */
  readonly linkWindow: number;
  /** Longest message that mothership takes, in bytes. */
  readonly maxMessage: number;
  /** Names the side that dialled: links with the same session share one space of client numbers. */
  readonly session: string;
  /** Every so many milliseconds mothership sends a Ping. */
  readonly pingMs: number;
}

/** What a client that is boarded again went through on earlier links. */
export interface Reboarding {
  /** How often this client was boarded before; 1 or more. */
  readonly epoch: number;
  /** Messages of the client that were passed to bays. */
  readonly sent: number;
  /** Those of them for which a bay returned credit. The others may be lost; they are never sent again. */
  readonly taken: number;
  /** Messages of bays that were handed to the client's connection. */
  readonly delivered: number;
}

/** A header name and its value. */
export type HeaderPair = readonly [name: string, value: string];

/** One frame. `connId` is the number of a client, from 1. */
export type Frame =
  | { readonly type: "dock"; readonly version: number; readonly ship: string; readonly terms?: DockTerms }
  | { readonly type: "moored"; readonly version: number; readonly config: Readonly<Record<string, string>>; readonly terms?: MooredTerms }
  | BoardingFrame
  | { readonly type: "disembark"; readonly connId: number; readonly code: number; readonly reason: string }
  | { readonly type: "cargo"; readonly connId: number; readonly data: Uint8Array }
  | { readonly type: "ready"; readonly accepting: boolean }
  | { readonly type: "drain"; readonly withinMs: number }
  | { readonly type: "ping"; readonly token: Uint8Array }
  | { readonly type: "pong"; readonly token: Uint8Array }
  | { readonly type: "fault"; readonly code: string; readonly message: string }
  | AcceptFrame
  | RefuseFrame
  | MessageFrame
  | { readonly type: "credit"; readonly connId: number; readonly bytes: number; readonly messages: number };

/** A client arrives. `protocols` stands only in version 2, `reboarding` only for a client that was boarded before. */
export interface BoardingFrame {
  readonly type: "boarding";
  readonly connId: number;
  /** With the query. */
  readonly path: string;
  readonly remoteAddr: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
  readonly reboarding?: Reboarding;
}

/** The bay takes a client. `protocol` is "" for none; `headers` go into the 101. */
export interface AcceptFrame {
  readonly type: "accept";
  readonly connId: number;
  readonly protocol: string;
  readonly headers: readonly HeaderPair[];
}

/** The bay turns a client away with an HTTP response. */
export interface RefuseFrame {
  readonly type: "refuse";
  readonly connId: number;
  readonly status: number;
  readonly headers: readonly HeaderPair[];
  readonly body: string;
}

/** One message or, where `continues` is set, a piece of one that goes on in the client's next Message frame. */
export interface MessageFrame {
  readonly type: "message";
  readonly connId: number;
  readonly binary: boolean;
  readonly continues: boolean;
  readonly data: Uint8Array;
}

export type FrameType = Frame["type"];
