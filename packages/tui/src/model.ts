import type { FleetEvent, FleetSnapshot, UnitExplanation, UnitSnapshot } from "@mothership/control";
import type { Key } from "./keys.ts";
import type { Size } from "./layout.ts";
import { type Traffic, withCounts } from "./traffic.ts";

export const tabs = ["overview", "logs", "modules"] as const;
export type Tab = (typeof tabs)[number];
export type Action = "restart" | "stop" | "start";

/** Everything that is drawn, the lines of logs apart. Never changed in place. */
export interface Model {
  readonly size: Size;
  readonly tab: Tab;
  readonly help: boolean;
  /** The unit whose history is shown, from line `top` on; neither known nor failed while the fleet has not answered. */
  readonly detail:
    | {
        readonly unit: string;
        readonly top: number;
        readonly known: UnitExplanation | undefined;
        readonly failure: string | undefined;
      }
    | undefined;
  readonly fleet: Omit<FleetSnapshot, "units" | "modules">;
  readonly units: readonly UnitSnapshot[];
  readonly modules: FleetSnapshot["modules"];
  /** Resident memory of each unit at the last snapshots, oldest first. */
  readonly memory: ReadonlyMap<string, readonly number[]>;
  /** Requests of each unit that gets any. */
  readonly traffic: Traffic;
  /** Why the fleet cannot be seen any more; undefined while it can. */
  readonly lost: string | undefined;
  /** Name of the chosen unit; "" when there is none. */
  readonly selected: string;
  /** First unit in the window, as it was last drawn. */
  readonly unitTop: number;
  readonly moduleIndex: number;
  readonly moduleTop: number;
  /** Part of a name, group or state, that a unit must have to be shown. */
  readonly filter: string;
  /** What is sought in logs. */
  readonly search: string;
  /** What is being typed at the bottom; before `Enter`, a filter is in force, a search is not. */
  readonly entry: { readonly kind: "filter" | "search"; readonly text: string } | undefined;
  readonly asking: { readonly action: Action; readonly unit: string } | undefined;
  /** What was asked for and is not done, by unit. */
  readonly pending: ReadonlyMap<string, Action>;
  readonly notice: { readonly text: string; readonly bad: boolean } | undefined;
  /** Logs of all units, instead of the chosen one's. */
  readonly all: boolean;
  readonly follow: boolean;
  /** Number of the first line shown, when not following. */
  readonly logTop: number;
  /** Columns of log text that are scrolled out to the left. */
  readonly logShift: number;
  /** Number of the line that a search found. */
  readonly match: number | undefined;
}

/** What happened. */
export type Input =
  | { readonly type: "key"; readonly key: Key }
  | { readonly type: "resized"; readonly size: Size }
  | {
      readonly type: "snapshot";
      readonly snapshot: FleetSnapshot;
      /** Milliseconds of a clock that only goes forward. */
      readonly at: number;
    }
  | { readonly type: "event"; readonly event: FleetEvent }
  | { readonly type: "lost"; readonly reason: string }
  | { readonly type: "acted"; readonly unit: string; readonly action: Action; readonly failure: string | undefined }
  | { readonly type: "explained"; readonly unit: string; readonly known?: UnitExplanation; readonly failure?: string }
  | { readonly type: "noticed"; readonly text: string };

/** What is to be done outside. */
export type Effect =
  | { readonly type: "quit" }
  | { readonly type: "act"; readonly unit: string; readonly action: Action }
  | { readonly type: "explain"; readonly unit: string }
  /** Events were missed: ask for the whole state. */
  | { readonly type: "refresh" };

/** Samples of memory that are kept for each unit. */
export const memorySamples = 40;

/** `at`: when the snapshot was taken, in milliseconds of a clock that only goes forward. */
export function initialModel(snapshot: FleetSnapshot, size: Size, at = 0): Model {
  const { units, modules, ...fleet } = snapshot;
  return {
    size,
    tab: "overview",
    help: false,
    detail: undefined,
    fleet,
    units,
    modules,
    memory: withSamples(new Map(), units),
    traffic: withCounts(new Map(), units, at),
    lost: undefined,
    selected: units[0]?.name ?? "",
    unitTop: 0,
    moduleIndex: 0,
    moduleTop: 0,
    filter: "",
    search: "",
    entry: undefined,
    asking: undefined,
    pending: new Map(),
    notice: undefined,
    all: false,
    follow: true,
    logTop: 0,
    logShift: 0,
    match: undefined,
  };
}

/** The units that the filter lets through, in the order of the manifest. */
export function shownUnits({ units, filter, entry }: Model): readonly UnitSnapshot[] {
  const part = (entry?.kind === "filter" ? entry.text : filter).toLowerCase();
  if (part === "") return units;
  return units.filter(({ name, group, state }) => [name, group, state].some((text) => text.toLowerCase().includes(part)));
}

/** The unit that is chosen; undefined when it is no longer in the fleet. */
export function selectedUnit(model: Model): UnitSnapshot | undefined {
  return model.units.find(({ name }) => name === model.selected);
}

/** Whose logs are to be read now: none while they are not looked at. */
export function logTarget(model: Model): readonly string[] {
  if (model.tab !== "logs") return [];
  if (model.all) return model.units.map(({ name }) => name);
  return model.selected === "" ? [] : [model.selected];
}

/** The memory history with what `units` have now; those that are gone are forgotten. */
export function withSamples(
  memory: ReadonlyMap<string, readonly number[]>,
  units: readonly UnitSnapshot[],
): ReadonlyMap<string, readonly number[]> {
  return new Map(
    units.map(({ name, rssBytes }) => {
      const before = memory.get(name) ?? [];
      return [name, rssBytes === undefined ? before : [...before, rssBytes].slice(-memorySamples)];
    }),
  );
}
