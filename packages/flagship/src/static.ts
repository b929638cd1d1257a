import type { Deps } from "@mothership/kernel";
import { outputOf } from "./command.ts";
import type { Coordinator } from "./coordinator.ts";
import { plainTenure } from "./plain-tenure.ts";

/** How a server is told whether it is the flagship. */
export type StaticRule =
  | {
      /** What the variable holds; undefined or "" when it is not set. */
      readonly value: string | undefined;
    }
  | {
      /** Run without a shell; words may be quoted. */
      readonly command: string;
      /** What its output, without blanks around it, must be exactly. */
      readonly equals: string;
    };

/** True for `true`, `1` and `yes` in any case; false for everything else, nothing included. */
export function isTruthy(value: string | undefined): boolean {
  return /^(?:true|1|yes)$/i.test(value ?? "");
}

/**
 * Each server is told its role by its environment. Nobody checks that exactly one is the flagship, and the servers have no
 * channel between them: an escort does not do the work, and its wait ends at once, whether the flagship is done or not.
 *
 * `elect` throws {@link ElectionCommandError} when the command cannot be run, fails, or takes longer than 10 s.
 */
export function staticCoordinator(rule: StaticRule, deps: Deps): Coordinator {
  return {
    async elect({ signal } = {}) {
      signal?.throwIfAborted();
      const chosen = "command" in rule ? (await outputOf(rule.command, deps, { signal })).trim() === rule.equals : isTruthy(rule.value);
      const role = chosen ? "flagship" : "escort";
      deps.log.info("role given", { role, by: "command" in rule ? "command" : "value" });
      return plainTenure(role);
    },
  };
}
