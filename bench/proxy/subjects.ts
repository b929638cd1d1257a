/** The proxies that are measured, and how each is started in front of an origin. */
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { createAuthority } from "../../internal/testkit/src/certificates.ts";
import { configFile, startMothership } from "../lib/programs.ts";
import type { Scratch } from "../lib/scratch.ts";
import { serves } from "../lib/wrk.ts";

/** Files; two bytes for each body; a WebSocket echo of bytes; a WebSocket echo that speaks the protocol. */
export type OriginKind = "files" | "sink" | "echo" | "websocket";

export interface Running {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

const lib = join(import.meta.dirname, "../lib");
const proxyCore = 0;
const originCore = 1;
/** A GET that each kind of origin answers with success. */
const healthPath = { files: "/file", sink: "/", echo: "/", websocket: "/" } as const;

function originCommand(kind: OriginKind, port: number, scratch: Scratch): [string, string[]] {
  if (kind === "sink") return [process.execPath, [join(import.meta.dirname, "sink.mjs"), String(port)]];
  if (kind === "echo") return [process.execPath, [join(import.meta.dirname, "echo-origin.mjs"), String(port)]];
  if (kind === "websocket") return [process.execPath, [join(import.meta.dirname, "../docking/echo-server.mjs"), String(port)]];
  return ["nginx", ["-p", scratch.folder, "-c", configFile(scratch, "origin.conf", `origin-${port}`, { ORIGIN: port })]];
}

/** What can be switched on in a manifest beyond one ship with one route. */
export interface Features {
  readonly metrics?: boolean;
  readonly rateLimit?: boolean;
  readonly corsCache?: boolean;
  /** Prefix of a static folder. */
  readonly staticPrefix?: string;
  readonly userAgentRoute?: boolean;
  readonly proxyProtocol?: boolean;
  readonly compression?: boolean;
  readonly payload?: boolean;
  /** Ends TLS, and offers HTTP/2. */
  readonly tls?: boolean;
  /** A bay that echoes answers under /tunnel, in place of the origin. */
  readonly bay?: boolean;
  /** Routes before the one that answers; requests go to the last. */
  readonly routes?: number;
}

/** What the filters of a usual manifest are: all of them, but for compression and guests. */
export const allFilters: Features = { metrics: true, rateLimit: true, corsCache: true, staticPrefix: "/static", userAgentRoute: true };

async function manifest(features: Features, origin: number, port: number, kind: OriginKind, scratch: Scratch): Promise<string> {
  const {
    metrics,
    rateLimit,
    corsCache,
    staticPrefix,
    userAgentRoute,
    proxyProtocol,
    compression,
    payload,
    tls,
    bay,
    routes = 1,
  } = features;
  const [command, args] = originCommand(kind, origin, scratch);
  const patterns = [
    ...(userAgentRoute ? ['{ bind = "http", pattern = "/.*", ua_filter = "llm" }'] : []),
    ...Array.from({ length: routes - 1 }, (_, at) => `"http:/many/${at}/.*"`),
    '"http:/.*"',
  ];
  const more = [
    ...(proxyProtocol ? ["proxy_protocol = true"] : []),
    ...(tls ? [`cert = ${JSON.stringify(certificateIn(scratch).cert)}`, `key = ${JSON.stringify(certificateIn(scratch).key)}`] : []),
  ];
  const bayArgs = JSON.stringify(["-c", String(originCore), process.execPath, join(import.meta.dirname, "../docking/echo-bay.mjs")]);
  // One unit holds 1,024 routes at most, and one route of the ship is enough.
  return `
[mothership]
${metrics ? `metrics_port = ${await scratch.freePort()}` : ""}
${compression ? "compression = true" : ""}
${corsCache ? "cors_cache = true" : ""}
[mothership.bind]
http = { addr = "127.0.0.1:${port}"${more.map((one) => `, ${one}`).join("")} }
${rateLimit ? "[mothership.rate_limiting]\nglobal_rps = 100000000.0\nper_ip_rpm = 1000000000.0" : ""}
${staticPrefix ? `[[mothership.static_dirs]]\npath = ${JSON.stringify(scratch.path(staticPrefix === "/" ? "elsewhere" : "static"))}\nprefix = "${staticPrefix}"` : ""}
${payload ? `[[modules]]\nname = "bots"\nwasm = ${JSON.stringify(scratch.path("bot-block.wasm"))}\nroutes = ["/.*"]\nphase = "request"\nconfig = { agents = "python-requests,scrapy" }` : ""}
${bay ? `[[bays.websocket]]\nname = "bay"\ncommand = "taskset"\nargs = ${bayArgs}\nroutes = ["http:/tunnel"]` : ""}
[[fleet.web]]
name = "origin"
command = "taskset"
args = ${JSON.stringify(["-c", String(originCore), command, ...args])}
bind = "tcp://127.0.0.1:${origin}"
healthcheck = "${healthPath[kind]}"
routes = [${patterns.join(", ")}]
`;
}

export async function startMothershipProxy(name: string, features: Features, kind: OriginKind, scratch: Scratch): Promise<Running> {
  const [origin, port] = [await scratch.freePort(), await scratch.freePort()];
  if (features.payload)
    copyFileSync(join(import.meta.dirname, "../../examples/payloads/built/bot-block.wasm"), scratch.path("bot-block.wasm"));
  const text = await manifest(features, origin, port, kind, scratch);
  const child = startMothership(scratch, `mothership-${port}`, text, proxyCore, { stdio: ["ignore", "ignore", "inherit"] });
  await serves(port, healthPath[kind], features.tls);
  return { name, port, pid: child.pid! };
}

/** An origin of its own for the peers; resolves to its port. */
export async function startOrigin(kind: OriginKind, scratch: Scratch): Promise<number> {
  const port = await scratch.freePort();
  scratch.start(originCore, ...originCommand(kind, port, scratch));
  await serves(port, healthPath[kind]);
  return port;
}

/** A certificate for 127.0.0.1, made once for a scratch folder: the files of certificate and key, and of both in one. */
function certificateIn(scratch: Scratch): { readonly cert: string; readonly key: string; readonly both: string } {
  const paths = { cert: scratch.path("site.crt"), key: scratch.path("site.key"), both: scratch.path("site.pem") };
  if (!existsSync(paths.both)) {
    const { cert, key } = createAuthority().issue(["localhost", "127.0.0.1"]);
    // Proxies that give up root before they read their key must be able to.
    scratch.write("site.crt", cert);
    scratch.write("site.key", key);
    scratch.write("site.pem", cert + key);
  }
  return paths;
}

export type PeerName = "nginx" | "haproxy" | "caddy" | "http-proxy-3" | "http-proxy-3, keep-alive" | "@fastify/http-proxy";
export const peerNames: readonly PeerName[] = [
  "nginx",
  "haproxy",
  "caddy",
  "http-proxy-3",
  "http-proxy-3, keep-alive",
  "@fastify/http-proxy",
];

/** What a peer is asked to do beyond forwarding. */
export interface PeerOptions {
  /** Of nginx; requests go to the last. Default 1. */
  readonly routes?: number | undefined;
  /** That nginx has room for, on both sides. Default 8192. */
  readonly connections?: number | undefined;
  readonly tls?: boolean | undefined;
  /** Compresses text with gzip, at level 6 where the level can be chosen. */
  readonly gzip?: boolean | undefined;
}

/** What nginx serves besides its upstream: many locations, or files, or tunnels. */
export function nginxLocations(scratch: Scratch, routes: number): string {
  const many = Array.from(
    { length: routes - 1 },
    (_, at) => `location ~ ^/many/${at}/.* { proxy_pass http://origin; proxy_set_header Connection ""; proxy_set_header Host $host; }`,
  );
  const tunnel =
    'location /tunnel { proxy_pass http://origin; proxy_set_header Connection "upgrade"; proxy_set_header Upgrade $http_upgrade; proxy_set_header Host $host; }';
  return [`location /static/ { alias ${scratch.path("static")}/; }`, tunnel, ...many].join("\n    ");
}

const gzipOf = {
  nginx: "gzip on; gzip_comp_level 6; gzip_min_length 1024; gzip_proxied any; gzip_types text/plain;",
  haproxy: "compression algo gzip\n  compression type text/html text/plain",
  caddy: "encode {\n\t\tgzip 6\n\t}",
} as const;

export async function startPeer(
  peer: PeerName,
  origin: number,
  modules: string,
  scratch: Scratch,
  { routes = 1, connections = 8192, tls = false, gzip = false }: PeerOptions = {},
): Promise<Running> {
  const port = await scratch.freePort();
  const { cert, key, both } = certificateIn(scratch);
  const script = (file: string, ...more: string[]): [string, string[]] => [
    process.execPath,
    [join(lib, "proxies", file), String(port), `127.0.0.1:${origin}`, ...more, ...(tls ? ["tls"] : [])],
  ];
  const config = (template: string, name: "nginx" | "haproxy" | "caddy", listen: string, server: string): string =>
    configFile(scratch, template, `${name}-${port}`, {
      ...{
        PORT: port,
        ORIGIN: origin,
        LOCATIONS: nginxLocations(scratch, routes),
        CONNECTIONS: connections,
        SCHEME: tls ? "https" : "http",
      },
      ...{ LISTEN: tls ? listen : "", SERVER: `${tls ? server : ""}${gzip ? gzipOf[name] : ""}` },
    });
  const commands: Record<PeerName, () => [string, string[]]> = {
    nginx: () => [
      "nginx",
      ["-p", scratch.folder, "-c", config("nginx.conf", "nginx", "ssl http2", `ssl_certificate ${cert}; ssl_certificate_key ${key}; `)],
    ],
    haproxy: () => ["haproxy", ["-f", config("haproxy.cfg", "haproxy", `ssl crt ${both} alpn h2,http/1.1`, "")]],
    caddy: () => ["caddy", ["run", "--adapter", "caddyfile", "--config", config("Caddyfile", "caddy", "", `tls ${cert} ${key}\n\t`)]],
    "http-proxy-3": () => script("http-proxy-3.mjs"),
    "http-proxy-3, keep-alive": () => script("http-proxy-3.mjs", "keep-alive"),
    "@fastify/http-proxy": () => script("fastify-http-proxy.mjs"),
  };
  const env = {
    BENCH_MODULES: modules,
    BENCH_CERT: cert,
    BENCH_KEY: key,
    XDG_DATA_HOME: scratch.path("caddy"),
    XDG_CONFIG_HOME: scratch.path("caddy"),
  };
  const stdio = peer === "caddy" ? (["ignore", "ignore", "ignore"] as const) : (["ignore", "ignore", "inherit"] as const);
  const child = scratch.start(proxyCore, ...commands[peer](), { env, stdio: [...stdio] });
  await serves(port, "/file", tls).catch((error: unknown) => {
    throw new Error(`${peer} did not start`, { cause: error });
  });
  return { name: routes === 1 ? peer : `${peer}, ${routes} routes`, port, pid: child.pid! };
}
