import type { Coordinator } from "./coordinator.ts";
import { plainTenure } from "./plain-tenure.ts";

/** No coordination: every server is the flagship of its own launch. */
export function soloCoordinator(): Coordinator {
  return {
    async elect({ signal } = {}) {
      signal?.throwIfAborted();
      return plainTenure("flagship");
    },
  };
}
