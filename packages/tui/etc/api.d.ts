// entry: .
import { MothershipError, Closable, AbortOptions, Deps } from '@mothership/kernel';
import { ReadStream, WriteStream } from 'node:tty';
import { FleetControl } from '@mothership/control';

/** There is nothing to draw on: the output is no terminal, or one that cannot place the cursor. */
declare class NoTerminalError extends MothershipError {
    readonly code = "MS_TUI_NO_TERMINAL";
    constructor(reason: string);
}

/** Where the interface is drawn and keys come from. */
interface Terminal {
    readonly input: ReadStream;
    readonly output: WriteStream;
}

interface TuiOptions extends AbortOptions {
    /** Default: colours, unless the environment has a NO_COLOR that is not empty. */
    readonly color?: boolean;
}
/** A terminal user interface that is running. */
interface Tui extends Closable {
    /**
     * Resolves when the user wants to leave, the terminal has gone, or it was closed; rejects with what broke the interface, the terminal
     * being restored by then. The fleet goes on; whoever opened this closes it.
     */
    readonly quit: Promise<"detach">;
    /** Gives the terminal back at once and synchronously: for handlers of `exit`, uncaught errors and signals. Nothing is drawn after it. */
    restore(): void;
}
/**
 * Shows a fleet on a terminal until it is closed. Never stops the fleet, and units only as the user confirms.
 *
 * `deps.log` must not print to the same terminal. The signal ends the wait for the fleet's first answer.
 *
 * @throws what the first `snapshot` rejects with, and {@link NoTerminalError}; the terminal is as it was then.
 */
declare function openTui(control: FleetControl, terminal: Terminal, deps: Deps, options?: TuiOptions): Promise<Tui>;

export { NoTerminalError, openTui };
export type { Terminal, Tui, TuiOptions };
