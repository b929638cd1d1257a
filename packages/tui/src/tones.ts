import type { UnitSnapshot } from "@mothership/control";
import type { Color, Style } from "./text.ts";

const states: Readonly<Record<string, Color>> = {
  up: "green",
  ready: "green",
  completed: "green",
  starting: "cyan",
  waiting: "cyan",
  draining: "yellow",
  stopping: "yellow",
  sweeping: "yellow",
  unready: "yellow",
  backoff: "red",
  failed: "red",
};

const statuses: Readonly<Record<string, Color>> = {
  running: "green",
  landed: "green",
  mayday: "red",
  failed: "red",
  crashed: "red",
  draining: "yellow",
};

/**
 * How a unit's state looks. A crash loop is red whatever the state; one that nobody minds, or that is not known here, has no colour
 * (white cannot be seen on white).
 */
export function unitStyle({ state, crashLoop }: Pick<UnitSnapshot, "state" | "crashLoop">): Style {
  const color = crashLoop ? "red" : states[state];
  return color ? { color } : {};
}

/** States in which nobody expects a unit to be healthy. */
const quiet: ReadonlySet<string> = new Set(["disabled", "waiting", "starting", "draining", "stopping", "sweeping", "stopped"]);

/** `none` while a unit does not run or is on its way: then nothing is wrong with it. */
export function healthOf({ healthy, state }: Pick<UnitSnapshot, "healthy" | "state">): "ok" | "bad" | "none" {
  return healthy ? "ok" : quiet.has(state) ? "none" : "bad";
}

/** The colour of the fleet's status; the phases of its start are cyan. */
export function fleetColor(status: string): Color {
  return statuses[status] ?? "cyan";
}

const nameColors = ["cyan", "magenta", "blue", "green", "yellow"] as const;

/** The same name always has the same colour. */
export function nameColor(name: string): Color {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 65_521;
  return nameColors[sum % nameColors.length] ?? "cyan";
}
