import { basename, join } from "node:path";
import { type Clock, systemClock } from "@mothership/kernel";
import { socketFolder } from "../environment.ts";
import { defaultFrameLimits, type FrameLimits } from "../limits.ts";

/** How a bay is served. Everything has a default; under mothership, name and path come from the environment. */
export interface BayOptions {
  /** Name in Dock. Default: `MS_SHIP`, else the name of the socket. */
  readonly name?: string;
  /** Where to listen. Default: `MS_SOCKET_PATH`, else `<name>.sock` in the folder that `socketFolder` finds. */
  readonly path?: string;
  /** Highest version to offer. Default 2. Give 1 for a mothership that cuts a Dock of version 2 off. */
  readonly version?: 1 | 2;
  /** Links that mothership is asked to dial. Default 1. */
  readonly links?: number;
  /** Bytes of messages of one client that may be unhandled. Default 256 KiB. */
  readonly windowBytes?: number;
  /** The same over all clients of a link. Default 16 MiB. */
  readonly linkWindowBytes?: number;
  /** Longest message taken from a client. Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /**
   * Bytes that may wait for one client. A client for which more waits is closed with 1013. Default 2 MiB: more than the answers to all that one
   * client can have under way, if they are as long as what they answer.
   */
  readonly maxQueuedBytes?: number;
  /** Clients on one link; further ones are refused with 503. Default 65535. */
  readonly maxClients?: number;
  /** From the connection to Moored. Default 10 s. */
  readonly mooredMs?: number;
  /** How long finishing may take when the bay is closed or a link is drained. Default 10 s. */
  readonly drainMs?: number;
  /** The bay closes when it was without a link for so long after it had one: mothership is gone. Default 10 s. */
  readonly orphanMs?: number;
  readonly clock?: Clock;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export type CompleteBayOptions = Required<Omit<BayOptions, "env">> & { readonly frames: FrameLimits };

export function completeOptions(options: BayOptions): CompleteBayOptions {
  const { env = process.env } = options;
  const path = options.path ?? env["MS_SOCKET_PATH"] ?? join(socketFolder(env), `${options.name ?? env["MS_SHIP"] ?? "bay"}.sock`);
  const name = options.name ?? env["MS_SHIP"] ?? basename(path, ".sock");
  return {
    version: 2,
    links: 1,
    windowBytes: 262_144,
    linkWindowBytes: 16_777_216,
    maxMessageBytes: 1_048_576,
    maxQueuedBytes: 2_097_152,
    maxClients: 65_535,
    mooredMs: 10_000,
    drainMs: 10_000,
    orphanMs: 10_000,
    clock: systemClock,
    ...options,
    name,
    path,
    frames: defaultFrameLimits,
  };
}
