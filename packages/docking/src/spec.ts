import type { Address } from "@mothership/kernel";
import { type BayLimits, withDefaults } from "./limits.ts";

/** A bay as mothership sees it: plain data. */
export interface BaySpec {
  /** What the bay calls itself in its Dock. */
  readonly name: string;
  /** The socket that the bay listens on. */
  readonly address: Extract<Address, { readonly kind: "unix" }>;
  /** Sent to the bay when it docks. */
  readonly config: Readonly<Record<string, string>>;
  /** Sub-protocols that a bay of version 1 speaks: the first of a client's offers that stands here is chosen. Version 2 chooses itself. */
  readonly protocols?: readonly string[];
  /**
   * What the Cargo of a bay of version 1 becomes: `text` and `binary` always that, `auto` (the default) text where it is valid UTF-8.
   * Under `text`, a client for which the bay sends anything else is closed with 1011.
   */
  readonly cargo?: "auto" | "text" | "binary";
  /**
   * Clients stay connected when a bay that does not know `reboard` is restarted, and it sees them as new boardings.
   * Default false: they are closed with 1012, because the new process would take their next message for their first.
   */
  readonly reboard?: boolean;
  /** Web origins (lower case, as in the Origin header) whose pages may connect. Default: all. Clients that send none are no browsers, and may. */
  readonly origins?: readonly string[];
  /** Agree to permessage-deflate. Default false: it costs memory and time for each client. */
  readonly deflate?: boolean;
  readonly limits?: Partial<BayLimits>;
}

/** A spec with every default applied. */
export type CompleteBaySpec = Required<Omit<BaySpec, "origins" | "limits">> & Pick<BaySpec, "origins"> & { readonly limits: BayLimits };

export function completeSpec(spec: BaySpec): CompleteBaySpec {
  return { protocols: [], cargo: "auto", reboard: false, deflate: false, ...spec, limits: withDefaults(spec.limits) };
}
