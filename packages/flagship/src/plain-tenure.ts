import type { Role, Tenure } from "./coordinator.ts";
import { TenureRoleError } from "./errors.ts";

/** A tenure without anything behind it: the office cannot be lost, nobody hears announcements, and there is nothing to wait for. */
export function plainTenure(role: Role): Tenure {
  const only = (needed: Role, operation: string): Promise<void> =>
    role === needed ? Promise.resolve() : Promise.reject(new TenureRoleError(operation, role));
  return {
    role,
    signal: new AbortController().signal,
    announceReady: () => only("flagship", "announceReady"),
    announceAbort: () => only("flagship", "announceAbort"),
    async waitUntilReady({ signal } = {}) {
      await only("escort", "waitUntilReady");
      signal?.throwIfAborted();
      return "ready";
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
