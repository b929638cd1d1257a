/** The proxies that are measured, and how each is started in front of an origin. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { configFile, startMothership } from "../lib/programs.ts";
import type { Scratch } from "../lib/scratch.ts";
import { serves } from "../lib/wrk.ts";

export type OriginKind = "files" | "sink" | "echo";

export interface Running {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

const lib = join(import.meta.dirname, "../lib");
const proxyCore = 0;
const originCore = 1;
/** A GET that each kind of origin answers with success. */
const healthPath = { files: "/file", sink: "/", echo: "/" } as const;

function originCommand(kind: OriginKind, port: number, scratch: Scratch): [string, string[]] {
  if (kind === "sink") return [process.execPath, [join(import.meta.dirname, "sink.mjs"), String(port)]];
  if (kind === "echo") return [process.execPath, [join(import.meta.dirname, "echo-origin.mjs"), String(port)]];
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
  /** Routes before the one that answers; requests go to the last. */
  readonly routes?: number;
}

/** What the filters of a usual manifest are: all of them, but for compression and guests. */
export const allFilters: Features = { metrics: true, rateLimit: true, corsCache: true, staticPrefix: "/static", userAgentRoute: true };

async function manifest(features: Features, origin: number, port: number, kind: OriginKind, scratch: Scratch): Promise<string> {
  const { metrics, rateLimit, corsCache, staticPrefix, userAgentRoute, proxyProtocol, compression, payload, routes = 1 } = features;
  const [command, args] = originCommand(kind, origin, scratch);
  const patterns = [
    ...(userAgentRoute ? ['{ bind = "http", pattern = "/.*", ua_filter = "llm" }'] : []),
    ...Array.from({ length: routes - 1 }, (_, at) => `"http:/many/${at}/.*"`),
    '"http:/.*"',
  ];
  // One unit holds 1,024 routes at most, and one route of the ship is enough.
  return `
[mothership]
${metrics ? `metrics_port = ${await scratch.freePort()}` : ""}
${compression ? "compression = true" : ""}
${corsCache ? "cors_cache = true" : ""}
[mothership.bind]
http = ${proxyProtocol ? `{ addr = "127.0.0.1:${port}", proxy_protocol = true }` : `"127.0.0.1:${port}"`}
${rateLimit ? "[mothership.rate_limiting]\nglobal_rps = 100000000.0\nper_ip_rpm = 1000000000.0" : ""}
${staticPrefix ? `[[mothership.static_dirs]]\npath = ${JSON.stringify(scratch.path(staticPrefix === "/" ? "elsewhere" : "static"))}\nprefix = "${staticPrefix}"` : ""}
${payload ? `[[modules]]\nname = "bots"\nwasm = ${JSON.stringify(scratch.path("bot-block.wasm"))}\nroutes = ["/.*"]\nphase = "request"\nconfig = { agents = "python-requests,scrapy" }` : ""}
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
  await serves(port, healthPath[kind]);
  return { name, port, pid: child.pid! };
}

/** An origin of its own for the peers; resolves to its port. */
export async function startOrigin(kind: OriginKind, scratch: Scratch): Promise<number> {
  const port = await scratch.freePort();
  scratch.start(originCore, ...originCommand(kind, port, scratch));
  await serves(port, healthPath[kind]);
  return port;
}

export type PeerName = "nginx" | "haproxy" | "http-proxy-3" | "http-proxy-3, keep-alive" | "@fastify/http-proxy";
export const peerNames: readonly PeerName[] = ["nginx", "haproxy", "http-proxy-3", "http-proxy-3, keep-alive", "@fastify/http-proxy"];

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

export async function startPeer(
  peer: PeerName,
  origin: number,
  modules: string,
  scratch: Scratch,
  routes = 1,
  connections = 8192,
): Promise<Running> {
  const port = await scratch.freePort();
  const script = (file: string, ...more: string[]): [string, string[]] => [
    process.execPath,
    [join(lib, "proxies", file), String(port), `127.0.0.1:${origin}`, ...more],
  ];
  const values = { PORT: port, ORIGIN: origin, LOCATIONS: nginxLocations(scratch, routes), CONNECTIONS: connections };
  const commands: Record<PeerName, () => [string, string[]]> = {
    nginx: () => ["nginx", ["-p", scratch.folder, "-c", configFile(scratch, "nginx.conf", `nginx-${port}`, values)]],
    haproxy: () => ["haproxy", ["-f", configFile(scratch, "haproxy.cfg", `haproxy-${port}`, values)]],
    "http-proxy-3": () => script("http-proxy-3.mjs"),
    "http-proxy-3, keep-alive": () => script("http-proxy-3.mjs", "keep-alive"),
    "@fastify/http-proxy": () => script("fastify-http-proxy.mjs"),
  };
  const child = scratch.start(proxyCore, ...commands[peer](), { env: { BENCH_MODULES: modules } });
  await serves(port, "/file");
  return { name: routes === 1 ? peer : `${peer}, ${routes} routes`, port, pid: child.pid! };
}
