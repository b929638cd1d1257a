/**
 * Lets only requests pass that bring a session: a cookie that the login has signed. It reads no database and asks nobody; the secret is enough.
 *
 * A session is `user.expires.signature`: a name of letters and digits, seconds since 1970, and HMAC-SHA256 over `user.expires` in hex.
 * config: `secret`; `cookie`, its name (default `session`); `login`, where browsers without a session are sent; that path itself is open.
 * The ship gets the name in `X-User`. What the client sends under that name never reaches it.
 */
import { block, config, headerList, now, removeHeader, request, setHeader } from "../../payloads/assemblyscript/mothership";
import { hmac } from "./hmac";

const secret = config("secret");
const start = config("cookie", "session") + "=";
const login = config("login", "/login");

export function on_request(): void {
  const message = request();
  removeHeader("x-user");
  const path = message.get("path");
  // Without a secret every signature could be made by anybody: nobody passes then.
  const user = secret.length === 0 ? "" : userOf(cookieIn(message.header("cookie")));
  if (user.length > 0) {
    setHeader("X-User", user);
    return;
  }
  if (path === login) return;
  if (message.get("method") === "GET") block(303, "Log in first.\n", headerList("Location", login));
  else block(401, "Log in first.\n");
}

/** The value of the session cookie, or "". */
function cookieIn(header: string | null): string {
  if (header === null) return "";
  const parts = header.split(";");
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at].trim();
    if (part.startsWith(start)) return part.substr(start.length);
  }
  return "";
}

/** Whose session it is; "" for one that is not ours or is over. */
function userOf(session: string): string {
  const parts = session.split(".");
  if (parts.length !== 3 || parts[0].length === 0 || !isPlain(parts[0]) || !isNumber(parts[1])) return "";
  if (!same(hmac(secret, parts[0] + "." + parts[1]), parts[2])) return "";
  return F64.parseInt(parts[1]) * 1000 > now() ? parts[0] : "";
}

function isPlain(text: string): bool {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!((code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a))) return false;
  }
  return true;
}

function isNumber(text: string): bool {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x30 || text.charCodeAt(at) > 0x39) return false;
  return text.length > 0 && text.length < 12;
}

/** Takes as long for any two texts of one length: the time does not tell how much of a signature was right. */
function same(a: string, b: string): bool {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}
