import type { Clock } from "@mothership/kernel";

/** The value of a Date field for now (RFC 9110, 5.6.7), written once a second. */
export function dateSource(clock: Clock): () => string {
  let second = Number.NaN;
  let text = "";
  return () => {
    const now = Math.floor(clock.wallTime() / 1000);
    if (now !== second) {
      second = now;
      text = new Date(now * 1000).toUTCString();
    }
    return text;
  };
}
