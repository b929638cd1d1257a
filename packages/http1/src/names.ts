/** What a field means to the wire itself; 0 for all the rest. */
export const role = {
  none: 0,
  // These three decide where a request goes and where it ends; the parser compares with the last of them.
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  upgrade: 5,
  expect: 6,
  te: 7,
  keepAlive: 8,
  /** May stand once in a request: two values would let two readers decide differently (RFC 9110, 5.3). */
  single: 9,
} as const;

/** A field name as it is sent, its lower-case key, and what it means to the wire. */
export interface KnownName {
  readonly name: string;
  readonly key: string;
  readonly role: number;
}

const roles: Readonly<Record<string, number>> = {
  host: role.host,
  "content-length": role.contentLength,
  "transfer-encoding": role.transferEncoding,
  connection: role.connection,
  upgrade: role.upgrade,
  expect: role.expect,
  te: role.te,
  "keep-alive": role.keepAlive,
  authorization: role.single,
  "proxy-authorization": role.single,
  "content-type": role.single,
};

const common =
  `Accept Accept-Charset Accept-Encoding Accept-Language Accept-Ranges Access-Control-Allow-Credentials Access-Control-Allow-Headers
Access-Control-Allow-Methods Access-Control-Allow-Origin Access-Control-Expose-Headers Access-Control-Max-Age Access-Control-Request-Headers
Access-Control-Request-Method Age Allow Alt-Svc Authorization Cache-Control Connection Content-Disposition Content-Encoding Content-Language
Content-Length Content-Location Content-Range Content-Security-Policy Content-Type Cookie DNT Date ETag Expect Expires Forwarded From Host
If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since Keep-Alive Last-Modified Link Location Max-Forwards Origin Pragma Priority
Proxy-Authenticate Proxy-Authorization Proxy-Connection Range Referer Referrer-Policy Retry-After Sec-CH-UA Sec-CH-UA-Mobile Sec-CH-UA-Platform
Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User Sec-WebSocket-Accept Sec-WebSocket-Extensions Sec-WebSocket-Key Sec-WebSocket-Protocol
Sec-WebSocket-Version Server Set-Cookie Strict-Transport-Security TE Trailer Transfer-Encoding Upgrade Upgrade-Insecure-Requests User-Agent Vary Via
WWW-Authenticate Warning X-Content-Type-Options X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Frame-Options X-Powered-By X-Real-IP
X-Request-Id X-Requested-With X-XSS-Protection traceparent tracestate`.split(/\s+/);

const tableSize = 4096;
// Open addressing; filled once. Each entry keeps its bytes, so that a hit is certain without making a string.
const slots: ({ readonly bytes: Uint8Array; readonly known: KnownName } | undefined)[] = new Array(tableSize).fill(undefined);
const byKey = new Map<string, number>(Object.entries(roles));

/** One step of the hash that `knownName` expects, taken while the name is scanned. */
export const hashStep = (hash: number, byte: number): number => (Math.imul(hash, 31) + byte) | 0;

function insert(name: string): void {
  const bytes = Buffer.from(name, "latin1");
  let slot = bytes.reduce(hashStep, 0) & (tableSize - 1);
  while (slots[slot]) slot = (slot + 1) & (tableSize - 1);
  const key = name.toLowerCase();
  slots[slot] = { bytes, known: { name, key, role: roles[key] ?? role.none } };
}
for (const name of new Set(common.flatMap((one) => [one, one.toLowerCase()]))) insert(name);

/** The interned form of a common name at `bytes[from..to)`, whose hash is `hash`; undefined for any other name or spelling. */
export function knownName(bytes: Uint8Array, from: number, to: number, hash: number): KnownName | undefined {
  for (let slot = hash & (tableSize - 1); ; slot = (slot + 1) & (tableSize - 1)) {
    const entry = slots[slot];
    if (!entry) return undefined;
    const wanted = entry.bytes;
    if (wanted.length !== to - from) continue;
    let at = 0;
    while (at < wanted.length && wanted[at] === bytes[from + at]) at++;
    if (at === wanted.length) return entry.known;
  }
}

/** What a field of this lower-case name means to the wire. */
export const roleOf = (key: string): number => byKey.get(key) ?? role.none;

const methods = ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"].map((method) => ({
  method,
  bytes: Buffer.from(method, "latin1"),
}));

/** The method at `bytes[from..to)`; common ones without allocating. Case counts (RFC 9110, 9.1). */
export function methodAt(bytes: Buffer, from: number, to: number): string {
  for (const { method, bytes: wanted } of methods) {
    if (wanted.length !== to - from) continue;
    let at = 0;
    while (at < wanted.length && wanted[at] === bytes[from + at]) at++;
    if (at === wanted.length) return method;
  }
  return bytes.toString("latin1", from, to);
}
