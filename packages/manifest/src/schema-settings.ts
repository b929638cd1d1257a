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
    url: text('a URL such as "postgres://localhost:5432/mydb"', "What must be reachable. $NAME stands for an environment variable."),
    name: Type.Optional(name("Unique among uplinks. Default: host:port.")),
    timeout: Type.Optional(duration("How long one check may take.", defaults.uplinkTimeout)),
  },
  { title: "an uplink", description: "Something outside that must be reachable before anything starts.", ...closed },
);

const staticDir = Type.Object(
  {
    path: text('a folder such as "./public"', "Folder of the files, from the folder of the manifest."),
    prefix: Type.Optional(
      Type.String({
        title: 'a path prefix such as "/static"',
        description: "The longest prefix wins; what is not found goes on to the routes.",
        minLength: 1,
        maxLength: limits.textLength,
        default: defaults.staticPrefix,
      }),
    ),
    bind: Type.Optional(text("the name of a bind", "Only for requests of this bind. Default: all.")),
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
        enabled: Type.Optional(Type.Boolean({ title: "true or false", description: "Default: true, when the table is there." })),
        default_ttl: Type.Optional(
          Type.Integer({
            title: "a number of seconds",
            description: "For answers without Access-Control-Max-Age.",
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
    description: "Keep answers to CORS preflight requests.",
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
        description: "Elect the server that runs the prelaunch jobs.",
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
      text('a URL such as "$DATABASE_URL?sslmode=require"', "PostgreSQL URL. $NAME stands for an environment variable."),
    ),
    static_flagship: Type.Optional(
      Type.Union(
        [
          text('a variable such as "$MS_FLAGSHIP"', "An environment variable that is true, 1 or yes on the flagship."),
          Type.Object(
            {
              command: text("a command", "Run without a shell."),
              equals: Type.String({ title: "text", description: "What the command prints on the flagship.", maxLength: limits.textLength }),
            },
            { title: 'a table such as { command = "hostname", equals = "server-a" }', ...closed },
          ),
        ],
        {
          title: 'a variable such as "$MS_FLAGSHIP" or a table such as { command = "hostname", equals = "server-a" }',
          description: "Which server is the flagship.",
        },
      ),
    ),
    fleet: Type.Optional(
      Type.String({
        title: "a name",
        description: "Servers with this name and election_url never run prelaunch jobs at the same time.",
        minLength: 1,
        maxLength: limits.nameLength,
        default: defaults.flagship.fleet,
      }),
    ),
    launch_id: Type.Optional(
      text(
        'a release such as "$GIT_SHA"',
        "What all servers of one deployment share and the next one does not. $NAME stands for an environment variable.",
      ),
    ),
    on_flagship_loss: Type.Optional(
      Type.Enum(["abort", "takeover"], {
        title: '"abort" or "takeover"',
        description: "When the flagship is lost in the middle of its work: abort all, or let another do it again.",
        default: defaults.flagship.onFlagshipLoss,
      }),
    ),
    prelaunch_timeout: seconds("Seconds that escorts wait for the flagship.", defaults.flagship.prelaunchTimeoutSeconds),
    election_timeout: seconds("Seconds that the election may take.", defaults.flagship.electionTimeoutSeconds),
  },
  { title: "a table", description: "Coordination of several servers.", ...closed },
);

const logs = Type.Object(
  {
    dir: Type.Optional(
      text('a folder such as "./log"', "Every process logs to <name>.log there, unless it names a file. Default: no files."),
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
        description: "Port of /metrics and /health on 127.0.0.1.",
        minimum: 1,
        maximum: 65_535,
      }),
    ),
    metrics_hosts: Type.Optional(
      texts(
        'a host such as "metrics.internal"',
        'a list of hosts such as ["metrics.internal"]',
        "Names under which the metrics page may be asked for, besides those of this machine's loopback. Default: none.",
        limits.listed,
      ),
    ),
    compression: Type.Optional(
      Type.Boolean({ title: "true or false", description: "Compress responses (gzip, deflate, br).", default: defaults.compression }),
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
          global_rps: rate("Requests per second over all clients. Default: no limit."),
          per_ip_rpm: rate("Requests per minute of one client address. Default: no limit."),
        },
        { title: "a table", description: "Answers 429 above these rates.", ...closed },
      ),
    ),
    prelaunch: Type.Optional(
      tables(prelaunchJob, "[[mothership.prelaunch]]", "Jobs that end before any ship or bay starts.", limits.prelaunchJobs),
    ),
    flagship: Type.Optional(flagship),
    uplinks: Type.Optional(tables(uplink, "[[mothership.uplinks]]", "What must be reachable before anything starts.", limits.uplinks)),
    logs: Type.Optional(logs),
    edge_threads: Type.Optional(
      Type.Union([Type.Enum(["auto"], { title: '"auto"' }), whole("a number of threads", "So many.", 1, limits.edgeThreads)], {
        title: `"auto", or a number from 1 to ${limits.edgeThreads}`,
        description: "Threads that serve requests. auto: one for each processor.",
        default: defaults.edgeThreads,
      }),
    ),
    shutdown_timeout: Type.Optional(duration("How long the whole fleet may take to stop before it is killed.", defaults.shutdownTimeout)),
  },
  { title: "a table", description: "Settings of the whole fleet.", ...closed },
);
