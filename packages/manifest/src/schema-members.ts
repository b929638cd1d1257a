import { Type } from "typebox";
import { defaults, limits } from "./limits.ts";
import { args, closed, command, config, critical, dependsOn, env, list, name, pattern, tags, text } from "./schema-values.ts";

/** Ships, bays, modules, jobs and their templates. Build time only, as `schema.ts`. */

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

export const ship = Type.Object(
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

export const bay = Type.Object(
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

export const module_ = Type.Object(
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

export const prelaunchJob = Type.Object(
  {
    name: name("Unique among ships, bays and prelaunch jobs."),
    command,
    args,
    env,
    depends_on: dependsOn("Other prelaunch jobs to wait for."),
  },
  { title: "a prelaunch job", description: "Runs to its end before any ship or bay starts.", ...closed },
);

export const base = Type.Object(
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
);
