import { parseDuration } from "@mothership/manifest";
import { type DraftTable, entriesOf } from "./draft.ts";
import { durationText } from "./quantities.ts";

/** What the manifest gives the whole fleet unless it says otherwise, less what requests may take of it. */
const usualMs = 15_000;
const longestMs = 24 * 3_600_000;

/** `[mothership]` with time enough for the slowest process to stop; nothing where the default is enough. */
export function shutdownTable(units: readonly DraftTable[]): DraftTable[] {
  const times = units.flatMap(({ entries }) =>
    entries.filter(({ key }) => key === "stop_timeout").map(({ value }) => parseDuration(String(value)) ?? 0),
  );
  const slowest = Math.max(0, ...times);
  if (slowest <= usualMs) return [];
  const comments = ["So long the whole fleet may take to stop; its slowest process needs it."];
  const entries = entriesOf({ shutdown_timeout: durationText(Math.min(slowest + 15_000, longestMs)) });
  return [{ path: ["mothership"], several: false, comments, entries }];
}
