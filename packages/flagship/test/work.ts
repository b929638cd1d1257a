import { type AbortOptions, systemClock } from "@mothership/kernel";
import { Client } from "pg";

/** The one-time work of a launch. */
export type WorkSpec =
  /** Takes its time, takes some more to stop when it is told to, and may fail at the end. */
  | { readonly kind: "pass time"; readonly workMs: number; readonly stopMs: number; readonly fails: boolean }
  /** Makes tables as a migration does that expects to run once: a second run, or two at the same time, fail. */
  | { readonly kind: "migrate"; readonly url: string; readonly tables: number };

export async function work(spec: WorkSpec, options: AbortOptions): Promise<void> {
  if (spec.kind === "migrate") return migrate(spec.url, spec.tables, options);
  try {
    await systemClock.sleep(spec.workMs, options);
  } catch (error) {
    await systemClock.sleep(spec.stopMs);
    throw error;
  }
  if (spec.fails) throw new Error("the work failed");
}

async function migrate(url: string, tables: number, { signal }: AbortOptions): Promise<void> {
  const client = new Client({ connectionString: url, ssl: false });
  await client.connect();
  try {
    for (let at = 0; at < tables; at++) {
      signal?.throwIfAborted();
      await client.query(`CREATE TABLE migrated_${at} (id bigint PRIMARY KEY, note text)`);
      await client.query(`INSERT INTO migrated_${at} VALUES (1, 'by process ' || $1::text)`, [process.pid]);
    }
  } finally {
    await client.end();
  }
}
