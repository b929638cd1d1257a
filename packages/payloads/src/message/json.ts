/**
 * Requests and responses as native guests read them. Header values are latin-1 text, one character for each byte on the wire, so the JSON is
 * always valid.
 */
import type { Fields } from "@mothership/kernel";
import type { RequestFacts, ResponseFacts } from "./facts.ts";

/** Version of the ABI, in every description. */
export const abiVersion = 1;

/** What a guest of the native ABI is told of a request; see docs/payload-abi.md. */
export function requestJson(facts: RequestFacts): string {
  return JSON.stringify({
    method: facts.method,
    path: facts.path,
    query: facts.query === "" ? null : facts.query.slice(1),
    headers: headersOf(facts.fields),
    abi: abiVersion,
    id: facts.id,
    scheme: facts.scheme,
    host: facts.host,
    http_version: facts.httpVersion,
    bind: facts.bind,
    client_ip: facts.clientIp,
    client_port: facts.clientPort,
    tls: facts.tls,
    ua_kind: facts.uaKind,
    shield: facts.shield,
  });
}

/** What it is told of a response, and of the request before it. */
export function responseJson(facts: ResponseFacts, request: RequestFacts): string {
  return JSON.stringify({
    status: facts.status,
    headers: headersOf(facts.fields),
    abi: abiVersion,
    id: request.id,
    request: { method: request.method, path: request.path },
  });
}

/** Values under one name become one text: with a comma, cookies with a semicolon, Set-Cookie with a line feed, which no value can hold. */
function headersOf(fields: Fields): Record<string, string> {
  // Without a prototype a field named "__proto__" is one like any other.
  const headers: Record<string, string> = Object.create(null);
  for (let index = 0; index < fields.size; index++) {
    const key = fields.key(index);
    const before = headers[key];
    const value = fields.value(index);
    headers[key] = before === undefined ? value : `${before}${separatorOf(key)}${value}`;
  }
  return headers;
}

function separatorOf(key: string): string {
  if (key === "set-cookie") return "\n";
  return key === "cookie" ? "; " : ", ";
}
