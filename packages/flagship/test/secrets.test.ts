import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { inspect } from "node:util";
import { type LogFields, type Logger, silentLogger } from "@mothership/kernel";
import { describe, expect, inject, test } from "vitest";
import type { PostgresElection } from "../src/election.ts";
import { runOnce } from "../src/run-once.ts";
import { coordinatorOf, electionSpec, endSessions, serverUrl, sql } from "./arena.ts";
import { openPooler } from "./pooler-proxy.ts";

const { port, password, otherCert } = inject("postgres");
/** As it is, and as it stands in a URL. */
const secrets = [password, encodeURIComponent(password)];

/** Everything that anybody gets to see: log lines of all levels, and errors with all that hangs on them. */
function ears(): { readonly log: Logger; hear(what: unknown): void; readonly heard: string[] } {
  const heard: string[] = [];
  const hear = (what: unknown): void => {
    heard.push(inspect(what, { depth: 20, showHidden: true, getters: true }), String(what), JSON.stringify(what) ?? "");
    if (what instanceof Error) heard.push(what.stack ?? "");
  };
  const write = (message: string, fields?: LogFields): void => hear([message, fields]);
  const log: Logger = { ...silentLogger, debug: write, info: write, warn: write, error: write, child: () => log };
  return { log, hear, heard };
}

describe("the password of an election", () => {
  const url = (user: string, at: string, query: string): string =>
    `postgres://${user}:${encodeURIComponent(password)}@${at}/postgres?${query}`;
  const plain = "sslmode=disable";
  const short = { electionTimeoutMs: 400, answerTimeoutMs: 200, prelaunchTimeoutMs: 400 };
  const failures: readonly [what: string, spec: Partial<PostgresElection>][] = [
    ["a server that is not there", { url: url("app", "127.0.0.1:1", plain) }],
    ["a host that is not there", { url: url("app", "nowhere.invalid", plain) }],
    ["a role that is not there", { url: url("ghost", `127.0.0.1:${port}`, plain) }],
    ["a database that is not there", { url: url("postgres", `127.0.0.1:${port}`, plain).replace("/postgres?", "/ghost?") }],
    ["a role without TLS", { url: url("secretive", `127.0.0.1:${port}`, plain) }],
    ["a password that is wrong", { url: url("secretive", `127.0.0.1:${port}`, "sslmode=require").replace("@", "x@") }],
    ["a certificate that is wrong", { url: url("secretive", `localhost:${port}`, `sslmode=verify-full&sslrootcert=${otherCert}`) }],
    ["a file that is not there", { url: url("secretive", `localhost:${port}`, "sslmode=verify-full&sslrootcert=/nowhere") }],
    ["rights that are missing", { url: url("poor", `127.0.0.1:${port}`, plain) }],
    ["a mode that is insecure", { url: url("app", "h", plain), allowInsecure: false }],
    ["a parameter that is not supported", { url: url("app", "h", "sslcrl=/x") }],
    ["a scheme that is wrong", { url: url("app", "h", "").replace("postgres", "mysql") }],
    ["text that is no URL", { url: url("app", "h:99999", "") }],
    ["a password in the query", { url: `postgres://127.0.0.1:1/x?sslmode=disable&user=app&password=${encodeURIComponent(password)}` }],
  ];

  test.each(failures)("does not show in what is said of %s", async (_, changes) => {
    // Where nobody has made the table the role's missing rights cannot show.
    await (await coordinatorOf(electionSpec()).elect())[Symbol.asyncDispose]();
    const { log, hear, heard } = ears();
    const tried = async (): Promise<void> => {
      await using _tenure = await coordinatorOf(electionSpec({ ...short, ...changes }), log).elect();
    };
    const error = await tried().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: expect.stringMatching(/^MS_ELECTION_/) });
    hear(error);
    for (const secret of secrets) expect(heard.filter((text) => text.includes(secret))).toEqual([]);
  });

  test("does not show when a server repeats it", async () => {
    // As a pooler might that says whom it does not know.
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        const fields = Buffer.from(`SFATAL\0VFATAL\0C28000\0Mno such user: app/${password} (${url("app", "db", plain)})\0D${password}\0\0`);
        const head = Buffer.from([0x45, 0, 0, 0, 0]);
        head.writeUInt32BE(4 + fields.length, 1);
        socket.end(Buffer.concat([head, fields]));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { log, hear, heard } = ears();
    const at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const error: unknown = await coordinatorOf(electionSpec({ url: url("app", at, plain) }), log)
      .elect()
      .catch((thrown: unknown) => thrown);
    hear(error);
    expect(error).toMatchObject({ message: expect.stringContaining("no such user: app/***") });
    for (const secret of secrets) expect(heard.filter((text) => text.includes(secret))).toEqual([]);
    server.close();
  });

  test("does not show in a whole life of elections, losses and aborts, nor in the database", async () => {
    await sql("GRANT pg_write_all_data, pg_read_all_data TO secretive");
    await (await coordinatorOf(electionSpec()).elect())[Symbol.asyncDispose]();
    await sql("GRANT USAGE ON SCHEMA mothership_flagship TO secretive");
    const { log, hear, heard } = ears();
    const spec = electionSpec({ url: url("secretive", `localhost:${port}`, "sslmode=require") });
    const coordinator = coordinatorOf(spec, log);
    hear(coordinator);
    {
      await using flagship = await coordinator.elect();
      await using escort = await coordinator.elect();
      hear(flagship);
      const waiting = escort.waitUntilReady().catch(hear);
      await flagship.announceAbort(`cannot reach ${spec.url} with password=${password}`);
      await waiting;
    }
    const next = { ...spec, launch: { id: "next", explicit: true } };
    {
      await using flagship = await coordinatorOf(next, log).elect();
      await endSessions(spec.fleet, true);
      await flagship.announceReady().catch(hear);
      await runOnce(() => Promise.resolve(), coordinatorOf(next, log)).catch(hear);
    }
    expect(heard.some((text) => text.includes("MS_FLAGSHIP_ABORTED"))).toBe(true);
    expect(heard.some((text) => text.includes("cannot reach postgres://secretive:***@localhost"))).toBe(true);
    heard.push(inspect(await sql("SELECT l::text FROM mothership_flagship.launches l WHERE fleet = $1", [spec.fleet])));
    heard.push(inspect(await sql("SELECT a::text FROM pg_stat_activity a")));
    for (const secret of secrets) expect(heard.filter((text) => text.includes(secret))).toEqual([]);
  });

  test("does not show when a pooler is refused", async () => {
    await using pooler = await openPooler({ host: "127.0.0.1", port }, { mode: "rotating" });
    const { log, hear, heard } = ears();
    const address = serverUrl(pooler.port).replace("postgres@", `postgres:${encodeURIComponent(password)}@`);
    await coordinatorOf(electionSpec({ url: address }), log)
      .elect()
      .catch(hear);
    expect(heard.some((text) => text.includes("MS_ELECTION_POOLED"))).toBe(true);
    for (const secret of secrets) expect(heard.filter((text) => text.includes(secret))).toEqual([]);
  });
});
