import { type Deps, type Exchange, type Middleware, redact } from "@mothership/kernel";
import type { AccessLog } from "@mothership/manifest";
import { type AccessEntry, accessLog, type ProxyEvents } from "@mothership/proxy";
import { classifyUserAgent, fingerprint } from "@mothership/shields";
import { plainJson } from "./plain-json.ts";

/** Characters of a User-Agent that are written; what follows decides nothing either. */
const agentLength = 1024;

/** How an access log writes a request; where the lines go is not its business. */
export type AccessStyle = Omit<AccessLog, "to">;

/** Middleware that hands `write` one line of JSON, without a newline, for each request that has ended. The first of the path. */
export function accessLines(style: AccessStyle, write: (line: string) => void, deps: Deps): Middleware {
  return accessLog((entry, exchange) => write(lineOf(entry, exchange, style)), deps, { sample: style.sample });
}

/** The same for a request that was refused on the wire and never became an exchange: as much as is known of it. */
export function refusalLine({ bind, peer, status, code, reason }: ProxyEvents["refused"], at: number): string {
  const time = new Date(at).toISOString();
  return plainJson({ time, message: "request", bind, client: peer, status, code, reason });
}

function lineOf(entry: AccessEntry, { incoming }: Exchange, { query, ja4h }: AccessStyle): string {
  const { at, upstream, query: written, userAgent, ...rest } = entry;
  const { path, ...others } = rest;
  const { requestId, bind, client, method, host, ...after } = others;
  return plainJson({
    time: new Date(at).toISOString(),
    message: "request",
    requestId,
    bind,
    client,
    method,
    host,
    path,
    ...(query !== "none" && { query: query === "full" ? written : redact(written) }),
    ...after,
    ship: upstream,
    agent: classifyUserAgent(userAgent),
    userAgent: userAgent.slice(0, agentLength),
    // Computed here and nowhere before: for a line that is written, and only where it was asked for.
    ...(ja4h && { ja4h: fingerprint(incoming) }),
  });
}
