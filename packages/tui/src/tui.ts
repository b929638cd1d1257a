import type { FleetControl } from "@mothership/control";
import { type AbortOptions, type Closable, type Deps, deadline } from "@mothership/kernel";
import { openGuard } from "./guard.ts";
import { checkTerminal, openScreen, type Screen, type ScreenHandlers, type Terminal } from "./screen.ts";
import { Session } from "./session.ts";

export interface TuiOptions extends AbortOptions {
  /** Default: colours, unless the environment has a NO_COLOR that is not empty. */
  readonly color?: boolean;
}

/** A terminal user interface that is running. */
export interface Tui extends Closable {
  /**
   * Resolves when the user wants to leave, the terminal has gone, or it was closed; rejects with what broke the interface, the terminal
   * being restored by then. The fleet goes on; whoever opened this closes it.
   */
  readonly quit: Promise<"detach">;
  /** Gives the terminal back at once and synchronously: for handlers of `exit`, uncaught errors and signals. Nothing is drawn after it. */
  restore(): void;
}

/** How long `close` waits for streams of the fleet and the guard to end. */
const graceMs = 1000;

/**
 * Shows a fleet on a terminal until it is closed. Never stops the fleet, and units only as the user confirms.
 *
 * `deps.log` must not print to the same terminal. The signal ends the wait for the fleet's first answer.
 *
 * @throws what the first `snapshot` rejects with, and {@link NoTerminalError}; the terminal is as it was then.
 */
export async function openTui(control: FleetControl, terminal: Terminal, deps: Deps, options: TuiOptions = {}): Promise<Tui> {
  const { signal, color = (process.env["NO_COLOR"] ?? "") === "" } = options;
  checkTerminal(terminal);
  const snapshot = await control.snapshot({ signal });
  const guard = await openGuard(terminal, deps);
  const { promise: quit, resolve, reject } = Promise.withResolvers<"detach">();
  // Who opened this may close it without looking at `quit`; the log has the error then.
  quit.catch(() => undefined);
  let screen: Screen;
  try {
    const handlers: ScreenHandlers = {
      key: (key) => session.hear({ type: "key", key }),
      resized: (size) => session.hear({ type: "resized", size }),
      hungUp: () => resolve("detach"),
    };
    screen = openScreen(terminal, handlers, { color });
  } catch (error) {
    guard.dismiss();
    throw error;
  }
  const restore = (): void => {
    screen.restore();
    guard.dismiss();
  };
  const session = new Session(control, deps, {
    draw: screen.draw,
    quit: () => resolve("detach"),
    broken: (error) => {
      restore();
      reject(error instanceof Error ? error : new Error(String(error)));
    },
  });
  session.begin(snapshot, screen.size);

  const close = async (closing: AbortOptions = {}): Promise<void> => {
    restore();
    resolve("detach");
    using limit = deadline("closing the terminal user interface", graceMs, deps.clock, closing.signal);
    const { promise: late, resolve: giveUp } = Promise.withResolvers<void>();
    limit.signal.addEventListener("abort", () => giveUp(), { once: true });
    await Promise.race([Promise.all([session.end(), guard.ended()]), late]);
  };
  return { quit, restore, close, [Symbol.asyncDispose]: () => close() };
}
