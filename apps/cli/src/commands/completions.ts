import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { scripts, shells } from "../completion/scripts.ts";
import { UsageError } from "../errors.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** `mothership completions SHELL`: what that shell reads to complete words of this program. */
export async function completions({ operands }: Invocation, terminal: Terminal): Promise<number> {
  const shell = shells.find((name) => name === operands[0]);
  if (!shell) throw new UsageError(`there is no completion for "${operands[0]}"; write one of ${shells.join(", ")}`);
  terminal.out(scripts[shell]);
  return exitCodes.done;
}
