/**
 * The shape of `ship-manifest.toml`. The one definition: `raw.ts` states the same as types and `schema.json`, made from it, is what runs
 * and what editors read. Nothing else imports this file, because loading typebox takes longer than reading a manifest.
 *
 * `title` is what a message says was expected; `description` is what an editor shows.
 */
import { type Static, type TSchema, Type } from "typebox";
import { defaults, limits } from "./limits.ts";

/** Letters, digits and `_ . - + @ :` in ASCII: no space, no slash, no quote, no comma, and not a leading dot or dash. */
const namePattern = `^[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,${limits.nameLength - 1}}$`;
const nameTitle = `a name of ASCII letters, digits and _ . - + @ : (at most ${limits.nameLength}, no space)`;
/** A colon would make `bind:pattern` ambiguous. */
const bindNamePattern = `^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,${limits.nameLength - 1}}$`;

const closed = { additionalProperties: false } as const;

const text = (title: string, description: string) =>
  // A NUL would end the text early wherever the system takes it.
  Type.String({ title, description, minLength: 1, maxLength: limits.textLength, pattern: "^[^\\u0000]*$" });

const name = (description: string) => Type.String({ title: nameTitle, description, pattern: namePattern });

const list = <T extends TSchema>(items: T, title: string, description: string, maxItems: number) =>
  Type.Array(items, { title, description, maxItems });

const argument = Type.String({ title: "text", maxLength: limits.textLength, pattern: "^[^\\u0000]*$" });

const command = text("a command", "Program to run: a name found in PATH, or a path. Started without a shell.");
const args = Type.Optional(
  list(argument, 'a list of texts such as ["db:migrate"]', "Arguments of the command. Default: none.", limits.args),
);

const scalar = Type.Union([argument, Type.Number({ title: "a number" }), Type.Boolean({ title: "true or false" })], {
  title: "text, a number, true or false",
});

const env = Type.Optional(
  Type.Record(Type.String({ pattern: "^[^=\\u0000]+$" }), scalar, {
    title: 'a table of variables such as { RAILS_ENV = "production" }',
    description: "Environment variables, added to those of mothership. Numbers and booleans become text.",
    maxProperties: limits.entries,
    ...closed,
  }),
);

const config = (description: string) =>
  Type.Optional(
    Type.Record(Type.String({ pattern: "^[^\\u0000]+$" }), scalar, {
      title: 'a table of settings such as { redis_url = "redis://localhost" }',
      description,
      maxProperties: limits.entries,
      ...closed,
    }),
  );

const dependsOn = (description: string) =>
  Type.Optional(list(name("Name of what to wait for."), 'a list of names such as ["db"]', description, limits.dependencies));

const tags = Type.Optional(
  list(name("A tag."), 'a list of tags such as ["web"]', "Tags for --only and --except, added to those of the base template.", limits.tags),
);

const critical = Type.Optional(
  Type.Boolean({ title: "true or false", description: "A crash ends the whole fleet.", default: defaults.critical }),
);

const pattern = text('a pattern such as "/api/.*"', "Regular expression over the path.");

const route = Type.Union(
  [
    text('a route such as "http:/api/.*"', "Short form: bind, colon, pattern."),
    Type.Object(
      {
        bind: text("the name of a bind", "Name of a bind in [mothership.bind]."),
        pattern,
        strip_prefix: Type.Optional(text('a path prefix such as "/api"', "Taken off the path before it is forwarded.")),
        ua_filter: Type.Optional(
          text(
            'a user agent filter such as "browser"',
            "browser, chromium, firefox, safari, llm, bot, or ~ and a pattern over the User-Agent header.",
          ),
        ),
      },
      { title: 'a table such as { bind = "http", pattern = "/.*" }', ...closed },
    ),
  ],
  { title: 'a route such as "http:/api/.*" or { bind = "http", pattern = "/api/.*" }' },
);

const routes = (description: string) =>
  Type.Optional(
    list(route, 'a list of routes such as ["http:/api/.*"]', `${description} Tried in file order. Default: none.`, limits.routes),
  );

const shipDependsOn = dependsOn("Ships and bays to wait for before starting. Default: none.");

const healthcheck = Type.Optional(text('a path such as "/health"', "Path of the health check, asked for on the ship's own bind."));
const oneshot = Type.Optional(Type.Boolean({ title: "true or false", description: "Runs once and ends.", default: defaults.oneshot }));

const shipRoutes = routes("HTTP routes from binds of mothership to this ship.");
const bayRoutes = routes("WebSocket routes from binds of mothership to this bay.");
const bayConfig = config("Sent to the bay when it docks. Numbers and booleans become text.");

const ship = Type.Object(
  {
    name: name("Unique among ships, bays and prelaunch jobs."),
    command,
    args,
    bind: Type.Optional(
      text('an address such as "127.0.0.1:3000"', "Where the ship listens: tcp://host:port, host:port, port, or unix:///path."),
    ),
    healthcheck,
    routes: shipRoutes,
    depends_on: shipDependsOn,
    env,
    critical,
    oneshot,
    tags,
  },
  { title: "a ship", description: "A process, proxied to on its own address.", ...closed },
);

const bay = Type.Object(
  {
    name: name("Unique among ships, bays and prelaunch jobs."),
    command,
    args,
    routes: bayRoutes,
    depends_on: shipDependsOn,
    env,
    config: bayConfig,
    critical,
    tags,
  },
  { title: "a bay", description: "A process that takes WebSocket clients over one Unix socket.", ...closed },
);

const phase = Type.Optional(
  Type.Enum(["request", "response"], { title: '"request" or "response"', description: "What the module sees.", default: defaults.phase }),
);
const moduleRoutes = Type.Optional(
  list(pattern, 'a list of patterns such as ["/api/.*"]', "Patterns over the path, on every bind. Default: none.", limits.routes),
);
const moduleConfig = config("Handed to the module. Numbers and booleans become text.");

const module_ = Type.Object(
  {
    name: name("Unique among modules."),
    wasm: text('a path such as "./modules/auth.wasm"', "The WebAssembly file, from the folder of the manifest."),
    routes: moduleRoutes,
    phase,
    config: moduleConfig,
    tags,
  },
  { title: "a module", description: "A WebAssembly payload on the request path.", ...closed },
);

const prelaunchJob = Type.Object(
  {
    name: name("Unique among ships, bays and prelaunch jobs."),
    command,
    args,
    env,
    depends_on: dependsOn("Other prelaunch jobs to wait for."),
  },
  { title: "a prelaunch job", description: "Runs to its end before any ship or bay starts.", ...closed },
);

const uplink = Type.Object(
  {
    url: text('a URL such as "postgres://localhost:5432/mydb"', "What must be reachable. $NAME stands for an environment variable."),
    name: Type.Optional(name("Unique among uplinks. Default: host:port.")),
    timeout: Type.Optional(
      Type.String({
        title: 'a duration such as "10s"',
        description: "How long one check may take.",
        maxLength: limits.nameLength,
        default: defaults.uplinkTimeout,
      }),
    ),
  },
  { title: "an uplink", description: "Something outside that must be reachable before anything starts.", ...closed },
);

const bindAddress = text('an address such as "0.0.0.0:80"', "tcp://host:port, host:port, port (on 127.0.0.1), or unix:///path.");
const bind = Type.Union(
  [
    bindAddress,
    Type.Object(
      {
        addr: bindAddress,
        proxy_protocol: Type.Optional(
          Type.Boolean({
            title: "true or false",
            description: "Read a PROXY protocol header, v1 or v2, where there is one.",
            default: defaults.proxyProtocol,
          }),
        ),
      },
      { title: 'a table such as { addr = "0.0.0.0:443", proxy_protocol = true }', ...closed },
    ),
  ],
  { title: 'an address such as "0.0.0.0:80", or a table such as { addr = "0.0.0.0:443", proxy_protocol = true }' },
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
    prelaunch_timeout: seconds("Seconds that escorts wait for the flagship.", defaults.flagship.prelaunchTimeoutSeconds),
    election_timeout: seconds("Seconds that the election may take.", defaults.flagship.electionTimeoutSeconds),
  },
  { title: "a table", description: "Coordination of several servers.", ...closed },
);

const tables = <T extends TSchema>(items: T, header: string, description: string, maxItems: number) =>
  Type.Array(items, { title: `tables with the header ${header}`, description, maxItems });

const groups = <T extends TSchema>(items: T, header: string, description: string) =>
  Type.Record(Type.String({ pattern: namePattern }), tables(items, header, description, limits.membersPerGroup), {
    title: `tables with the header ${header}`,
    description,
    maxProperties: limits.groups,
    ...closed,
  });

export const schema = Type.Object(
  {
    mothership: Type.Optional(
      Type.Object(
        {
          metrics_port: Type.Optional(
            Type.Integer({
              title: "a port from 1 to 65535",
              description: "Port of /metrics and /health on 127.0.0.1.",
              minimum: 1,
              maximum: 65_535,
            }),
          ),
          compression: Type.Optional(
            Type.Boolean({ title: "true or false", description: "Compress responses (gzip, deflate, br).", default: defaults.compression }),
          ),
          cors_cache: Type.Optional(corsCache),
          static_dirs: Type.Optional(
            tables(staticDir, "[[mothership.static_dirs]]", "Folders of files that are served before routing.", limits.staticDirs),
          ),
          bind: Type.Optional(
            Type.Record(Type.String({ pattern: bindNamePattern }), bind, {
              title: 'a table of addresses such as { http = "0.0.0.0:80" }',
              description: "Named listeners.",
              maxProperties: limits.binds,
              ...closed,
            }),
          ),
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
          uplinks: Type.Optional(
            tables(uplink, "[[mothership.uplinks]]", "What must be reachable before anything starts.", limits.uplinks),
          ),
        },
        { title: "a table", description: "Settings of the whole fleet.", ...closed },
      ),
    ),
    fleet: Type.Optional(groups(ship, "[[fleet.web]]", "Ships, by group.")),
    bays: Type.Optional(groups(bay, "[[bays.websocket]]", "Bays, by type.")),
    modules: Type.Optional(tables(module_, "[[modules]]", "WebAssembly payloads, in the order in which they run.", limits.modules)),
    base: Type.Optional(
      Type.Object(
        {
          ship: Type.Optional(
            Type.Object(
              { args, healthcheck, routes: shipRoutes, depends_on: shipDependsOn, env, critical, oneshot, tags },
              { title: "a table", description: "What every ship inherits.", ...closed },
            ),
          ),
          bay: Type.Optional(
            Type.Object(
              { args, routes: bayRoutes, depends_on: shipDependsOn, env, config: bayConfig, critical, tags },
              { title: "a table", description: "What every bay inherits.", ...closed },
            ),
          ),
          module: Type.Optional(
            Type.Object(
              { routes: moduleRoutes, phase, config: moduleConfig, tags },
              { title: "a table", description: "What every module inherits.", ...closed },
            ),
          ),
        },
        { title: "a table", description: "Templates that ships, bays and modules inherit from.", ...closed },
      ),
    ),
  },
  {
    $schema: "http://json-schema.org/draft-07/schema#",
    $id: "urn:mothership:ship-manifest",
    title: "a manifest",
    description: "The manifest of a mothership fleet (ship-manifest.toml).",
    ...closed,
  },
);

/** What the schema says about the data, as a type; equal to `RawManifest`. */
export type SchemaManifest = Static<typeof schema>;
