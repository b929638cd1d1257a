import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "@mothership/testkit";
import type { TestProject } from "vitest/node";
import { startPostgres } from "./postgres-server.ts";

/** Where the server of this test run is, and the files that a client needs to trust it. */
export interface Postgres {
  readonly port: number;
  readonly socketFolder: string;
  /** Certificate of the authority that signed the server's certificate, which is for localhost and not for 127.0.0.1. */
  readonly rootCert: string;
  /** Certificate of an authority that has nothing to do with it. */
  readonly otherCert: string;
  /** Certificate and key of the role "certified". */
  readonly clientCert: string;
  readonly clientKey: string;
  readonly password: string;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly postgres: Postgres;
  }
}

/** One server for the whole run: with TLS, and with roles that have to log in in different ways. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const authority = createAuthority();
  const password = "pa55-%word-of-the-test";
  const server = await startPostgres({
    tls: { ...authority.issue(["localhost"]), authority: authority.cert },
    rules: [
      "hostssl all secretive all scram-sha-256",
      "host all secretive all reject",
      "hostssl all certified all cert",
      "hostnossl all encrypted all reject",
      "hostssl all unencrypted all reject",
    ],
  });
  await server.run(
    `CREATE ROLE secretive LOGIN PASSWORD '${password}'`,
    ...["certified", "encrypted", "unencrypted", "poor"].map((role) => `CREATE ROLE ${role} LOGIN`),
  );
  const folder = mkdtempSync(join(tmpdir(), "ms-tls-"));
  const client = authority.issue(["certified"]);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  project.provide("postgres", {
    port: server.port,
    socketFolder: server.socketFolder,
    rootCert: file("root.crt", authority.cert),
    otherCert: file("other.crt", createAuthority("Other").cert),
    clientCert: file("client.crt", client.cert),
    clientKey: file("client.key", client.key),
    password,
  });
  return async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  };
}
