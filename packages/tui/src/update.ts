import type { FleetEvent, FleetSnapshot } from "@mothership/control";
import { unitRows, windowTop } from "./layout.ts";
import type { LogLines } from "./log-buffer.ts";
import { type Effect, type Input, initialModel, logTarget, type Model, shownUnits, withSamples } from "./model.ts";
import { press } from "./press.ts";
import { withCounts } from "./traffic.ts";

/** A model, and what is to be done outside because of what happened. */
export interface Step {
  readonly model: Model;
  readonly effects: readonly Effect[];
}

/** The model after `input`. Pure: `log` is only looked at, to know where lines begin, end and match. */
export function update(before: Model, input: Input, log: LogLines): Step {
  const { model, effects } = change(before, input, log);
  return { model: settled(before, model), effects };
}

function change(model: Model, input: Input, log: LogLines): Step {
  switch (input.type) {
    case "key":
      return press(model, input.key, log);
    case "resized":
      return still({ ...model, size: input.size });
    case "snapshot":
      return still(withSnapshot(model, input.snapshot, input.at));
    case "event":
      return withEvent(model, input.event);
    case "lost":
      return still({ ...model, lost: input.reason, asking: undefined, pending: new Map(), notice: undefined });
    case "explained": {
      const { unit, known, failure } = input;
      // Meanwhile it may have been closed, or another one asked about.
      return still(model.detail?.unit === unit ? { ...model, detail: { ...model.detail, known, failure } } : model);
    }
    case "noticed":
      return still({ ...model, notice: { text: input.text, bad: true } });
    case "acted": {
      // That the fleet has gone is what matters now, and stays on the screen.
      if (model.lost !== undefined) return still(model);
      const pending = new Map(model.pending);
      pending.delete(input.unit);
      const { unit, action, failure } = input;
      const notice =
        failure === undefined
          ? { text: `${unit}: ${action} done`, bad: false }
          : { text: `${unit}: ${action} failed: ${failure}`, bad: true };
      return { model: { ...model, pending, notice }, effects: [{ type: "refresh" }] };
    }
  }
}

function withSnapshot(model: Model, snapshot: FleetSnapshot, at: number): Model {
  // An event that came while the snapshot was on its way is newer; the next snapshot will have both.
  if (snapshot.seq < model.fleet.seq) return model;
  const { fleet, units, modules } = initialModel(snapshot, model.size);
  return { ...model, fleet, units, modules, memory: withSamples(model.memory, units), traffic: withCounts(model.traffic, units, at) };
}

function withEvent(model: Model, event: FleetEvent): Step {
  if (event.type === "dropped") return { model, effects: [{ type: "refresh" }] };
  if (event.seq <= model.fleet.seq) return still(model);
  const { seq, at } = event;
  if (event.type === "status") return still({ ...model, fleet: { ...model.fleet, seq, status: event.status, since: at } });
  const { unit } = event;
  const known = model.units.findIndex(({ name }) => name === unit.name);
  const units = known < 0 ? [...model.units, unit] : model.units.with(known, unit);
  return still({ ...model, fleet: { ...model.fleet, seq }, units });
}

/** What must always hold: the choice is among what is shown, windows hold it, and a change of logs begins at their end. */
function settled(before: Model, model: Model): Model {
  const units = shownUnits(model);
  const found = units.findIndex(({ name }) => name === model.selected);
  // A chosen unit that has gone, or is filtered out, leaves its place to the one that stands there now.
  const place = Math.max(
    0,
    shownUnits(before).findIndex(({ name }) => name === before.selected),
  );
  const index = found >= 0 ? found : Math.min(place, units.length - 1);
  const moduleIndex = Math.max(0, Math.min(model.moduleIndex, model.modules.length - 1));
  const rows = unitRows(model.size, model.tab);
  const next = {
    ...model,
    selected: units[index]?.name ?? "",
    unitTop: windowTop(model.unitTop, Math.max(0, index), rows, units.length),
    moduleIndex,
    moduleTop: windowTop(model.moduleTop, moduleIndex, rows, model.modules.length),
  };
  return sameTarget(logTarget(before), logTarget(next)) ? next : { ...next, follow: true, logTop: 0, logShift: 0, match: undefined };
}

export function sameTarget(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at]);
}

function still(model: Model): Step {
  return { model, effects: [] };
}
