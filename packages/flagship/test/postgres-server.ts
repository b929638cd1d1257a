import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  accessSync,
  chownSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Certificate, freePort } from "@mothership/testkit";
import { Client } from "pg";

/** A PostgreSQL server in a temporary folder, for one test run. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  readonly socketFolder: string;
  /** Ends the server and starts it again on the same port: politely, or as a crash would. One after the other. */
  restart(mode: "fast" | "immediate"): Promise<void>;
  /** Restarts that have begun, and that have ended. */
  readonly restarts: { readonly begun: number; readonly ended: number };
  /** Runs statements as the superuser. */
  run(...statements: readonly string[]): Promise<void>;
}

export interface ServerOptions {
  /** Speaks TLS with this certificate; client certificates of `authority` are taken. */
  readonly tls?: Certificate & { readonly authority: string };
  /** Lines of `pg_hba.conf` before the one that trusts everybody. */
  readonly rules?: readonly string[];
}

/** Starts a server of the first PostgreSQL that it finds on this machine. Without one it fails: these tests mean nothing without a server. */
export async function startPostgres({ tls, rules = [] }: ServerOptions = {}): Promise<PostgresServer> {
  const bin = findBinaries();
  const as = process.getuid?.() === 0 ? unprivilegedUser() : {};
  // The paths of Unix sockets have to be short.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "ms-pg-")));
  const data = join(folder, "data");
  const own = (path: string): void => {
    if (as.uid !== undefined && as.gid !== undefined) chownSync(path, as.uid, as.gid);
  };
  const put = (name: string, text: string): void => {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    own(join(data, name));
  };
  own(folder);
  mkdirSync(data, { mode: 0o700 });
  own(data);
  const made = spawnSync(join(bin, "initdb"), ["-D", data, "--no-sync", "-A", "trust", "-U", "postgres", "--locale=C.UTF-8"], {
    ...as,
    cwd: folder,
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  put("pg_hba.conf", ["local all all trust", ...rules, "host all all all trust", ""].join("\n"));
  if (tls) {
    put("server.crt", tls.cert);
    put("server.key", tls.key);
    put("authority.crt", tls.authority);
  }
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: folder,
    max_connections: 300,
    fsync: "off",
    full_page_writes: "off",
    // The coordinator must not rely on this being on.
    synchronous_commit: "off",
    password_encryption: "scram-sha-256",
    ...(tls && { ssl: "on", ssl_ca_file: "authority.crt" }),
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);

  const start = async () => {
    const child = spawn(join(bin, "postgres"), ["-D", data, ...args], { ...as, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-10_000);
      if (log.includes("ready to accept connections")) resolve();
    });
    child.once("close", () => reject(new Error(`the server ended: ${log}`)));
    await promise;
    return child;
  };
  let server = await start();
  let turn: Promise<unknown> = Promise.resolve();
  const restarts = { begun: 0, ended: 0 };
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    const closed = once(server, "close");
    server.kill(signal);
    await closed;
  };
  return {
    port,
    socketFolder: folder,
    restarts,
    restart(mode) {
      const restarted = turn.then(async () => {
        restarts.begun++;
        await stop(mode === "fast" ? "SIGINT" : "SIGQUIT");
        server = await start();
        restarts.ended++;
      });
      turn = restarted.catch(() => undefined);
      return restarted;
    },
    async run(...statements) {
      await turn;
      const client = new Client({ host: folder, port, user: "postgres", database: "postgres" });
      client.on("error", () => undefined); // A restart in between makes the statement fail, which says it too.
      await client.connect();
      for (const statement of statements) await client.query(statement);
      await client.end();
    },
    async [Symbol.asyncDispose]() {
      await stop("SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The folder of `postgres` and `initdb`. */
function findBinaries(): string {
  const given = process.env["MOTHERSHIP_TEST_PG_BIN"];
  const packaged = "/usr/lib/postgresql";
  const versions = isReadable(packaged) ? readdirSync(packaged).sort((a, b) => Number(b) - Number(a)) : [];
  const candidates = [
    ...(given === undefined ? [] : [given]),
    ...(process.env["PATH"] ?? "").split(delimiter),
    ...versions.map((version) => join(packaged, version, "bin")),
  ];
  const found = candidates.find((folder) => isReadable(join(folder, "postgres")) && isReadable(join(folder, "initdb")));
  if (found === undefined)
    throw new Error("These tests need a PostgreSQL server: install one, or set MOTHERSHIP_TEST_PG_BIN to its bin folder");
  // Started through a link elsewhere, initdb would not find its other files.
  return join(realpathSync(join(found, "initdb")), "..");
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): { readonly uid?: number; readonly gid?: number } {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const line = lines.find((text) => text.startsWith("postgres:")) ?? lines.find((text) => text.startsWith("nobody:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}
