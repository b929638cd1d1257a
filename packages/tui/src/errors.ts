import { MothershipError } from "@mothership/kernel";

/** There is nothing to draw on: the output is no terminal, or one that cannot place the cursor. */
export class NoTerminalError extends MothershipError {
  readonly code = "MS_TUI_NO_TERMINAL";

  constructor(reason: string) {
    super(`the terminal user interface needs a terminal: ${reason}`);
    this.name = "NoTerminalError";
  }
}
