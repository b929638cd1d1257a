import type { Key } from "../src/keys.ts";
import { LogBuffer } from "../src/log-buffer.ts";
import { type Effect, initialModel, type Model } from "../src/model.ts";
import { plainText } from "../src/text.ts";
import { update } from "../src/update.ts";
import { view } from "../src/view.ts";
import { fleetOf, noon } from "./fleet.ts";

export const size = { columns: 80, rows: 24 };
const named: Readonly<Record<string, string>> = {
  "<enter>": "enter",
  "<esc>": "escape",
  "<tab>": "tab",
  "<up>": "up",
  "<down>": "down",
  "<pgup>": "pageup",
  "<pgdn>": "pagedown",
  "<home>": "home",
  "<end>": "end",
  "<back>": "backspace",
  "<C-c>": "C-c",
  "<C-u>": "C-u",
  "<left>": "left",
  "<right>": "right",
  "<S-tab>": "S-tab",
};

/** `jj<enter>/abc` as keys. */
function keys(text: string): Key[] {
  return (text.match(/<[\w-]+>|./gsu) ?? []).map((one) => (named[one] ? { name: named[one], text: "" } : { name: one, text: one }));
}

export function logOf(...texts: string[]): LogBuffer {
  const log = new LogBuffer(5000);
  for (const text of texts) log.push({ name: "ship-0", stream: "stdout", at: noon, pid: 1, text, dropped: 0 });
  return log;
}

/** A model with what was pressed, and the effects of it all. */
export function pressed(
  text: string,
  { model = initialModel(fleetOf(12), size), log = logOf() } = {},
): { model: Model; effects: Effect[] } {
  const effects: Effect[] = [];
  let now = model;
  for (const key of keys(text)) {
    const step = update(now, { type: "key", key }, log);
    now = step.model;
    effects.push(...step.effects);
  }
  return { model: now, effects };
}

export function screen(model: Model, log = logOf()): string {
  return view(model, log, noon).map(plainText).join("\n");
}
