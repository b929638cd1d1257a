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
        "Connections at a time of one client address (IPv6: one /64 network) over all binds; further ones are closed at once. Trusted proxies and Unix sockets are not counted. Without it, any number.",
        1,
        limits.connections,
      ),
    ),
    error_pages: Type.Optional(
      text(
        'a folder such as "./errors"',
        "Folder of pages that are sent as they are in place of mothership's own answers: `404.html`, `503.json`, `429.txt`, for statuses 400 to 599. The kind that the client's `Accept` prefers is sent, or mothership's own answer where there is none of that kind. Answers of ships stay theirs. Read at the start and with each reload.",
      ),
    ),
    forwarded: Type.Optional(yesNo("Also sends ships the field `Forwarded` (RFC 7239), beside `X-Forwarded-*`.", defaults.proxy.forwarded)),
    via: Type.Optional(
      Type.String({
        title: "a name of letters, digits and - . _",
        description: "Name of this proxy in the field `Via`. Letters, digits and `- . _`.",
        pattern: `^[A-Za-z0-9._-]{1,${limits.nameLength}}$`,
        default: defaults.proxy.via,
      }),
    ),
    tunnel_timeout: Type.Optional(duration("Longest silence in a WebSocket, or another tunnel, to a ship.", defaults.proxy.tunnelTimeout)),
  },
  { title: "a table", description: "What holds for all binds.", ...closed },
);

const { accessLog: log } = defaults;

export const accessLog = Type.Union(
  [
    Type.Boolean({ title: "true or false" }),
    Type.Object(
      {
        enabled: Type.Optional(
          Type.Boolean({ title: "true or false", description: "A table without this key is there to switch it on. Default: `true`." }),
        ),
        stream: Type.Optional(
          Type.Enum(["stdout", "stderr"], {
            title: '"stdout" or "stderr"',
            description: "Output of mothership that the lines go to, unless they go to a file.",
            default: log.stream,
          }),
        ),
        file: Type.Optional(
          text('a file such as "./log/access.log"', "The lines go to this file, and nowhere else. No process may log to it."),
        ),
        ...fileKeys,
        sample: Type.Optional(
          Type.Number({
            title: "a number from 0 to 1",
            description: "Share of the requests that are written, 0 to 1. Those answered with 500 and more always are.",
            minimum: 0,
            maximum: 1,
            default: log.sample,
          }),
        ),
        query: Type.Optional(
          Type.Enum(["none", "redacted", "full"], {
            title: '"none", "redacted" or "full"',
            description:
              "What is written of the query: nothing; all but the values of parameters that are named like a secret (`password`, `token`, `api_key`, `code` and the like); or all.",
            default: log.query,
          }),
        ),
        ja4h: Type.Optional(yesNo("Writes the JA4H fingerprint of each request.", log.ja4h)),
      },
      { title: 'a table such as { file = "./log/access.log" }', ...closed },
    ),
  ],
  {
    title: 'true, false, or a table such as { file = "./log/access.log" }',
    description: "Writes a line for each request.",
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
        share: Type.Optional(share("Of the requests that run, up to 1.", initial.retries.share)),
        min: Type.Optional(whole("a number of requests", "So many in any case.", 0, limits.connections, initial.retries.min)),
      },
      { title: "a table such as { share = 0.1 }", ...closed },
    ),
  ],
  {
    title: "true, false, or a table such as { share = 0.1 }",
    description:
      "Sends a request once more where it cannot have been processed: a reused connection was closed before any answer, and nothing was written, or the method is idempotent and has no body.",
    default: initial.retries.enabled,
  },
);

const breaker = Type.Union(
  [
    Type.Boolean({ title: "true or false" }),
    Type.Object(
      {
        failure_share: Type.Optional(
          share("It opens when at least this share of the requests in the window failed.", initial.breaker.failureShare),
        ),
        min_requests: Type.Optional(
          whole("a number of requests", "Never before so many ended in the window.", 1, limits.connections, initial.breaker.minRequests),
        ),
        window: Type.Optional(duration("How far back it looks.", initial.breaker.window)),
        open_for: Type.Optional(
          duration(
            "How long it stays open before one request may try, whose end decides. Longer, up to a minute, if the ship asks for it with 503 and `Retry-After`.",
            initial.breaker.openFor,
          ),
        ),
      },
      { title: "a table such as { min_requests = 20 }", ...closed },
    ),
  ],
  {
    title: "true, false, or a table such as { min_requests = 20 }",
    description:
      "Keeps requests away from a ship while most of them fail (502, 503, 504, no connection); they are answered 503 with `X-Mothership-Error: upstream-failing` and `Retry-After`.",
    default: initial.breaker.enabled,
  },
);

export const upstream = Type.Optional(
  Type.Object(
    {
      max_connections: Type.Optional(
        whole(
          "a number of connections",
          "Connections to the ship; further requests wait for one.",
          1,
          limits.connections,
          initial.maxConnections,
        ),
      ),
      max_queued: Type.Optional(
        whole(
          "a number of requests",
          "Requests that wait; the next one is answered 503 (`upstream-overloaded`).",
          0,
          limits.connections,
          initial.maxQueued,
        ),
      ),
      max_head: Type.Optional(
        size("Longest head of an answer, 1 KiB to 1 MiB; a longer one becomes 502 (`upstream-invalid`).", initial.maxHead),
      ),
      max_fields: Type.Optional(
        whole("a number of fields", "Header fields of an answer; more is 502.", 1, limits.fields, initial.maxFields),
      ),
      connect_timeout: Type.Optional(duration("How long connecting may take; then 504 (`upstream-timeout`).", initial.connectTimeout)),
      queue_timeout: Type.Optional(duration("How long a request may wait for a connection; then 503.", initial.queueTimeout)),
      answer_timeout: Type.Optional(
        duration("From a request, or its last progress, to the head of its answer; then 504.", initial.answerTimeout),
      ),
      stall_timeout: Type.Optional(
        duration("Longest silence in an answer, except in streams of events; then it is cut off.", initial.stallTimeout),
      ),
      idle_timeout: Type.Optional(
        duration(
          "How long a free connection is kept; less if the ship says so in `Keep-Alive`. Keep it below the ship's own.",
          initial.idleTimeout,
        ),
      ),
      hold_timeout: Type.Optional(
        duration(
          'How long a new request waits while the ship is restarted by `mothership restart`, a reload or its `memory_limit`; then 503 (`upstream-hold-timeout`). `"0s"` for not at all. A ship that crashed, has not been up yet or was stopped is never waited for.',
          initial.holdTimeout,
        ),
      ),
      max_held: Type.Optional(
        whole(
          "a number of requests",
          "Requests that wait for a restart, at most as many as `max_connections` and `max_queued` together; the next one is answered 503 (`upstream-hold-full`).",
          0,
          limits.connections,
          initial.maxHeld,
        ),
      ),
      retries: Type.Optional(retries),
      circuit_breaker: Type.Optional(breaker),
    },
    { title: "a table", description: "How the ship is asked.", ...closed },
  ),
);
