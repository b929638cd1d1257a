let second = Number.NaN;
let text = "";

/** The IMF-fixdate (RFC 9110, 5.6.7) of a moment in milliseconds since the epoch; made once a second. */
export function httpDate(wallMs: number): string {
  const now = Math.floor(wallMs / 1000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1000).toUTCString();
  }
  return text;
}
