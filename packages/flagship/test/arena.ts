import { type Logger, silentLogger, systemClock } from "@mothership/kernel";
import { Client } from "pg";
import { inject } from "vitest";
import type { Coordinator } from "../src/coordinator.ts";
import type { PostgresElection } from "../src/election.ts";
import { launchOf } from "../src/launch.ts";
import { postgresCoordinator } from "../src/postgres.ts";
import { freshName } from "./fresh-name.ts";

/** The URL of the run's server; parameters may be added behind it. */
export function serverUrl(port: number = inject("postgres").port): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`;
}

/** An election of a fleet of its own, in which things are noticed soon. */
export function electionSpec(changes: Partial<PostgresElection> = {}): PostgresElection {
  return {
    url: serverUrl(),
    allowInsecure: true,
    fleet: freshName(),
    launch: launchOf(["work"], "release 1"),
    pollMs: 100,
    heartbeatMs: 100,
    answerTimeoutMs: 2000,
    stopGraceMs: 0,
    ...changes,
  };
}

export function coordinatorOf(spec: PostgresElection, log: Logger = silentLogger): Coordinator {
  return postgresCoordinator(spec, { clock: systemClock, log });
}

/** Runs one statement as the superuser of the run's server. */
export async function sql(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({
    host: inject("postgres").socketFolder,
    port: inject("postgres").port,
    user: "postgres",
    database: "postgres",
  });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** Ends the database sessions of a fleet's members, as an administrator or a crash of their processes would. */
export async function endSessions(fleet: string, holding = false): Promise<void> {
  const locks = holding ? "AND EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted)" : "";
  await sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity a WHERE application_name = $1 ${locks}`, [
    `mothership flagship ${fleet}`,
  ]);
}
