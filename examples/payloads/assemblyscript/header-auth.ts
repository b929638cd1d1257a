/**
 * Lets only requests pass that bring a secret in a header.
 *
 * config: `tokens`, separated by spaces, one of which the request has to bring; `header`, where it is looked for (default `authorization`, there
 * behind "Bearer "); `realm`, named in the answer. The header is taken off, so that the secret does not travel further.
 */
import { block, config, headerList, lower, removeHeader, request } from "./mothership";

const header = lower(config("header", "authorization"));
const tokens = config("tokens");
const challenge = headerList("WWW-Authenticate", "Bearer realm='" + config("realm", "protected") + "'");

export function on_request(): void {
  const brought = request().header(header);
  let known = false;
  if (brought !== null) {
    const token = header === "authorization" ? withoutScheme(brought) : brought;
    // All are compared, so that the time does not tell which one was nearly right.
    for (let from = 0; from < tokens.length; ) {
      let to = tokens.indexOf(" ", from);
      if (to < 0) to = tokens.length;
      if (to > from && same(tokens.substring(from, to), token)) known = true;
      from = to + 1;
    }
  }
  if (!known) {
    block(401, "This address needs a token.\n", challenge);
    return;
  }
  removeHeader(header);
}

function withoutScheme(value: string): string {
  return value.length > 7 && lower(value.substr(0, 7)) === "bearer " ? value.substr(7) : "";
}

/** Takes as long for any two texts of one length. */
function same(a: string, b: string): bool {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}
