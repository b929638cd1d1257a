/** A key that was pressed. */
export interface Key {
  /** `up`, `pageup`, `enter`, `escape`, `backspace`, `tab`, `S-tab`, `C-c`; of a character, the character. */
  readonly name: string;
  /** What it types; "" when nothing. */
  readonly text: string;
  /** It came in one piece with a key before it: pasted, or typed faster than the line carries. No such key confirms anything. */
  readonly pasted?: boolean;
}

/** What a key means when nothing is being typed or asked. */
export type Command =
  | "quit"
  | "help"
  | "escape"
  | "nextTab"
  | "previousTab"
  | "overview"
  | "logs"
  | "modules"
  | "up"
  | "down"
  | "pageUp"
  | "pageDown"
  | "first"
  | "last"
  | "left"
  | "right"
  | "find"
  | "older"
  | "newer"
  | "follow"
  | "all"
  | "restart"
  | "stop"
  | "start"
  | "explain";

/** The keys with what they do, in the order of the help. */
export const bindings: readonly { readonly shown: string; readonly help: string; readonly keys: Readonly<Record<string, Command>> }[] = [
  {
    shown: "Tab, 1 2 3",
    help: "next tab; Overview, Logs, Modules",
    keys: { tab: "nextTab", "S-tab": "previousTab", "1": "overview", "2": "logs", "3": "modules" },
  },
  { shown: "Up Down, k j", help: "choose a unit", keys: { up: "up", down: "down", k: "up", j: "down" } },
  { shown: "PgUp PgDn", help: "a page up or down; scroll logs", keys: { pageup: "pageUp", pagedown: "pageDown" } },
  {
    shown: "Home End, g G",
    help: "first and last; the end of logs is followed",
    keys: { home: "first", end: "last", g: "first", G: "last" },
  },
  { shown: "Left Right", help: "scroll long lines of logs sideways", keys: { left: "left", right: "right" } },
  { shown: "Enter", help: "logs of the chosen unit", keys: { enter: "logs" } },
  { shown: "/", help: "filter units by name, group or state; search in logs", keys: { "/": "find" } },
  { shown: "n N", help: "next match upwards, downwards in logs", keys: { n: "older", N: "newer" } },
  { shown: "f", help: "follow logs, or stand still", keys: { f: "follow" } },
  { shown: "a", help: "logs of all units together, or of one", keys: { a: "all" } },
  { shown: "r s S", help: "restart, stop, start the chosen unit (asks first)", keys: { r: "restart", s: "stop", S: "start" } },
  { shown: "i", help: "why the chosen unit is in its state: exits, last lines, probes", keys: { i: "explain" } },
  { shown: "Esc", help: "end the filter, the search, this help", keys: { escape: "escape" } },
  { shown: "?", help: "this help", keys: { "?": "help" } },
  { shown: "q, Ctrl-C", help: "leave; the fleet goes on", keys: { q: "quit", "C-c": "quit" } },
];

const commands: ReadonlyMap<string, Command> = new Map(bindings.flatMap(({ keys }) => Object.entries(keys)));

export function commandOf(key: Key): Command | undefined {
  return commands.get(key.text) ?? commands.get(key.name);
}
