import { Type } from "typebox";
import { defaults, limits } from "./limits.ts";
import { binds } from "./schema-binds.ts";
import { accessLog, proxy } from "./schema-edge.ts";
import { prelaunchJob } from "./schema-members.ts";
import { logKeys } from "./schema-process.ts";
import { closed, duration, name, tables, text, texts, whole } from "./schema-values.ts";

/** The table [mothership]. Build time only, as `schema.ts`. */

const uplink = Type.Object(
  {
    url: text('a URL such as "postgres://localhost:5432/mydb"', "What must be reachable. Variables are expanded."),
    name: Type.Optional(name("Unique among uplinks. Default: `host:port`.")),
    timeout: Type.Optional(duration("How long one check may take.", defaults.uplinkTimeout)),
  },
  { title: "an uplink", description: "Something outside that must be reachable before anything starts.", ...closed },
);

const staticDir = Type.Object(
  {
    path: text('a folder such as "./public"', "Folder of the files."),
    prefix: Type.Optional(
      Type.String({
        title: 'a path prefix such as "/static"',
        description:
          "Which requests are looked up here; begins with `/`. The longest prefix wins. What is not found goes on to the routes.",
        minLength: 1,
        maxLength: limits.textLength,
        default: defaults.staticPrefix,
      }),
    ),
    bind: Type.Optional(text("the name of a bind", "Only requests of this bind; without it, of all.")),
  },
  { title: "a static folder", description: "Files that are served before routing.", ...closed },
);

const seconds = (description: string, initial: number) =>
  Type.Optional(Type.Integer({ title: "a number of seconds", description, minimum: 1, maximum: limits.timeoutSeconds, default: initial }));

const corsCache = Type.Union(
  [
    Type.Boolean({ title: "true or false" }),
    Type.Object(
      {
        enabled: Type.Optional(
          Type.Boolean({ title: "true or false", description: "A table without this key is there to switch it on. Default: `true`." }),
        ),
        default_ttl: Type.Optional(
          Type.Integer({
            title: "a number of seconds",
            description: "How long an answer is kept that has no `Access-Control-Max-Age`; 0: not at all.",
            minimum: 0,
            maximum: limits.ttlSeconds,
            default: defaults.corsCache.defaultTtlSeconds,
          }),
        ),
        max_entries: Type.Optional(
          Type.Integer({
            title: "a number of entries",
            description: "Answers kept at most.",
            minimum: 1,
            maximum: limits.cacheEntries,
            default: defaults.corsCache.maxEntries,
          }),
        ),
      },
      { title: "a table such as { enabled = true, default_ttl = 3600 }", ...closed },
    ),
  ],
  {
    title: "true, false, or a table such as { enabled = true, default_ttl = 3600 }",
    description: "Keeps answers to CORS preflight requests.",
    default: defaults.corsCache.enabled,
  },
);

const rate = (description: string) =>
  Type.Optional(Type.Number({ title: "a number above 0", description, exclusiveMinimum: 0, maximum: limits.rate }));

const flagship = Type.Object(
  {
    enabled: Type.Optional(
      Type.Boolean({
        title: "true or false",
        description: "Whether servers coordinate at all. While it is off, the URL and the variable below are not looked at.",
        default: defaults.flagship.enabled,
      }),
    ),
    election: Type.Optional(
      Type.Enum(["static", "postgres"], {
        title: '"static" or "postgres"',
        description: "How the flagship is found.",
        default: defaults.flagship.election,
      }),
    ),
    election_url: Type.Optional(
      text(
        'a URL such as "$DATABASE_URL?sslmode=require"',
        'PostgreSQL server for `"postgres"`; required then. Variables are expanded. `sslmode` may not be `disable`, `allow` or `prefer` unless `MOTHERSHIP_ALLOW_INSECURE_POSTGRES_SSLMODE=true` is in the environment.',
      ),
    ),
    static_flagship: Type.Optional(
      Type.Union(
        [
          text('a variable such as "$MS_FLAGSHIP"', "An environment variable that is true, 1 or yes on the flagship."),
          Type.Object(
            {
              command: text("a command", "Command and arguments."),
              equals: Type.String({ title: "text", description: "What it prints on the flagship.", maxLength: limits.textLength }),
            },
            { title: 'a table such as { command = "hostname", equals = "server-a" }', ...closed },
          ),
        ],
        {
          title: 'a variable such as "$MS_FLAGSHIP" or a table such as { command = "hostname", equals = "server-a" }',
          description:
            'For `"static"`; required then. `"$MS_FLAGSHIP"`: this server is the flagship if the variable is `true`, `1` or `yes`; a variable that is not set says no. A text without a variable is a mistake unless it is one of these words or `false`, `0`, `no`. Or a table with a command.',
        },
      ),
    ),
    fleet: Type.Optional(
      Type.String({
        title: "a name",
        description:
          'For `"postgres"`: servers with this name, in this database, never run prelaunch jobs at the same time. Name it when several fleets share a database.',
        minLength: 1,
        maxLength: limits.nameLength,
        default: defaults.flagship.fleet,
      }),
    ),
    launch_id: Type.Optional(
      text(
        'a release such as "$GIT_SHA"',
        'For `"postgres"` (default: the variable `MS_LAUNCH_ID`, else `MS_RELEASE`): what the servers of one deployment share and the next deployment does not, such as `"$GIT_SHA"`. Variables are expanded. Without it, servers with the same prelaunch jobs belong together, and a finished launch counts only for servers that arrive within 60 s after it.',
      ),
    ),
    on_flagship_loss: Type.Optional(
      Type.Enum(["abort", "takeover"], {
        title: '"abort" or "takeover"',
        description:
          'For `"postgres"`: when the flagship is lost in the middle of its jobs, all servers abort, or another one runs the jobs again.',
        default: defaults.flagship.onFlagshipLoss,
      }),
    ),
    prelaunch_timeout: seconds("How long escorts wait for the flagship.", defaults.flagship.prelaunchTimeoutSeconds),
    election_timeout: seconds("How long the election may take.", defaults.flagship.electionTimeoutSeconds),
  },
  { title: "a table", description: "Which of several servers runs the prelaunch jobs.", ...closed },
);

const logs = Type.Object(
  {
    dir: Type.Optional(
      text(
        'a folder such as "./log"',
        "Every process logs to `<name>.log` in this folder, unless it names a file. Without it there are no files.",
      ),
    ),
    ...logKeys,
  },
  { title: "a table", description: "What holds for the output of every ship, bay and prelaunch job.", ...closed },
);

export const mothership = Type.Object(
  {
    metrics_port: Type.Optional(
      Type.Integer({
        title: "a port from 1 to 65535",
        description: "Serves Prometheus metrics at `/metrics` and liveness at `/health` on 127.0.0.1. Without it neither is served.",
        minimum: 1,
        maximum: 65_535,
      }),
    ),
    metrics_hosts: Type.Optional(
      texts(
        'a host such as "metrics.internal"',
        'a list of hosts such as ["metrics.internal"]',
        "Host names under which the metrics page may be asked for, besides `localhost`, `127.0.0.1` and `[::1]`; any other is answered 421, so that no web page can read it through a name of its own that leads to this machine.",
        limits.listed,
      ),
    ),
    compression: Type.Optional(
      Type.Boolean({
        title: "true or false",
        description: "Compresses responses with brotli, zstd, gzip or deflate, as the client accepts. See compression.",
        default: defaults.compression,
      }),
    ),
    cors_cache: Type.Optional(corsCache),
    static_dirs: Type.Optional(
      tables(staticDir, "[[mothership.static_dirs]]", "Folders of files that are served before routing.", limits.staticDirs),
    ),
    bind: Type.Optional(binds),
    proxy: Type.Optional(proxy),
    access_log: Type.Optional(accessLog),
    rate_limiting: Type.Optional(
      Type.Object(
        {
          global_rps: rate("Requests per second over all clients. Without it there is no such limit."),
          per_ip_rpm: rate("Requests per minute of one client address. Without it there is no such limit."),
        },
        { title: "a table", description: "Answers 429 to too many requests.", ...closed },
      ),
    ),
    prelaunch: Type.Optional(
      tables(prelaunchJob, "[[mothership.prelaunch]]", "Jobs that end before anything else starts.", limits.prelaunchJobs),
    ),
    flagship: Type.Optional(flagship),
    uplinks: Type.Optional(tables(uplink, "[[mothership.uplinks]]", "What must be reachable before anything starts.", limits.uplinks)),
    logs: Type.Optional(logs),
    edge_threads: Type.Optional(
      Type.Union([Type.Enum(["auto"], { title: '"auto"' }), whole("a number of threads", "So many.", 1, limits.edgeThreads)], {
        title: `"auto", or a number from 1 to ${limits.edgeThreads}`,
        description: 'Threads that serve requests, 1 to 64; `"auto"` is one for each processor, 16 at most. See threads.',
        default: defaults.edgeThreads,
      }),
    ),
    shutdown_timeout: Type.Optional(
      duration(
        "How long the whole fleet may take to stop; what is left then is killed. The default fits the 30 s that most platforms give.",
        defaults.shutdownTimeout,
      ),
    ),
  },
  { title: "a table", description: "Settings of the whole fleet.", ...closed },
);
