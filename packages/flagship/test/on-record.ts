import { expect } from "vitest";
import { sql } from "./arena.ts";

export const launch = (id: string, explicit = true) => ({ id, explicit });
export const aborted = (reason: RegExp) => expect.objectContaining({ code: "MS_FLAGSHIP_ABORTED", message: expect.stringMatching(reason) });

export async function sessionsOf(fleet: string): Promise<number> {
  const [row] = await sql("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = $1", [`mothership flagship ${fleet}`]);
  return Number(row?.["n"]);
}

export async function states(fleet: string): Promise<unknown[]> {
  return (await sql("SELECT state FROM mothership_flagship.launches WHERE fleet = $1 ORDER BY id", [fleet])).map(({ state }) => state);
}

const seenTokens = new Map<string, Set<unknown>>();
/** How many different flagships have been seen on record. */
export async function tokens(fleet: string): Promise<number> {
  const seen = seenTokens.get(fleet) ?? new Set();
  for (const { token } of await sql("SELECT token FROM mothership_flagship.launches WHERE fleet = $1", [fleet])) seen.add(token);
  seenTokens.set(fleet, seen);
  return seen.size;
}

/** Moves everything that a fleet has on record into the past. */
export async function age(fleet: string, seconds: number): Promise<void> {
  const columns = ["started_at", "beat_at", "lease_until", "finished_at"].map((name) => `${name} = ${name} - interval '${seconds} s'`);
  await sql(`UPDATE mothership_flagship.launches SET ${columns.join(", ")} WHERE fleet = $1`, [fleet]);
}
