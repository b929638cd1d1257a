import type { UnitSnapshot } from "@mothership/control";
import { type Command, commandOf, type Key } from "./keys.ts";
import { bodyRows, logRows, unitRows } from "./layout.ts";
import type { LogLines } from "./log-buffer.ts";
import { type Action, type Effect, type Model, selectedUnit, shownUnits, tabs } from "./model.ts";
import { withoutEscapes } from "./sgr.ts";
import { detailLines } from "./view-detail.ts";

interface Pressed {
  readonly model: Model;
  readonly effects: readonly Effect[];
}

/** Characters that a filter or a search may have. */
const maxEntryChars = 200;
/** Columns that one key scrolls sideways, and how far it goes. */
const shiftColumns = 16;
const maxShift = 2000;

/** What a key does. While something is typed or asked, keys are the answer. */
export function press(before: Model, key: Key, log: LogLines): Pressed {
  const model = { ...before, notice: undefined };
  if (key.name === "C-c") return { model, effects: [{ type: "quit" }] };
  if (model.asking) return answer(model, model.asking, key);
  if (model.entry) return still(type(model, model.entry, key, log));
  const command = commandOf(key);
  if (model.help && command !== "quit") return still({ ...model, help: false });
  if (model.detail && command !== "quit") return inDetail(model, model.detail, command);
  return command ? run(model, command, log) : still(model);
}

function answer(model: Model, { action, unit }: { readonly action: Action; readonly unit: string }, key: Key): Pressed {
  const quiet = { ...model, asking: undefined };
  // A pasted text that holds "sy" must not stop anything.
  if (key.pasted || key.text.toLowerCase() !== "y") return still(noticed(quiet, `${unit}: nothing done`));
  const pending = new Map(model.pending).set(unit, action);
  return { model: { ...quiet, pending }, effects: [{ type: "act", unit, action }] };
}

function type(model: Model, entry: NonNullable<Model["entry"]>, key: Key, log: LogLines): Model {
  const { kind, text } = entry;
  if (key.name === "escape") return { ...model, entry: undefined };
  if (key.name === "enter") {
    if (kind === "filter") return { ...model, entry: undefined, filter: text };
    return seek({ ...model, entry: undefined, search: text, match: undefined }, -1, log);
  }
  if (key.name === "backspace") return { ...model, entry: { kind, text: [...text].slice(0, -1).join("") } };
  if (key.name === "C-u") return { ...model, entry: { kind, text: "" } };
  return text.length < maxEntryChars ? { ...model, entry: { kind, text: text + key.text } } : model;
}

function run(model: Model, command: Command, log: LogLines): Pressed {
  switch (command) {
    case "quit":
      return { model, effects: [{ type: "quit" }] };
    case "help":
      return still({ ...model, help: true });
    case "overview":
    case "logs":
    case "modules":
      return still({ ...model, tab: command });
    case "nextTab":
      return still({ ...model, tab: turn(model, 1) });
    case "previousTab":
      return still({ ...model, tab: turn(model, -1) });
    case "escape":
      return still(model.tab === "logs" && model.search !== "" ? { ...model, search: "", match: undefined } : { ...model, filter: "" });
    case "find":
      return still(find(model));
    case "all":
      return still(model.tab === "logs" ? { ...model, all: !model.all } : model);
    case "follow":
      return still(model.tab === "logs" ? (model.follow ? standAt(model, bottomTop(model, log), log) : { ...model, follow: true }) : model);
    case "older":
      return still(seek(model, -1, log));
    case "newer":
      return still(seek(model, 1, log));
    case "left":
    case "right":
      return still(model.tab === "logs" ? shift(model, command === "left" ? -shiftColumns : shiftColumns) : model);
    case "explain":
      return explain(model);
    case "restart":
    case "stop":
    case "start":
      return still(ask(model, command));
    case "up":
    case "down":
    case "pageUp":
    case "pageDown":
    case "first":
    case "last":
      return still(move(model, command, log));
  }
}

function turn({ tab }: Model, by: 1 | -1): Model["tab"] {
  return tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length] ?? "overview";
}

function find(model: Model): Model {
  if (model.tab === "modules") return model;
  return { ...model, entry: model.tab === "logs" ? { kind: "search", text: "" } : { kind: "filter", text: model.filter } };
}

function shift(model: Model, by: number): Model {
  return { ...model, logShift: Math.max(0, Math.min(maxShift, model.logShift + by)) };
}

function ask(model: Model, action: Action): Model {
  if (model.lost !== undefined) return noticed(model, "the fleet is gone: nothing can be done");
  const unit = chosen(model);
  if (!unit) return noticed(model, `choose a unit first, to ${action} it`);
  const pending = model.pending.get(unit.name);
  if (pending) return noticed(model, `${unit.name}: ${pending} is under way`);
  return { ...model, asking: { action, unit: unit.name } };
}

/** The unit that is marked on the screen now, if any is. */
function chosen(model: Model): UnitSnapshot | undefined {
  return model.tab === "modules" || (model.tab === "logs" && model.all) ? undefined : selectedUnit(model);
}

function explain(model: Model): Pressed {
  if (model.lost !== undefined) return still(noticed(model, "the fleet is gone: it cannot be asked"));
  const unit = chosen(model);
  if (!unit) return still(noticed(model, "choose a unit first, to see why it is in its state"));
  const detail = { unit: unit.name, top: 0, known: undefined, failure: undefined };
  return { model: { ...model, detail }, effects: [{ type: "explain", unit: unit.name }] };
}

function inDetail(model: Model, detail: NonNullable<Model["detail"]>, command: Command | undefined): Pressed {
  if (command === "explain" && model.lost === undefined) return { model, effects: [{ type: "explain", unit: detail.unit }] };
  if (!isMovement(command)) return still({ ...model, detail: undefined });
  const count = detail.known ? detailLines(detail.known, 0).length : 0;
  const rows = bodyRows(model.size);
  // The last line may come up to the bottom, no further.
  const top = Math.min(moved(detail.top, command, rows, count), Math.max(0, count - rows));
  return still({ ...model, detail: { ...detail, top } });
}

function isMovement(command: Command | undefined): command is Movement {
  return command !== undefined && ["up", "down", "pageUp", "pageDown", "first", "last"].includes(command);
}

type Movement = "up" | "down" | "pageUp" | "pageDown" | "first" | "last";

function move(model: Model, movement: Movement, log: LogLines): Model {
  if (model.tab === "logs" && (model.all || (movement !== "up" && movement !== "down"))) return scroll(model, movement, log);
  const page = unitRows(model.size, model.tab);
  if (model.tab === "modules") return { ...model, moduleIndex: moved(model.moduleIndex, movement, page, model.modules.length) };
  const units = shownUnits(model);
  const index = units.findIndex(({ name }) => name === model.selected);
  return { ...model, selected: units[moved(index, movement, page, units.length)]?.name ?? "" };
}

function moved(index: number, movement: Movement, page: number, count: number): number {
  const to = { up: index - 1, down: index + 1, pageUp: index - page, pageDown: index + page, first: 0, last: count - 1 }[movement];
  return Math.max(0, Math.min(to, count - 1));
}

function scroll(model: Model, movement: Movement, log: LogLines): Model {
  const page = logRows(model.size);
  const top = model.follow ? bottomTop(model, log) : model.logTop;
  const to = { up: top - 1, down: top + 1, pageUp: top - page, pageDown: top + page, first: log.first, last: Infinity }[movement];
  if (to >= bottomTop(model, log) && (movement === "last" || movement === "down" || movement === "pageDown"))
    return { ...model, follow: true };
  return standAt(model, to, log);
}

/** Not following any more, with line `top` first. */
function standAt(model: Model, top: number, log: LogLines): Model {
  return { ...model, follow: false, logTop: Math.max(log.first, Math.min(top, bottomTop(model, log))) };
}

function bottomTop(model: Model, log: LogLines): number {
  return Math.max(log.first, log.next - logRows(model.size));
}

/** To the next line with what is sought, upwards (-1) or downwards, from the last match or else from the bottom of what is shown. */
function seek(model: Model, by: 1 | -1, log: LogLines): Model {
  if (model.tab !== "logs" || model.search === "") return model;
  const rows = logRows(model.size);
  const top = model.follow ? bottomTop(model, log) : model.logTop;
  let number = model.match !== undefined && model.match >= log.first ? model.match + by : Math.min(top + rows, log.next) - 1;
  const wanted = model.search.toLowerCase();
  for (; number >= log.first && number < log.next; number += by) {
    const line = log.at(number);
    if (!line || !withoutEscapes(line.text).toLowerCase().includes(wanted)) continue;
    const stays = number >= top && number < top + rows;
    return { ...standAt(model, stays ? top : number - (rows >> 1), log), match: number };
  }
  return noticed(model, `no ${model.match === undefined ? "" : "further "}line ${by < 0 ? "above" : "below"} has "${model.search}"`);
}

function noticed(model: Model, text: string): Model {
  return { ...model, notice: { text, bad: true } };
}

function still(model: Model): Pressed {
  return { model, effects: [] };
}
