import type { Incoming } from "@mothership/kernel";
import { hopsThrough } from "./headers.ts";
import { type Answer, answers } from "./reply.ts";

/** How often a request may pass proxies of one name before it is taken for a loop. */
const maxHops = 10;

/**
 * What is refused whatever is routed, beyond what the wire refuses; undefined for a request that may go on. Pure.
 *
 * CONNECT would make an open proxy, and TRACE would echo credentials.
 */
export function refusalOf(incoming: Incoming, via: string | undefined): Answer | undefined {
  if (incoming.method === "CONNECT" || incoming.method === "TRACE") return answers.methodRefused;
  if (hopsThrough(incoming.fields, via) >= maxHops) return answers.loop;
  return undefined;
}

/** True for what this proxy answers itself: `OPTIONS *` asks about the server, and a request that may go no further ends here (RFC 9110, 7.6.2). */
export function isForProxy(incoming: Incoming): boolean {
  return incoming.method === "OPTIONS" && (incoming.target === "*" || incoming.fields.get("max-forwards") === "0");
}
