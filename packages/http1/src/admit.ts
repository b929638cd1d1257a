import { connectionWish, type Framing, persists, requestFraming } from "./framing.ts";
import type { RequestHead } from "./parse-head.ts";
import { refusals } from "./refusals.ts";
import { type Destination, destination } from "./target.ts";
import type { Refusal } from "./types.ts";

/** What admission needs to know of the spec. */
export interface AdmitRules {
  readonly maxBodyBytes: number;
  readonly upgrades: readonly string[];
  readonly allowTrace: boolean;
}

/** A request that may be worked on, and all that the wire decides about it. */
export interface Admitted {
  readonly where: Destination;
  readonly framing: Framing;
  readonly upgrade: string | undefined;
  readonly expectsContinue: boolean;
  /** The client wants the connection to live on. */
  readonly persists: boolean;
}

/** Everything that can be said against a request is said here, before anybody sees it; nothing of it depends on the body. */
export function admit(head: RequestHead, rules: AdmitRules): Admitted | Refusal {
  const { method, minor, wire } = head;
  // CONNECT would make us a tunnel to anywhere; TRACE returns credentials to whoever may read the answer (RFC 9110, 9.3.8). Said before anything
  // about the target: that of CONNECT has a form of its own, in which there is nothing wrong.
  if (method === "CONNECT" || (method === "TRACE" && !rules.allowTrace)) return refusals.METHOD_REFUSED;
  const where = destination(head);
  if ("code" in where) return where;
  const framing = requestFraming(head);
  if (typeof framing === "object") return framing;
  if (framing > rules.maxBodyBytes) return refusals.BODY_TOO_LARGE;
  if (wire.disguised) return refusals.FRAMING_DISGUISED;
  if (wire.repeated) return refusals.FIELD_REPEATED;
  if (wire.expect !== undefined && wire.expect.toLowerCase() !== "100-continue") return refusals.EXPECTATION_UNKNOWN;
  const wish = connectionWish(wire.connection);
  const upgrade = wish.upgrade && minor === 1 && method === "GET" ? requestedUpgrade(wire.upgrade, rules.upgrades) : undefined;
  // Whether content before the switch is HTTP or the new protocol, two readers may answer differently.
  if (upgrade !== undefined && wire.lengths + wire.encodings > 0) return refusals.UPGRADE_WITH_BODY;
  return {
    where,
    framing,
    upgrade,
    expectsContinue: wire.expect !== undefined && minor === 1 && framing !== 0,
    persists: persists(minor, wish),
  };
}

/** One protocol we know; anything else, "h2c" and lists included, is answered as plain HTTP/1.1 (RFC 9110, 7.8 allows it). */
function requestedUpgrade(text: string, known: readonly string[]): string | undefined {
  const protocol = text.toLowerCase();
  return known.includes(protocol) ? protocol : undefined;
}
