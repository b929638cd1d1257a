import { Type } from "typebox";
import { defaults, limits } from "./limits.ts";
import { bindNamePattern, closed, text, texts } from "./schema-values.ts";

/** Listeners. Build time only, as `schema.ts`. */

const bindAddress = text('an address such as "0.0.0.0:80"', "tcp://host:port, host:port, port (on 127.0.0.1), or unix:///path.");
const networks = (description: string) =>
  texts('a network such as "10.0.0.0/8"', 'a list of networks such as ["10.0.0.0/8"]', description, limits.listed);
const cert = text('a file such as "./tls/cert.pem"', "Certificate chain (PEM), from the folder of the manifest.");
const key = text('a file such as "./tls/key.pem"', "Its private key (PEM), from the folder of the manifest.");

const headerRules = 'true, false, "required", or a table such as { from = ["10.0.0.0/8"] }';
const proxyProtocol = Type.Union(
  [
    Type.Boolean({ title: "true or false" }),
    Type.Enum(["required"], { title: headerRules }),
    Type.Object({ from: networks("Peers that send the header.") }, { title: 'a table such as { from = ["10.0.0.0/8"] }', ...closed }),
  ],
  {
    title: headerRules,
    description: "Read a PROXY protocol header, v1 or v2: where there is one, from every peer, or from some.",
    default: defaults.proxyProtocol,
  },
);

const bind = Type.Union(
  [
    bindAddress,
    Type.Object(
      {
        addr: bindAddress,
        proxy_protocol: Type.Optional(proxyProtocol),
        trusted_proxies: Type.Optional(networks("Peers whose X-Forwarded-* headers are believed. Default: none.")),
        cert: Type.Optional(cert),
        key: Type.Optional(key),
        certs: Type.Optional(
          Type.Array(Type.Object({ cert, key }, { title: 'a table such as { cert = "cert.pem", key = "key.pem" }', ...closed }), {
            title: "a list of certificates with their keys",
            description: "Several certificates; the client's server name chooses.",
            maxItems: limits.listed,
          }),
        ),
        mode: Type.Optional(
          Type.String({
            title: 'file permissions such as "0660"',
            description: "Of a Unix socket.",
            pattern: "^0?[0-7]{3}$",
            maxLength: limits.nameLength,
          }),
        ),
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
