export { NoTerminalError } from "./errors.ts";
export type { Terminal } from "./screen.ts";
export { openTui, type Tui, type TuiOptions } from "./tui.ts";
