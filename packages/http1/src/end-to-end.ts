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

/**
 * The fields without those that `Connection` names (RFC 9110, 7.6.1); the list itself when it names none. The other fields of one hop
 * (Connection itself, Keep-Alive, Transfer-Encoding and so on) are left out by the writers, whoever put them in.
 *
 * Call it before adding fields of your own, or a client can remove them by naming them.
 */
export function endToEndFields(fields: Fields): Fields {
  const connection = fields.get("connection");
  if (connection === undefined || options.has(connection.toLowerCase())) return fields;
  const named = new Set<string>();
  for (const value of fields.all("connection"))
    for (const token of listOf(value)) if (!options.has(token) && !kept.has(token)) named.add(token);
  const passed = new Fields();
  for (let index = 0; index < fields.size; index++) {
    const key = fields.key(index);
    if (!named.has(key)) passed.appendParsed(fields.name(index), key, fields.value(index));
  }
  return passed;
}
