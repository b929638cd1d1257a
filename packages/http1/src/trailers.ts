import { Fields } from "@mothership/kernel";
import { listOf } from "./token-list.ts";

/** Whole families that decide how a message is framed, routed, authenticated or read: never valid as trailers (RFC 9110, 6.5.1). */
const families = /^(?:content-|proxy-|sec-|if-|access-control-|x-forwarded-)/;
const forbidden: ReadonlySet<string> = new Set(
  `accept accept-encoding accept-language age authorization cache-control connection cookie cookie2 date expect expires forwarded host http2-settings
  keep-alive location max-forwards origin pragma proxy range referer retry-after set-cookie set-cookie2 strict-transport-security te trailer
  transfer-encoding upgrade upgrade-insecure-requests user-agent vary via warning www-authenticate x-real-ip x-request-id`.split(/\s+/),
);

/** The trailers that may be relayed. They are never merged into the head. Undefined when none is left. */
export function relayableTrailers(trailers: Fields | undefined): Fields | undefined {
  if (!trailers) return undefined;
  const kept = new Fields();
  for (let index = 0; index < trailers.size; index++) {
    const key = trailers.key(index);
    // Dots and underscores become hyphens on the way to many a program.
    const seen = key.replaceAll(/[._]/g, "-");
    if (!forbidden.has(seen) && !families.test(seen)) kept.appendParsed(trailers.name(index), key, trailers.value(index));
  }
  return kept.size > 0 ? kept : undefined;
}

/** Of `trailers` those that the `Trailer` field of the head announced (RFC 9110, 6.6.2). */
export function announcedTrailers(trailers: Fields | undefined, head: Fields): Fields | undefined {
  if (!trailers || !head.has("trailer")) return undefined;
  const announced = new Set(head.all("trailer").flatMap(listOf));
  const kept = new Fields();
  for (let index = 0; index < trailers.size; index++) {
    const key = trailers.key(index);
    if (announced.has(key)) kept.appendParsed(trailers.name(index), key, trailers.value(index));
  }
  return kept.size > 0 ? kept : undefined;
}
