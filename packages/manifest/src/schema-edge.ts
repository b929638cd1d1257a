import { Type } from "typebox";
import { defaults, limits } from "./limits.ts";
import { fileKeys } from "./schema-process.ts";
import { closed, duration, size, text, whole, yesNo } from "./schema-values.ts";

/** The proxy in front of the ships, and how it asks one of them. Build time only, as `schema.ts`. */

export const proxy = Type.Object(
  {
    max_connections_per_client: Type.Optional(
      whole(
        "a number of connections",
        "Of one client over all binds; further ones are closed at once. Default: any.",
        1,
        limits.connections,
      ),
    ),
    error_pages: Type.Optional(
      text('a folder such as "./errors"', "Holds 404.html, 503.json, 429.txt and the like, sent in place of mothership's own."),
    ),
    forwarded: Type.Optional(yesNo("Also send ships the field Forwarded (RFC 7239).", defaults.proxy.forwarded)),
    via: Type.Optional(
      Type.String({
        title: "a name of letters, digits and - . _",
        description: "Name of this proxy in the field Via.",
        pattern: `^[A-Za-z0-9._-]{1,${limits.nameLength}}$`,
        default: defaults.proxy.via,
      }),
    ),
    tunnel_timeout: Type.Optional(duration("Longest silence in a WebSocket or other tunnel to a ship.", defaults.proxy.tunnelTimeout)),
  },
  { title: "a table", description: "The proxy in front of the ships.", ...closed },
);

const { accessLog: log } = defaults;

export const accessLog = Type.Union(
  [
    Type.Boolean({ title: "true or false" }),
    Type.Object(
      {
        enabled: Type.Optional(Type.Boolean({ title: "true or false", description: "Default: true, when the table is there." })),
        stream: Type.Optional(
          Type.Enum(["stdout", "stderr"], {
            title: '"stdout" or "stderr"',
            description: "Output of mothership that the lines go to, unless they go to a file.",
            default: log.stream,
          }),
        ),
        file: Type.Optional(text('a file such as "./log/access.log"', "The lines go there, and nowhere else.")),
        ...fileKeys,
        sample: Type.Optional(
          Type.Number({
            title: "a number from 0 to 1",
            description: "Share of the requests that are written. Those answered with 500 and more always are.",
            minimum: 0,
            maximum: 1,
            default: log.sample,
          }),
        ),
        query: Type.Optional(
          Type.Enum(["none", "redacted", "full"], {
            title: '"none", "redacted" or "full"',
            description: "What is written of the query: nothing, all but the values of what is named like a secret, or all.",
            default: log.query,
          }),
        ),
        ja4h: Type.Optional(yesNo("Write the JA4H fingerprint of each request. See the licence of JA4H.", log.ja4h)),
      },
      { title: 'a table such as { file = "./log/access.log" }', ...closed },
    ),
  ],
  {
    title: 'true, false, or a table such as { file = "./log/access.log" }',
    description: "Write a line of JSON for each request.",
    default: log.enabled,
  },
);

const initial = defaults.upstream;

const share = (description: string, initially: number) =>
  Type.Number({ title: "a number above 0 and up to 1", description, exclusiveMinimum: 0, maximum: 1, default: initially });

const retries = Type.Union(
  [
    Type.Boolean({ title: "true or false" }),
    Type.Object(
      {
        share: Type.Optional(share("Of the requests that run.", initial.retries.share)),
        min: Type.Optional(whole("a number of requests", "So many in any case.", 0, limits.connections, initial.retries.min)),
      },
      { title: "a table such as { share = 0.1 }", ...closed },
    ),
  ],
  {
    title: "true, false, or a table such as { share = 0.1 }",
    description: "How many requests may be sent a second time at once, where that is safe.",
    default: initial.retries.enabled,
  },
);

const breaker = Type.Union(
  [
    Type.Boolean({ title: "true or false" }),
    Type.Object(
      {
        failure_share: Type.Optional(share("Opens when at least this share failed.", initial.breaker.failureShare)),
        min_requests: Type.Optional(
          whole(
            "a number of requests",
            "Never opens before so many ended in the window.",
            1,
            limits.connections,
            initial.breaker.minRequests,
          ),
        ),
        window: Type.Optional(duration("How far back it looks.", initial.breaker.window)),
        open_for: Type.Optional(duration("How long it stays open before one request may try.", initial.breaker.openFor)),
      },
      { title: "a table such as { min_requests = 20 }", ...closed },
    ),
  ],
  {
    title: "true, false, or a table such as { min_requests = 20 }",
    description: "Keep requests away while most of them fail; they are answered 503.",
    default: initial.breaker.enabled,
  },
);

export const upstream = Type.Optional(
  Type.Object(
    {
      max_connections: Type.Optional(
        whole("a number of connections", "To the ship; further requests wait.", 1, limits.connections, initial.maxConnections),
      ),
      max_queued: Type.Optional(
        whole("a number of requests", "Wait for a connection; the next one is answered 503.", 0, limits.connections, initial.maxQueued),
      ),
      max_head: Type.Optional(size("Longest head of an answer, from 1 KiB to 1 MiB.", initial.maxHead)),
      max_fields: Type.Optional(whole("a number of fields", "Header fields of an answer.", 1, limits.fields, initial.maxFields)),
      connect_timeout: Type.Optional(duration("How long connecting may take; then 504.", initial.connectTimeout)),
      queue_timeout: Type.Optional(duration("How long a request may wait for a connection; then 503.", initial.queueTimeout)),
      answer_timeout: Type.Optional(duration("From the request to the head of its answer; then 504.", initial.answerTimeout)),
      stall_timeout: Type.Optional(duration("Longest silence in an answer.", initial.stallTimeout)),
      idle_timeout: Type.Optional(
        duration("How long a free connection is kept; less if the ship says so. Keep it below the ship's own.", initial.idleTimeout),
      ),
      retries: Type.Optional(retries),
      circuit_breaker: Type.Optional(breaker),
    },
    { title: "a table", description: "How the proxy asks this ship.", ...closed },
  ),
);
