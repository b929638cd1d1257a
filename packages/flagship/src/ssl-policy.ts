import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, getCACertificates } from "node:tls";
import type { ElectionUrl } from "./election-url.ts";
import { ElectionUrlError } from "./errors.ts";

/** One way to connect: without TLS (false), or with it. */
export type TlsChoice = false | ConnectionOptions;

/**
 * The ways to connect that an sslmode allows, in libpq's order; each next one is tried when a server refuses the one before.
 *
 * | mode | encrypted | certificate |
 * | --- | --- | --- |
 * | disable | no | - |
 * | allow | when the server insists | not checked |
 * | prefer | when the server can | not checked |
 * | require | yes | not checked; as in verify-ca when there is a root certificate |
 * | verify-ca | yes | signed by the root certificate |
 * | verify-full | yes | signed by an authority, and for this host |
 *
 * The root certificate is the file of `sslrootcert`, or `~/.postgresql/root.crt` if there is one. `verify-full` can do without:
 * then the authorities that Node trusts count. For `verify-ca` that would be no check at all, so it is refused.
 */
export async function tlsChoices(url: ElectionUrl, home: string = homedir()): Promise<readonly TlsChoice[]> {
  if (url.host.startsWith("/")) return [false];
  const own = await clientCertificate(url);
  const unchecked: TlsChoice = { ...own, rejectUnauthorized: false };
  switch (url.sslmode) {
    case "disable":
      return [false];
    case "allow":
      return [false, unchecked];
    case "prefer":
      return [unchecked, false];
    case "require": {
      const ca = await rootCertificate(url, home);
      return [ca === undefined ? unchecked : { ...own, ca, checkServerIdentity: () => undefined }];
    }
    case "verify-ca": {
      const ca = await rootCertificate(url, home);
      if (ca === undefined) throw new ElectionUrlError("has sslmode=verify-ca, which needs sslrootcert (or ~/.postgresql/root.crt)");
      return [{ ...own, ca, checkServerIdentity: () => undefined }];
    }
    case "verify-full": {
      const ca = await rootCertificate(url, home);
      return [ca === undefined ? own : { ...own, ca }];
    }
  }
}

async function rootCertificate({ sslrootcert }: ElectionUrl, home: string): Promise<string | string[] | undefined> {
  if (sslrootcert === "system") return [...getCACertificates("system"), ...getCACertificates("default")];
  if (sslrootcert !== undefined) return readPem("sslrootcert", sslrootcert);
  try {
    return await readFile(join(home, ".postgresql", "root.crt"), "utf8");
  } catch {
    return undefined; // libpq's default place is optional.
  }
}

async function clientCertificate({ sslcert, sslkey }: ElectionUrl): Promise<ConnectionOptions> {
  if (sslcert === undefined && sslkey === undefined) return {};
  if (sslcert === undefined || sslkey === undefined) throw new ElectionUrlError("has one of sslcert and sslkey without the other");
  return { cert: await readPem("sslcert", sslcert), key: await readPem("sslkey", sslkey) };
}

async function readPem(name: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
    throw new ElectionUrlError(`has an ${name} that cannot be read: ${path} (${code})`);
  }
}
