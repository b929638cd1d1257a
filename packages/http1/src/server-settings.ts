import type { AdmitRules } from "./admit.ts";
import { defaultServerLimits, defaultServerTimeouts } from "./limits.ts";
import type { ServerLimits, ServerSpec, ServerTimeouts } from "./types.ts";

/** A spec with all its defaults in place. */
export interface ServerSettings {
  readonly onRequest: ServerSpec["onRequest"];
  readonly onRefused: ServerSpec["onRefused"];
  readonly limits: ServerLimits;
  readonly timeouts: ServerTimeouts;
  readonly rules: AdmitRules;
}

// One spec serves all connections of a listener.
const settled = new WeakMap<ServerSpec, ServerSettings>();

/** Applies the defaults, once for each spec. */
export function withDefaults(spec: ServerSpec): ServerSettings {
  const known = settled.get(spec);
  if (known) return known;
  const limits = { ...defaultServerLimits, ...spec.limits };
  const settings: ServerSettings = {
    onRequest: spec.onRequest,
    onRefused: spec.onRefused,
    limits,
    timeouts: { ...defaultServerTimeouts, ...spec.timeouts },
    rules: { maxBodyBytes: limits.maxBodyBytes, upgrades: spec.upgrades ?? ["websocket"], allowTrace: spec.allowTrace ?? false },
  };
  settled.set(spec, settings);
  return settings;
}
