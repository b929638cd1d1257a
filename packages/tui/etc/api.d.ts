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

// entry: ./text
import { UnitSnapshot } from '@mothership/control';
import { WriteStream } from 'node:tty';

/** A span of time, as a person says it: `45s`, `12m`, `3h`, `5d`. */
declare function span(ms: number): string;
/** A number of bytes in at most seven characters: `512 KB`, `48 MB`. */
declare function bytes(count: number): string;

/**
 * How a unit's state looks. A crash loop is red whatever the state; one that nobody minds, or that is not known here, has no colour
 * (white cannot be seen on white).
 */
declare function unitStyle({ state, crashLoop }: Pick<UnitSnapshot, "state" | "crashLoop">): Style;
/** The colour of the fleet's status; the phases of its start are cyan. */
declare function fleetColor(status: string): Color;

/**
 * Lets writes to a terminal wait in this process instead of stopping it. Node writes to terminals synchronously: one that takes nothing,
 * because of Ctrl-S or a connection that hangs, would stop everything, requests and health checks of a whole fleet too. After this
 * `writableNeedDrain` tells that it is behind, and whoever writes much has to look at it.
 */
declare function unblock(stream: WriteStream): void;

/** Colours that every terminal with colours has. Black is left out: nobody sees it on black. */
type Color = "red" | "green" | "yellow" | "blue" | "magenta" | "cyan" | "white";
/** How a piece of text looks. */
interface Style {
    readonly color?: Color;
    readonly bold?: boolean;
    readonly dim?: boolean;
    readonly inverse?: boolean;
}
/** A piece of text in one style. It may hold anything: `fit` makes it safe. */
interface Span extends Style {
    readonly text: string;
}
/** One line of the screen. */
type Line = readonly Span[];
/** Columns that a text takes. What `fit` drops counts nothing. */
declare function width(text: string): number;
/**
 * The line from column `skip` on, cut to `columns` with an ellipsis where it is longer, and made safe to show: tabs become spaces, and
 * control characters, escape codes' first bytes and characters that change the direction of writing are dropped. A unit's name or output
 * may hold any bytes, and what reaches a terminal unfiltered can move the cursor, set the title or answer as if typed.
 */
declare function fit(line: Line, columns: number, skip?: number): Line;
/** A text cut in the middle to at most `columns`, so that both its ends are seen: names often differ at their end. Not made safe: `fit` does that. */
declare function shorten(text: string, columns: number): string;
/** `fit`, filled up with spaces to exactly `columns`. */
declare function pad(line: Line, columns: number, align?: "left" | "right"): Line;
/** `left` and `right` at the two ends of a line. Where both do not fit the left one is cut; where little of it would be left, the right one goes. */
declare function between(left: Line, right: Line, columns: number): Line;
/** Columns that a line takes. */
declare function lineWidth(line: Line): number;
/** The text alone. */
declare function plainText(line: Line): string;
/** A fitted line as the terminal takes it. Without colours what is left is bold, dim and inverse. */
declare function paint(line: Line, { color }: {
    readonly color: boolean;
}): string;

export { between, bytes, fit, fleetColor, lineWidth, pad, paint, plainText, shorten, span, unblock, unitStyle, width };
export type { Color, Line, Span, Style };
