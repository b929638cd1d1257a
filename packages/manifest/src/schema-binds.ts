import { Type } from "typebox";
import { defaults, limits } from "./limits.ts";
import { bindNamePattern, closed, duration, size, text, texts, whole, yesNo } from "./schema-values.ts";

/** Listeners. Build time only, as `schema.ts`. */

const bindAddress = text('an address such as "0.0.0.0:80"', "Where to listen.");
const networks = (description: string) =>
  texts('a network such as "10.0.0.0/8"', 'a list of networks such as ["10.0.0.0/8"]', description, limits.listed);
const cert = text(
  'a file such as "./tls/cert.pem"',
  "Certificate chain in PEM. With it and `key` the bind speaks TLS; without them it carries plain HTTP, whatever its name is.",
);
const key = text('a file such as "./tls/key.pem"', "The private key of `cert`, in PEM.");

const headerRules = 'true, false, "required", or a table such as { from = ["10.0.0.0/8"] }';
const proxyProtocol = Type.Union(
  [
    Type.Boolean({ title: "true or false" }),
    Type.Enum(["required"], { title: headerRules }),
    Type.Object({ from: networks("Peers that send the header.") }, { title: 'a table such as { from = ["10.0.0.0/8"] }', ...closed }),
  ],
  {
    title: headerRules,
    description:
      'Reads a PROXY protocol header (version 1 or 2), as load balancers send one to pass on the client\'s address. `true`: where the peer sends one; connections without one are served too, so whoever reaches the bind can pretend to be anybody. `"required"`: every connection begins with one. `{ from = ["10.0.0.0/8"] }`: those from these networks do, others are taken as they are.',
    default: defaults.proxyProtocol,
  },
);

const initial = defaults.bind;
/** What a client may cost. */
const clientLimits = {
  http2: Type.Optional(yesNo("Offers HTTP/2 to clients. Only for a bind that speaks TLS.", initial.http2)),
  min_tls_version: Type.Optional(
    Type.Enum(["1.2", "1.3"], {
      title: '"1.2" or "1.3"',
      description: "Lowest version of TLS; the handshake of an older client fails.",
      default: initial.minTlsVersion,
    }),
  ),
  max_connections: Type.Optional(
    whole(
      "a number of connections",
      "Connections at a time; further ones are closed at once.",
      1,
      limits.connections,
      initial.maxConnections,
    ),
  ),
  max_head: Type.Optional(size("Longest head of a request, 1 KiB to 1 MiB; a longer one is answered 431.", initial.maxHead)),
  max_fields: Type.Optional(whole("a number of fields", "Header fields of a request; more is 431.", 1, limits.fields, initial.maxFields)),
  max_target: Type.Optional(
    size("Longest request target, path and query, 256 B to 1 MiB; a longer one is answered 414.", initial.maxTarget),
  ),
  max_body: Type.Optional(size("Longest body of a request; a longer one is answered 413. Without it, any length.")),
  head_timeout: Type.Optional(
    duration("How long a head may take to arrive; then 408. Also from the start of a connection to its first byte.", initial.headTimeout),
  ),
  idle_timeout: Type.Optional(
    duration("How long a connection may rest between two requests. Keep it above that of a load balancer in front.", initial.idleTimeout),
  ),
  stall_timeout: Type.Optional(
    duration(
      "Longest silence in a request's body (408), and longest time in which a client takes nothing of its answer (it is cut off).",
      initial.stallTimeout,
    ),
  ),
  min_rate: Type.Optional(
    whole(
      "a number of bytes a second",
      "Slowest rate of a request's body in bytes a second, then 408; 0: any.",
      0,
      limits.rate,
      initial.minRate,
    ),
  ),
};

const bind = Type.Union(
  [
    bindAddress,
    Type.Object(
      {
        addr: bindAddress,
        proxy_protocol: Type.Optional(proxyProtocol),
        trusted_proxies: Type.Optional(networks('Peers whose `X-Forwarded-*` headers are believed: `["10.0.0.0/8"]`.')),
        cert: Type.Optional(cert),
        key: Type.Optional(key),
        certs: Type.Optional(
          Type.Array(Type.Object({ cert, key }, { title: 'a table such as { cert = "cert.pem", key = "key.pem" }', ...closed }), {
            title: "a list of certificates with their keys",
            description:
              'Several of them in place of `cert` and `key`: `[{ cert = "a.pem", key = "a.key" }, ...]`. The server name that the client asks for chooses; the first is for all other names.',
            maxItems: limits.listed,
          }),
        ),
        mode: Type.Optional(
          Type.String({
            title: 'file permissions such as "0660"',
            description: 'Permissions of a Unix socket, as in `"0660"`.',
            pattern: "^0?[0-7]{3}$",
            maxLength: limits.nameLength,
          }),
        ),
        ...clientLimits,
      },
      { title: 'a table such as { addr = "0.0.0.0:443", proxy_protocol = true }', ...closed },
    ),
  ],
  { title: 'an address such as "0.0.0.0:80", or a table such as { addr = "0.0.0.0:443", proxy_protocol = true }' },
);

export const binds = Type.Record(Type.String({ pattern: bindNamePattern }), bind, {
  title: 'a table of addresses such as { http = "0.0.0.0:80" }',
  description: "Named listeners.",
  maxProperties: limits.binds,
  ...closed,
});
