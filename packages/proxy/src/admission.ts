import type { Fields, Incoming } from "@mothership/kernel";
import { hopsThrough } from "./headers.ts";
import { type Answer, answers } from "./reply.ts";

/** How often a request may pass proxies of one name before it is taken for a loop. */
const maxHops = 10;

/**
 * What is refused whatever is routed, beyond what the wire refuses; undefined for a request that may go on. Pure.
 *
 * CONNECT would make an open proxy, and TRACE would echo credentials. Two lines of a field that may stand once are refused
 * because the filter that decides may read the first and the upstream the last.
 */
export function refusalOf(incoming: Incoming, via: string | undefined): Answer | undefined {
  if (incoming.method === "CONNECT" || incoming.method === "TRACE") return answers.methodRefused;
  if (hasTwice(incoming.fields)) return answers.duplicateField;
  if (hopsThrough(incoming.fields, via) >= maxHops) return answers.loop;
  return undefined;
}

function hasTwice(fields: Fields): boolean {
  let authorization = false;
  let contentType = false;
  for (let index = 0; index < fields.size; index++) {
    const key = fields.key(index);
    if (key === "authorization") {
      if (authorization) return true;
      authorization = true;
    } else if (key === "content-type") {
      if (contentType) return true;
      contentType = true;
    }
  }
  return false;
}

/** True for what this proxy answers itself: `OPTIONS *` asks about the server, and a request that may go no further ends here (RFC 9110, 7.6.2). */
export function isForProxy(incoming: Incoming): boolean {
  return incoming.method === "OPTIONS" && (incoming.target === "*" || incoming.fields.get("max-forwards") === "0");
}
