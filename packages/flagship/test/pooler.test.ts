import { spawn, spawnSync } from "node:child_process";
import { chownSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { type LogFields, type Logger, silentLogger } from "@mothership/kernel";
import { eventually, freePort, tempFolder } from "@mothership/testkit";
import { Client } from "pg";
import { describe, expect, inject, test } from "vitest";
import { coordinatorOf, electionSpec, serverUrl } from "./arena.ts";
import { openPooler, type PoolerOptions } from "./pooler-proxy.ts";

const { port } = inject("postgres");

function noting(): { readonly log: Logger; readonly warnings: unknown[] } {
  const warnings: unknown[] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (message: string, fields?: LogFields) => void warnings.push([message, fields]),
    child: () => log,
  };
  return { log, warnings };
}

const pooled = (evidence: RegExp) => ({ code: "MS_ELECTION_POOLED", message: expect.stringMatching(evidence) });

describe("a pooler that shares sessions", () => {
  test.each<[string, PoolerOptions, RegExp]>([
    ["gives the session used last", { mode: "transaction" }, /two statements ran on different server processes/],
    [
      "has one session for all",
      { mode: "transaction", size: 1 },
      /a statement had to wait for another connection|two connections ran on one/,
    ],
    ["gives another session each time", { mode: "rotating" }, /two statements ran on different server processes/],
    [
      "gives another session each time and does not hide it",
      { mode: "rotating", honest: true },
      /two statements ran on different server processes/,
    ],
    ["takes no transactions", { mode: "statement" }, /two connections ran on one server process|allows no transactions/],
  ])("is refused with the reason when it %s", async (_, options, evidence) => {
    await using pooler = await openPooler({ host: "127.0.0.1", port }, options);
    await expect(coordinatorOf(electionSpec({ url: serverUrl(pooler.port) })).elect()).rejects.toMatchObject(pooled(evidence));
  });

  test("would let two flagships work at the same time if it were not refused", async () => {
    await using pooler = await openPooler({ host: "127.0.0.1", port }, { mode: "transaction" });
    const clients = [1, 2].map(() => new Client({ connectionString: serverUrl(pooler.port), ssl: false }));
    const locked: unknown[] = [];
    for (const client of clients) {
      await client.connect();
      locked.push((await client.query("SELECT pg_try_advisory_lock(77) AS locked")).rows[0]);
    }
    expect(locked).toEqual([{ locked: true }, { locked: true }]);
    for (const client of clients) await client.end();
  });

  test("later on, when the flagship is at work, loses it the office", async () => {
    await using pooler = await openPooler({ host: "127.0.0.1", port }, { mode: "session" });
    await using flagship = await coordinatorOf(electionSpec({ url: serverUrl(pooler.port) })).elect();
    pooler.mode = "rotating";
    await eventually("the flagship has noticed", () => flagship.signal.aborted);
    expect(flagship.signal.reason).toMatchObject({ code: "MS_FLAGSHIP_OFFICE_LOST" });
  });
});

describe("a pooler that keeps sessions apart", () => {
  test.each<[string, PoolerOptions]>([
    ["", { mode: "session" }],
    [" and has none to spare for the test", { mode: "session", size: 1 }],
  ])("is taken, with a warning%s", async (_, options) => {
    await using pooler = await openPooler({ host: "127.0.0.1", port }, options);
    const { log, warnings } = noting();
    const spec = electionSpec({ url: serverUrl(pooler.port) });
    await using flagship = await coordinatorOf(spec, log).elect();
    await using escort = await coordinatorOf({ ...spec, url: serverUrl() }).elect();
    const waiting = escort.waitUntilReady();
    await flagship.announceReady();
    expect([flagship.role, await waiting]).toEqual(["flagship", "ready"]);
    expect(warnings).toMatchObject([[expect.stringMatching(/pooler or proxy that keeps sessions apart/), {}]]);
  });

  test("warns of nothing when there is none", async () => {
    const { log, warnings } = noting();
    await using _ = await coordinatorOf(electionSpec(), log).elect();
    expect(warnings).toEqual([]);
  });
});

if (spawnSync("pgbouncer", ["--version"]).status === 0) {
  describe("PgBouncer", () => {
    test.each([
      ["transaction", /server process/],
      ["statement", /server process|allows no transactions/],
    ])("in %s mode is refused", async (mode, evidence) => {
      await using bouncer = await openPgBouncer(mode);
      await expect(coordinatorOf(electionSpec({ url: serverUrl(bouncer.port) })).elect()).rejects.toMatchObject(pooled(evidence));
    });

    test("in transaction mode with one session is refused", async () => {
      await using bouncer = await openPgBouncer("transaction", 1);
      await expect(coordinatorOf(electionSpec({ url: serverUrl(bouncer.port) })).elect()).rejects.toMatchObject(pooled(/./));
    });

    test("in session mode holds an election", async () => {
      await using bouncer = await openPgBouncer("session");
      const spec = electionSpec({ url: serverUrl(bouncer.port) });
      await using flagship = await coordinatorOf(spec).elect();
      await using escort = await coordinatorOf(spec).elect();
      const waiting = escort.waitUntilReady();
      await flagship.announceReady();
      expect(await waiting).toBe("ready");
    });
  });
}

/** The real thing, where it is installed. */
async function openPgBouncer(mode: string, size = 20): Promise<AsyncDisposable & { readonly port: number }> {
  const folder = tempFolder();
  const own = await freePort();
  const config = [
    "[databases]",
    `postgres = host=127.0.0.1 port=${port} user=postgres`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${own}`,
    "unix_socket_dir =",
    "auth_type = any",
    `pool_mode = ${mode}`,
    `default_pool_size = ${size}`,
  ];
  writeFileSync(folder.join("bouncer.ini"), config.join("\n"));
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((text) => text.startsWith("nobody:"));
  const [, , uid, gid] = (line ?? "").split(":").map(Number);
  const as = process.getuid?.() === 0 ? { uid, gid } : {};
  if (as.uid !== undefined && as.gid !== undefined) chownSync(folder.path, as.uid, as.gid);
  const child = spawn("pgbouncer", [folder.join("bouncer.ini")], {
    stdio: "ignore",
    ...(as.uid !== undefined && { uid: as.uid, gid: as.gid }),
  });
  await eventually("PgBouncer listening", () => answers(own));
  return {
    port: own,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await closed;
      folder[Symbol.dispose]();
    },
  };
}

function answers(at: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
