import type { AdmitRules } from "./admit.ts";
import { defaultServerLimits, defaultServerTimeouts } from "./limits.ts";
import type { ServerLimits, ServerSpec, ServerTimeouts } from "./types.ts";

/** A spec with all its defaults in place. */
export interface ServerSettings extends Settled {
  readonly onRequest: ServerSpec["onRequest"];
  readonly onRefused: ServerSpec["onRefused"];
}

/** What is the same for all connections of a listener. */
interface Settled {
  readonly limits: ServerLimits;
  readonly timeouts: ServerTimeouts;
  readonly rules: AdmitRules;
}

type Given = Pick<ServerSpec, "limits" | "timeouts" | "upgrades" | "allowTrace">;

// Only the last is kept: a table would have to be cleaned of every spec that was made for a single connection.
let last: { readonly given: Given; readonly settled: Settled } | undefined;

/** Applies the defaults: once for connections in a row whose specs have the same parts, whatever callbacks they have. */
export function withDefaults({ onRequest, onRefused, limits, timeouts, upgrades, allowTrace }: ServerSpec): ServerSettings {
  const given = { limits, timeouts, upgrades, allowTrace };
  if (!last || !areSame(last.given, given)) last = { given, settled: settle(given) };
  const { settled } = last;
  return { onRequest, onRefused, limits: settled.limits, timeouts: settled.timeouts, rules: settled.rules };
}

function areSame(a: Given, b: Given): boolean {
  return a.limits === b.limits && a.timeouts === b.timeouts && a.upgrades === b.upgrades && a.allowTrace === b.allowTrace;
}

function settle({ limits: given, timeouts, upgrades, allowTrace }: Given): Settled {
  const limits = { ...defaultServerLimits, ...given };
  return {
    limits,
    timeouts: { ...defaultServerTimeouts, ...timeouts },
    rules: { maxBodyBytes: limits.maxBodyBytes, upgrades: upgrades ?? ["websocket"], allowTrace: allowTrace ?? false },
  };
}
