import { userInfo } from "node:os";
import { domainToASCII } from "node:url";
import { ElectionUrlError, InsecureElectionError } from "./errors.ts";

/** What libpq calls sslmode, weakest first. */
export const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof sslModes)[number];

/** An election URL taken apart. Holds the password, so it is never logged; `target` is what may be shown. */
export interface ElectionUrl {
  /** A name or an address, or the folder of a Unix socket when it begins with "/". */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  /** Host, port and database. */
  readonly target: string;
  readonly sslmode: SslMode;
  /** Paths of PEM files; `system` in place of the first means the authorities of this machine. */
  readonly sslrootcert: string | undefined;
  readonly sslcert: string | undefined;
  readonly sslkey: string | undefined;
  /** TLS from the first byte, without asking the server first (PostgreSQL 17 and later). */
  readonly directTls: boolean;
  /** The login must be bound to the TLS connection (SCRAM-SHA-256-PLUS). */
  readonly requireBinding: boolean;
  /** Command-line options for the server's session, as libpq's parameter of this name. */
  readonly options: string | undefined;
}

/** Parameters that make a libpq connection go elsewhere or be checked more strictly: to ignore one would be wrong. */
const unsupported = ["hostaddr", "service", "sslcrl", "sslcrldir", "sslpassword", "ssl_min_protocol_version", "require_auth"];

/**
 * Reads a `postgres://` URL with libpq's parameters. Others, which web frameworks add (`pool`, `encoding`), are ignored.
 * Without sslmode it is `require`, or libpq's own default `prefer` where insecure connections are allowed.
 *
 * @throws {ElectionUrlError} and, for disable, allow and prefer unless allowed, {@link InsecureElectionError}.
 */
export function parseElectionUrl(text: string, { allowInsecure }: { readonly allowInsecure: boolean }): ElectionUrl {
  const url = URL.parse(text);
  if (!url) throw new ElectionUrlError("is no URL");
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:")
    throw new ElectionUrlError("must begin with postgres:// or postgresql://");
  const parameter = (name: string): string | undefined => {
    const values = url.searchParams.getAll(name);
    if (values.length > 1) throw new ElectionUrlError(`has the parameter ${name} more than once`);
    return values[0] || undefined;
  };
  const present = unsupported.find((name) => url.searchParams.has(name));
  if (present !== undefined) throw new ElectionUrlError(`has the parameter ${present}, which is not supported here`);

  const host = parameter("host") ?? hostOf(url.hostname);
  if (host === "") throw new ElectionUrlError("names no host; for a Unix socket add ?host=/folder/of/the/socket");
  if (host.includes(",")) throw new ElectionUrlError("names several hosts; an election has to be held in one place");
  const port = portOf(parameter("port") ?? url.port);
  const user = (parameter("user") ?? decode(url.username, "user")) || userInfo().username;
  const database = (parameter("dbname") ?? decode(url.pathname.slice(1), "database")) || user;
  return {
    host,
    port,
    database,
    user,
    password: (parameter("password") ?? decode(url.password, "password")) || undefined,
    target: `${host.includes(":") ? `[${host}]` : host}:${port}/${database}`,
    ...tlsOf(parameter, host.startsWith("/"), allowInsecure),
    options: parameter("options"),
  };
}

function tlsOf(parameter: (name: string) => string | undefined, local: boolean, allowInsecure: boolean) {
  const sslrootcert = parameter("sslrootcert");
  const written = parameter("sslmode") ?? (sslrootcert === "system" ? "verify-full" : allowInsecure ? "prefer" : "require");
  const sslmode = sslModes.find((mode) => mode === written);
  if (sslmode === undefined) throw new ElectionUrlError(`has an sslmode that is none of ${sslModes.join(", ")}`);
  const weak = sslmode === "disable" || sslmode === "allow" || sslmode === "prefer";
  // What goes through a Unix socket does not leave the machine.
  if (weak && !local && !allowInsecure) throw new InsecureElectionError(sslmode);
  if (sslrootcert === "system" && sslmode !== "verify-full") {
    // Anybody can get a certificate for some name from a public authority.
    throw new ElectionUrlError("has sslrootcert=system, which needs sslmode=verify-full");
  }
  const directTls = choice("sslnegotiation", parameter("sslnegotiation"), ["postgres", "direct"]) === "direct";
  const requireBinding = choice("channel_binding", parameter("channel_binding"), ["prefer", "disable", "require"]) === "require";
  if (weak && directTls) throw new ElectionUrlError("has sslnegotiation=direct, which needs sslmode=require or stricter");
  if ((weak || local) && requireBinding) throw new ElectionUrlError("has channel_binding=require, which needs TLS");
  return { sslmode, sslrootcert, sslcert: parameter("sslcert"), sslkey: parameter("sslkey"), directTls, requireBinding };
}

function choice(name: string, value: string | undefined, allowed: readonly string[]): string | undefined {
  if (value !== undefined && !allowed.includes(value)) throw new ElectionUrlError(`has a ${name} that is none of ${allowed.join(", ")}`);
  return value;
}

/** A host may be written with percent signs, and so may the folder of a Unix socket. */
function hostOf(hostname: string): string {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  const host = decode(hostname, "host");
  return host.startsWith("/") || host === "" ? host : domainToASCII(host) || host;
}

function portOf(text: string): number {
  const port = text === "" ? 5432 : Number(text);
  if (!/^\d{0,5}$/.test(text) || port < 1 || port > 65_535) throw new ElectionUrlError("has a port that is not between 1 and 65535");
  return port;
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ElectionUrlError(`has a % in its ${part} that begins no escape; write %25 for the sign itself`);
  }
}
