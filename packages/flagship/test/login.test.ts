import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { inspect } from "node:util";
import { createAuthority } from "@mothership/testkit";
import { Client } from "pg";
import { describe, expect, inject, test } from "vitest";
import type { PostgresElection } from "../src/election.ts";
import { coordinatorOf, electionSpec, sql } from "./arena.ts";
import { freshName } from "./fresh-name.ts";

const postgres = inject("postgres");
const password = encodeURIComponent(postgres.password);

/** Logs in as a role, by name unless said otherwise, and tells whether the connection was encrypted. */
async function login(user: string, query: string, changes: Partial<PostgresElection> & { readonly at?: string } = {}): Promise<string> {
  const { at = `localhost:${postgres.port}`, ...rest } = changes;
  const database = await readyDatabase();
  const spec = electionSpec({
    url: `postgres://${user}@${at}/${database}?${query}`,
    allowInsecure: false,
    electionTimeoutMs: 5000,
    ...rest,
  });
  await using tenure = await coordinatorOf(spec).elect();
  const [row] = await sql("SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = $1", [
    `mothership flagship ${spec.fleet}`,
  ]);
  await tenure.announceReady();
  return row?.["ssl"] === true ? "encrypted" : "plain";
}

let database: Promise<string> | undefined;
/** A database in which every role of these tests may hold an election. */
function readyDatabase(): Promise<string> {
  database ??= (async () => {
    const name = freshName("login").replaceAll("-", "_");
    await sql(`CREATE DATABASE ${name}`);
    const url = `postgres:///${name}?host=${postgres.socketFolder}&port=${postgres.port}&user=postgres`;
    await using _ = await coordinatorOf(electionSpec({ url })).elect();
    const roles = "secretive, certified, encrypted, unencrypted";
    await sqlIn(name, `GRANT USAGE ON SCHEMA mothership_flagship TO ${roles}`);
    await sqlIn(name, `GRANT SELECT, INSERT, UPDATE, DELETE ON mothership_flagship.launches TO ${roles}`);
    return name;
  })();
  return database;
}

async function sqlIn(name: string, text: string): Promise<void> {
  const client = new Client({ host: postgres.socketFolder, port: postgres.port, user: "postgres", database: name });
  await client.connect();
  await client.query(text);
  await client.end();
}

const root = `sslrootcert=${postgres.rootCert}`;
const other = `sslrootcert=${postgres.otherCert}`;
const byAddress = { at: `127.0.0.1:${postgres.port}` };
const refused = (message: RegExp) => ({ code: "MS_ELECTION_DATABASE", message: expect.stringMatching(message) });

describe("sslmode", () => {
  test("require encrypts, and checks neither authority nor name without a root certificate", async () => {
    expect(await login("postgres", "sslmode=require")).toBe("encrypted");
    expect(await login("postgres", "", byAddress)).toBe("encrypted");
  });

  test("require with a root certificate checks the authority, but not the name", async () => {
    expect(await login("postgres", `sslmode=require&${root}`, byAddress)).toBe("encrypted");
    await expect(login("postgres", `sslmode=require&${other}`)).rejects.toMatchObject(refused(/certificate/));
  });

  test("verify-ca checks the authority, but not the name", async () => {
    expect(await login("postgres", `sslmode=verify-ca&${root}`, byAddress)).toBe("encrypted");
    await expect(login("postgres", `sslmode=verify-ca&${other}`)).rejects.toMatchObject(refused(/certificate/));
  });

  test("verify-full checks authority and name", async () => {
    expect(await login("postgres", `sslmode=verify-full&${root}`)).toBe("encrypted");
    await expect(login("postgres", `sslmode=verify-full&${root}`, byAddress)).rejects.toMatchObject(refused(/127\.0\.0\.1/));
    await expect(login("postgres", `sslmode=verify-full&${other}`)).rejects.toMatchObject(refused(/certificate/));
    await expect(login("postgres", "sslmode=verify-full&sslrootcert=system")).rejects.toMatchObject(refused(/certificate/));
  });

  test("disable, where allowed, does not encrypt", async () => {
    expect(await login("postgres", "sslmode=disable", { allowInsecure: true })).toBe("plain");
    await expect(login("encrypted", "sslmode=disable", { allowInsecure: true })).rejects.toMatchObject({
      ...refused(/pg_hba\.conf/),
      sqlState: "28000",
    });
  });

  test("allow encrypts only where the server insists", async () => {
    expect(await login("postgres", "sslmode=allow", { allowInsecure: true })).toBe("plain");
    expect(await login("encrypted", "sslmode=allow", { allowInsecure: true })).toBe("encrypted");
  });

  test("prefer encrypts except where the server will not have it", async () => {
    expect(await login("postgres", "sslmode=prefer", { allowInsecure: true })).toBe("encrypted");
    expect(await login("unencrypted", "sslmode=prefer", { allowInsecure: true })).toBe("plain");
    await using server = await serverWithoutTls();
    expect(await login("postgres", "sslmode=prefer", { allowInsecure: true, at: `127.0.0.1:${server.port}` })).toBe("plain");
  });

  test("require does not fall back where the server has no TLS", async () => {
    await using server = await serverWithoutTls();
    const at = `127.0.0.1:${server.port}`;
    await expect(login("postgres", "sslmode=require", { at })).rejects.toMatchObject(refused(/does not support SSL/));
    await expect(login("unencrypted", "sslmode=require")).rejects.toMatchObject(refused(/pg_hba\.conf/));
  });

  test("refuses insecure modes before any connection", () => {
    for (const mode of ["disable", "allow", "prefer"]) {
      expect(() => coordinatorOf(electionSpec({ url: `postgres://h/x?sslmode=${mode}`, allowInsecure: false }))).toThrowError(
        expect.objectContaining({ code: "MS_ELECTION_INSECURE" }),
      );
    }
  });

  test("does not matter on a Unix socket", async () => {
    const query = `host=${postgres.socketFolder}&port=${postgres.port}`;
    for (const mode of ["", "&sslmode=disable", "&sslmode=verify-full"]) expect(await login("postgres", query + mode)).toBe("plain");
  });
});

describe("a login", () => {
  test("with a password, and with a binding to the connection", async () => {
    expect(await login(`secretive:${password}`, "sslmode=require")).toBe("encrypted");
    expect(await login(`secretive:${password}`, "sslmode=require&channel_binding=require")).toBe("encrypted");
  });

  test("with a wrong password, or none, is refused at once and without the password", async () => {
    const wrong = await login("secretive:not-the-pa55word", "sslmode=require").catch((error: unknown) => error);
    expect(wrong).toMatchObject({ ...refused(/password authentication failed for user "secretive"/), sqlState: "28P01" });
    expect(inspect(wrong)).not.toContain("not-the-pa55word");
    await expect(login("secretive", "sslmode=require")).rejects.toMatchObject(refused(/asks for a password, and the URL holds none/));
  });

  test("does not take a password from the environment", async () => {
    process.env["PGPASSWORD"] = postgres.password;
    try {
      await expect(login("secretive", "sslmode=require")).rejects.toMatchObject(refused(/the URL holds none/));
    } finally {
      delete process.env["PGPASSWORD"];
    }
  });

  test("without the binding that was required is refused, before a password is sent", async () => {
    await expect(login("postgres", "sslmode=require&channel_binding=require")).rejects.toMatchObject(
      refused(/let us in without channel binding/),
    );
    const seen: Buffer[] = [];
    await using server = await serverAskingForPassword(seen);
    const at = `127.0.0.1:${server.port}`;
    const tried = login("app:hunter2secret", "sslmode=require&channel_binding=require", { at });
    await expect(tried).rejects.toMatchObject(refused(/offers no channel binding/));
    expect(Buffer.concat(seen).toString("latin1")).toMatch(/user\0app/);
    expect(Buffer.concat(seen).includes("hunter2secret")).toBe(false);
    // Without the requirement it would have been sent: sslmode=require keeps nobody out who can put himself in between.
    await login("app:hunter2secret", "sslmode=require", { at, electionTimeoutMs: 300 }).catch(() => undefined);
    expect(Buffer.concat(seen).includes("hunter2secret")).toBe(true);
  });

  test("with a certificate of the client", async () => {
    const files = `sslcert=${postgres.clientCert}&sslkey=${postgres.clientKey}`;
    expect(await login("certified", `sslmode=require&${files}`)).toBe("encrypted");
    await expect(login("certified", "sslmode=require")).rejects.toMatchObject(refused(/certificate/));
  });

  test("shows the fleet to whoever looks at the server's sessions, cut to what fits", async () => {
    const spec = electionSpec({ fleet: `ünï-${"x".repeat(100)}`, url: `postgres://postgres@localhost:${postgres.port}/postgres` });
    await using _ = await coordinatorOf(spec).elect();
    const rows = await sql("SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'mothership flagship ??n??-xxx%'");
    expect(rows).toEqual([{ application_name: `mothership flagship ??n??-${"x".repeat(37)}` }]);
  });
});

/** The run's server, as it would be without TLS: the client's question for it is answered with "N". */
async function serverWithoutTls(): Promise<AsyncDisposable & { readonly port: number }> {
  return talking((client) => {
    client.once("data", (first: Buffer) => {
      const upstream = connect({ host: "127.0.0.1", port: postgres.port });
      upstream.on("error", () => client.destroy());
      client.once("close", () => upstream.destroy());
      upstream.once("close", () => client.destroy());
      const asks = first.length === 8 && first.readUInt32BE(4) === 80_877_103;
      if (asks) client.write("N");
      else upstream.write(first);
      client.pipe(upstream);
      upstream.pipe(client);
    });
  });
}

/** Not the database at all, but somebody with a certificate who would like to have the password. */
function serverAskingForPassword(seen: Buffer[]): Promise<AsyncDisposable & { readonly port: number }> {
  const certificate = createAuthority().issue(["localhost"]);
  return talking((client) => {
    client.once("data", () => {
      const socket = new TLSSocket(client, { isServer: true, ...certificate });
      socket.on("error", () => undefined);
      socket.on("data", (bytes: Buffer) => seen.push(bytes));
      socket.once("data", () => socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3])));
      client.write("S");
    });
  });
}

async function talking(talk: (client: Socket) => void): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on("error", () => undefined);
    talk(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
