import { Fields } from "@mothership/kernel";
import { listOf } from "./token-list.ts";

/** Naming one of these in `Connection` has no effect: a client could otherwise make us drop what an upstream decides by. */
const kept: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "host",
  "max-forwards",
  "range",
  "set-cookie",
  "transfer-encoding",
]);

/** Tokens that are no names of fields, or name fields that the writer leaves out anyway. */
const options: ReadonlySet<string> = new Set(["", "close", "keep-alive", "upgrade", "te"]);

/** Fields between two neighbours that `Connection` need not name. The rest of them (Keep-Alive, Transfer-Encoding and so on) no writer lets through. */
const ofOneHop: ReadonlySet<string> = new Set(["http2-settings", "proxy-authenticate", "proxy-authentication-info", "proxy-authorization"]);

/**
 * The fields without those of one hop: those that `Connection` names, and the credentials between a client and its proxy (RFC 9110, 7.6.1). The list
 * itself when it has none of them. Framing fields, Connection, Upgrade and their like are left out by the writers, whoever put them in.
 *
 * Call it before adding fields of your own, or a client can remove them by naming them.
 */
export function endToEndFields(fields: Fields): Fields {
  let named: Set<string> | undefined;
  for (let index = 0; index < fields.size; index++) {
    const key = fields.key(index);
    if (key === "connection") named = collect(fields.value(index), named);
    else if (ofOneHop.has(key)) named = (named ?? new Set()).add(key);
  }
  if (!named) return fields;
  const passed = new Fields();
  for (let index = 0; index < fields.size; index++) {
    const key = fields.key(index);
    if (!named.has(key)) passed.appendParsed(fields.name(index), key, fields.value(index));
  }
  return passed;
}

/** Adds what a value of `Connection` names to `named`. */
function collect(value: string, named: Set<string> | undefined): Set<string> | undefined {
  if (options.has(value) || options.has(value.toLowerCase())) return named;
  const names = listOf(value).filter((token) => !options.has(token) && !kept.has(token));
  return names.length > 0 ? new Set([...(named ?? []), ...names]) : named;
}
