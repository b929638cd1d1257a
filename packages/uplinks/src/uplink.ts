import { isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import { UplinkUrlError } from "./errors.ts";

/** A service that must be reachable. Plain data. */
export interface Uplink {
  /** For reports; should be unique. */
  readonly name: string;
  /** May hold a password, which no report and no message repeats. */
  readonly url: string;
  /** How long the check may take, from its start. */
  readonly timeoutMs: number;
}

/** What the URL of an uplink says to connect to. */
export interface UplinkTarget {
  /** Lower case; without brackets when it is an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** tcp: a connection is enough. http: a GET must be answered. */
  readonly check: "tcp" | "http";
  /** Scheme, host and port: what may be shown. User, password, path and query stay out, for any of them may be secret. */
  readonly target: string;
}

/** Port of each scheme; undefined: the URL must name one. */
const ports: Readonly<Record<string, number | undefined>> = {
  postgres: 5432,
  postgresql: 5432,
  mysql: 3306,
  redis: 6379,
  memgraph: 7687,
  neo4j: 7687,
  http: 80,
  https: 443,
  tcp: undefined,
};

/**
 * What to connect to for this URL, with the default port of its scheme.
 *
 * @throws {UplinkUrlError} when it is no URL, has another scheme, or names no host or no port.
 */
export function parseUplink(name: string, url: string): UplinkTarget {
  const parsed = URL.parse(url);
  if (!parsed) throw new UplinkUrlError(name, "is no URL");
  const scheme = parsed.protocol.slice(0, -1);
  if (!Object.hasOwn(ports, scheme)) throw new UplinkUrlError(name, `has none of the schemes ${Object.keys(ports).join(", ")}`);
  const host = hostOf(parsed.hostname);
  if (host === "") throw new UplinkUrlError(name, "names no host");
  const port = parsed.port === "" ? ports[scheme] : Number(parsed.port);
  if (port === undefined) throw new UplinkUrlError(name, "names no port, and tcp has no default one");
  if (port === 0) throw new UplinkUrlError(name, "has port 0, and ports begin at 1");
  const target = `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  return { host, port, check: scheme === "http" || scheme === "https" ? "http" : "tcp", target };
}

/** URL normalises hosts only for the schemes that browsers know; the others keep case and percent signs as written. */
function hostOf(hostname: string): string {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  try {
    const decoded = decodeURIComponent(hostname);
    // A percent-encoded path is how some drivers write a Unix socket: nothing that a network check could reach.
    return decoded.includes("/") ? "" : domainToASCII(decoded) || decoded.toLowerCase();
  } catch {
    // An escape that decodes to nothing: no host has such a name, and the look-up will say so.
    return hostname.toLowerCase();
  }
}
