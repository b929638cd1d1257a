/** Port of each scheme that an uplink may have; undefined: the URL must name one. */
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

export interface UplinkTarget {
  readonly host: string;
  readonly port: number;
  readonly check: "tcp" | "http";
}

/** What to connect to, or what is wrong with the URL in words that hold no part of it: it may hold a password. */
export function uplinkTarget(text: string): UplinkTarget | { readonly wrong: string } {
  const url = URL.parse(text);
  if (!url) return { wrong: "is not a URL" };
  const scheme = url.protocol.slice(0, -1);
  if (!Object.hasOwn(ports, scheme)) return { wrong: `has none of the schemes ${Object.keys(ports).join(", ")}` };
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (host === "") return { wrong: "names no host" };
  // In a URL of a scheme unknown to the browser a host may hold escapes: the path of a socket, for some drivers.
  if (!/^[\w.:-]+$/.test(host)) return { wrong: "names a host that is no host name" };
  const port = url.port === "" ? ports[scheme] : Number(url.port);
  if (port === undefined) return { wrong: "names no port, and tcp has no default one" };
  if (port === 0) return { wrong: "has port 0, and ports begin at 1" };
  return { host, port, check: scheme === "http" || scheme === "https" ? "http" : "tcp" };
}

const insecureModes = ["disable", "allow", "prefer"];
const secureModes = ["require", "verify-ca", "verify-full"];

/** What is wrong with the URL of a PostgreSQL election, in words that hold no part of it; undefined when it can be used. */
export function electionUrlProblem(text: string, allowInsecure: boolean): { readonly wrong: string; readonly hint?: string } | undefined {
  const url = URL.parse(text);
  if (!url) return { wrong: "is not a URL" };
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") return { wrong: "must begin with postgres:// or postgresql://" };
  // Without the parameter the flagship's own default holds.
  const mode = url.searchParams.get("sslmode");
  if (mode === null || secureModes.includes(mode)) return undefined;
  if (!insecureModes.includes(mode)) return { wrong: `has an sslmode that is none of ${[...insecureModes, ...secureModes].join(", ")}` };
  if (allowInsecure) return undefined;
  return {
    wrong: `has an insecure sslmode (${insecureModes.join(", ")})`,
    hint: "write sslmode=require or stricter, or set MOTHERSHIP_ALLOW_INSECURE_POSTGRES_SSLMODE=true",
  };
}
