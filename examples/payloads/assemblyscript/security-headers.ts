/**
 * Gives responses the headers that browsers want to see on a careful site, and takes off those that tell too much. For the phase `response`.
 *
 * config: `hsts` (seconds, 0 for none; default one year), `frame` (`X-Frame-Options`, default DENY), `referrer` (default
 * strict-origin-when-cross-origin), `csp` (default none), `permissions` (default none). What the application has set itself stays.
 */
import { config, removeHeader, request, response, setHeader } from "./mothership";

const frame = config("frame", "DENY");
const referrer = config("referrer", "strict-origin-when-cross-origin");
const csp = config("csp");
const permissions = config("permissions");
const seconds = config("hsts", "31536000");
const hsts = seconds === "0" ? "" : "max-age=" + seconds + "; includeSubDomains";

export function on_response(): void {
  const answer = response();
  if (answer.header("x-content-type-options") === null) setHeader("X-Content-Type-Options", "nosniff");
  unlessSet(answer.header("x-frame-options"), "X-Frame-Options", frame);
  unlessSet(answer.header("referrer-policy"), "Referrer-Policy", referrer);
  unlessSet(answer.header("content-security-policy"), "Content-Security-Policy", csp);
  unlessSet(answer.header("permissions-policy"), "Permissions-Policy", permissions);
  // Over plain HTTP it means nothing, and must not be sent (RFC 6797, 7.2).
  if (hsts.length > 0 && request().get("scheme") === "https") {
    unlessSet(answer.header("strict-transport-security"), "Strict-Transport-Security", hsts);
  }
  removeHeader("server");
  removeHeader("x-powered-by");
  removeHeader("x-aspnet-version");
}

function unlessSet(present: string | null, name: string, value: string): void {
  if (present === null && value.length > 0) setHeader(name, value);
}
