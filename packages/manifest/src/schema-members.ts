import { Type } from "typebox";
import { defaults, limits } from "./limits.ts";
import { upstream } from "./schema-edge.ts";
import { checkKeys, dependsOn, jobDependsOn, jobKeys, memberKeys } from "./schema-process.ts";
import { ja4h, redirectTo, status, uaFilter } from "./schema-shields.ts";
import {
  args,
  closed,
  command,
  config,
  critical,
  env,
  list,
  name,
  pattern,
  size,
  tags,
  text,
  texts,
  whole,
  yesNo,
} from "./schema-values.ts";

/** Ships, bays, modules, jobs and their templates. Build time only, as `schema.ts`. */

const route = Type.Union(
  [
    text('a route such as "http:/api/.*"', "Short form: bind, colon, pattern."),
    Type.Object(
      {
        bind: text("the name of a bind", "Only requests that came in on this bind."),
        pattern,
        strip_prefix: Type.Optional(
          text('a path prefix such as "/api"', "Taken off the path before the request is forwarded; begins with `/`."),
        ),
        ua_filter: Type.Optional(uaFilter),
        ja4h,
        action: Type.Optional(
          Type.Enum(["forward", "block", "redirect"], {
            title: '"forward", "block" or "redirect"',
            description: "What is done with the request: it goes to the ship or bay, is refused, or is sent elsewhere.",
            default: defaults.routeAction,
          }),
        ),
        status,
        redirect_to: redirectTo,
      },
      { title: 'a table such as { bind = "http", pattern = "/.*" }', ...closed },
    ),
  ],
  { title: 'a route such as "http:/api/.*" or { bind = "http", pattern = "/api/.*" }' },
);

const routes = (description: string) =>
  Type.Optional(list(route, 'a list of routes such as ["http:/api/.*"]', `${description} Tried in the order of the file.`, limits.routes));

const oneshot = Type.Optional(Type.Boolean({ title: "true or false", description: "Runs once and ends.", default: defaults.oneshot }));

const shipRoutes = routes("Which requests go to the ship.");
const bayRoutes = routes("Which WebSocket requests go to the bay.");
/** What is agreed with the clients of a bay. */
const clientKeys = {
  protocols: Type.Optional(
    texts(
      'a sub-protocol such as "graphql-ws"',
      'a list of sub-protocols such as ["graphql-ws"]',
      "WebSocket sub-protocols of a bay of protocol version 1: the first that a client offers and that stands here is agreed. Bays of version 2 choose themselves.",
      limits.listed,
    ),
  ),
  cargo: Type.Optional(
    Type.Enum(["auto", "text", "binary"], {
      title: '"auto", "text" or "binary"',
      description: "What messages of a bay of version 1 become: always the one, or text where it is valid UTF-8.",
      default: defaults.cargo,
    }),
  ),
  reboard: Type.Optional(
    yesNo(
      "Clients stay connected when a bay restarts that does not know of it, and board the new one anew. Otherwise they are closed with 1012.",
      defaults.reboard,
    ),
  ),
  max_clients: Type.Optional(
    whole("a number of clients", "Clients at a time; others are answered 503.", 1, limits.clients, defaults.maxClients),
  ),
  origins: Type.Optional(
    texts(
      'an origin such as "https://example.com"',
      'a list of origins such as ["https://example.com"]',
      'Only web pages of these origins may connect: `["https://example.com"]`. Without it, all may.',
      limits.listed,
    ),
  ),
};
const bayConfig = config('Sent to the bay when it docks. Numbers and booleans become text: `3600` is sent as `"3600"`, `1.0` as `"1.0"`.');

const { healthcheck, ...ownChecks } = checkKeys;

export const ship = Type.Object(
  {
    name: name("Unique among ships, bays and prelaunch jobs."),
    command,
    args,
    bind: Type.Optional(
      text(
        'an address such as "127.0.0.1:3000"',
        "Where the ship listens. Required for routes and for a health check. A Unix socket that nobody answers on is removed before each start.",
      ),
    ),
    healthcheck,
    routes: shipRoutes,
    depends_on: dependsOn,
    env,
    critical,
    oneshot,
    tags,
    ...ownChecks,
    upstream,
    ...memberKeys,
  },
  { title: "a ship", description: "A process, proxied to on its own address.", ...closed },
);

export const bay = Type.Object(
  {
    name: name("Unique among ships, bays and prelaunch jobs."),
    command,
    args,
    routes: bayRoutes,
    depends_on: dependsOn,
    env,
    config: bayConfig,
    critical,
    tags,
    ...clientKeys,
    ...memberKeys,
  },
  { title: "a bay", description: "A process that takes WebSocket clients over one Unix socket.", ...closed },
);

const phase = Type.Optional(
  Type.Enum(["request", "response"], {
    title: '"request" or "response"',
    description: "Whether it sees requests or responses.",
    default: defaults.phase,
  }),
);
const moduleRoutes = Type.Optional(
  list(
    pattern,
    'a list of patterns such as ["/api/.*"]',
    "Which paths the module sees, on every bind. These are patterns alone, without a bind.",
    limits.routes,
  ),
);
/** What a module may use, and how it is called. */
const guestKeys = {
  abi: Type.Optional(
    Type.Enum(["auto", "native", "http-wasm"], {
      title: '"auto", "native" or "http-wasm"',
      description: 'The interface that it was written for; `"auto"`: what it imports and exports tells.',
      default: defaults.abi,
    }),
  ),
  entry: Type.Optional(
    text("the name of a function", "Function that is called in place of `on_request` or `on_response`. Native modules only."),
  ),
  fuel: Type.Optional(
    whole("a number of units", "Units for one call, about one instruction each: 1000 to 1000000000.", 1_000, limits.fuel, defaults.fuel),
  ),
  memory: Type.Optional(size("64 KiB to 64 MiB.", defaults.memory)),
  body: Type.Optional(yesNo("It may read and replace bodies, which are then held in memory.", defaults.body)),
  max_body: Type.Optional(
    size("Longest body that is held, up to 64 MiB. A longer request is answered 413, a longer response 503.", defaults.maxBody),
  ),
};
const moduleConfig = config("Handed to the module. Numbers and booleans become text.");

export const module_ = Type.Object(
  {
    name: name("Unique among modules."),
    wasm: text('a path such as "./modules/auth.wasm"', "The WebAssembly file."),
    routes: moduleRoutes,
    phase,
    config: moduleConfig,
    tags,
    ...guestKeys,
  },
  { title: "a module", description: "A WebAssembly payload on the request path.", ...closed },
);

export const prelaunchJob = Type.Object(
  {
    name: name("Unique among ships, bays and prelaunch jobs."),
    command,
    args,
    env,
    depends_on: jobDependsOn,
    ...jobKeys,
  },
  { title: "a prelaunch job", description: "Runs to its end before any ship or bay starts.", ...closed },
);

export const base = Type.Object(
  {
    ship: Type.Optional(
      Type.Object(
        { args, routes: shipRoutes, depends_on: dependsOn, env, critical, oneshot, tags, ...checkKeys, upstream, ...memberKeys },
        { title: "a table", description: "What every ship inherits.", ...closed },
      ),
    ),
    bay: Type.Optional(
      Type.Object(
        { args, routes: bayRoutes, depends_on: dependsOn, env, config: bayConfig, critical, tags, ...clientKeys, ...memberKeys },
        { title: "a table", description: "What every bay inherits.", ...closed },
      ),
    ),
    module: Type.Optional(
      Type.Object(
        { routes: moduleRoutes, phase, config: moduleConfig, tags, ...guestKeys },
        { title: "a table", description: "What every module inherits.", ...closed },
      ),
    ),
  },
  { title: "a table", description: "Templates: `[base.ship]`, `[base.bay]`, `[base.module]`.", ...closed },
);
