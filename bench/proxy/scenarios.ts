/** What is measured: which mothership and which peers, in front of what, under which load. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { h2load } from "../lib/h2load.ts";
import type { Scratch } from "../lib/scratch.ts";
import { type Load, type LoadResult, wrk } from "../lib/wrk.ts";
import { allFilters, type Features, type OriginKind, type PeerName, type PeerOptions, peerNames } from "./subjects.ts";

export interface Settings {
  readonly rounds: number;
  readonly connections: number;
}

export interface Scenario {
  readonly title: string;
  readonly origin: OriginKind;
  readonly mothership: Readonly<Record<string, Features>>;
  readonly peers: readonly (readonly [PeerName, PeerOptions?])[];
  /** What ratios are taken of. */
  readonly base: string;
  /** Many short rounds tell small differences better than few long ones. */
  readonly rounds?: number;
  readonly load: (port: number, seconds: number, name: string, scratch: Scratch) => Promise<LoadResult>;
  /** Of one request, to show a rate of bytes. */
  readonly bytes?: number;
  /** An answer that each subject must give before it is measured: path, and the Content-Encoding to a client that takes gzip. */
  readonly encoded?: { readonly path: string; readonly coding: string };
  /** What a request is. Default: a request. */
  readonly unit?: "request" | "message";
}

const run = promisify(execFile);
export const mega = 100 * 1_048_576;
const mothership = { "mothership, filters on": allFilters };
const tls = { "mothership, filters on": { ...allFilters, tls: true } };
const everyone = peerNames.map((name) => [name] as const);
// @fastify/http-proxy answers every second request that says "Connection: close" with an error.
const forConnections = peerNames.filter((name) => name !== "@fastify/http-proxy");
const overTls = (...names: readonly PeerName[]) => names.map((name) => [name, { tls: true }] as const);
const routesPath = (name: string): string => (/ (\d+) routes/.test(name) ? "/many/last" : "/file");

export function scenariosOf({ rounds, connections }: Settings): Readonly<Record<string, Scenario>> {
  const get =
    (path: string, more: Partial<Load> = {}): Scenario["load"] =>
    (port, seconds, _name, scratch) =>
      wrk(port, { path, connections, seconds, ...more }, scratch);
  const sockets =
    (reply: number): Scenario["load"] =>
    async (port, seconds) => {
      const script = join(import.meta.dirname, "tunnel-load.mjs");
      const words = ["-c", "1", process.execPath, script, String(port), "/tunnel", String(connections), String(seconds), String(reply)];
      return JSON.parse((await run("taskset", words)).stdout);
    };
  // wrk opens the next connection when this one has ended.
  const closing = { fields: { Connection: "close" } };
  return {
    get: {
      title: "GET, 1 KB, keep-alive",
      origin: "files",
      mothership: { ...mothership, "mothership, bare": {} },
      peers: everyone,
      base: "nginx",
      load: get("/file"),
    },
    "64k": {
      title: "GET, 64 KB, keep-alive",
      origin: "files",
      mothership,
      peers: everyone,
      base: "nginx",
      load: get("/64k"),
      bytes: 65_536,
    },
    post: {
      title: "POST, 10 KB, keep-alive",
      origin: "sink",
      mothership,
      peers: everyone,
      base: "nginx",
      load: get("/post", { postBytes: 10_240 }),
    },
    "post-64k": {
      title: "POST, 64 KB, keep-alive",
      origin: "sink",
      mothership,
      peers: everyone,
      base: "nginx",
      load: get("/post", { postBytes: 65_536 }),
      bytes: 65_536,
    },
    connections: {
      title: "GET, 1 KB, a new connection for each",
      origin: "files",
      mothership,
      peers: forConnections.map((name) => [name]),
      base: "nginx",
      load: get("/file", closing),
    },
    tls: {
      title: "GET, 1 KB, keep-alive over TLS",
      origin: "files",
      mothership: tls,
      peers: overTls("nginx", "haproxy", "caddy", "http-proxy-3, keep-alive", "@fastify/http-proxy"),
      base: "nginx",
      load: get("/file", { tls: true }),
    },
    "tls-connections": {
      title: "GET, 1 KB, a new TLS connection for each",
      origin: "files",
      mothership: tls,
      peers: overTls("nginx", "haproxy", "caddy", "http-proxy-3, keep-alive"),
      base: "nginx",
      load: get("/file", { tls: true, ...closing }),
    },
    http2: {
      title: "GET, 1 KB, HTTP/2 over TLS, 4 requests of a connection at a time",
      origin: "files",
      mothership: tls,
      peers: overTls("nginx", "haproxy", "caddy", "@fastify/http-proxy"),
      base: "nginx",
      load: (port, seconds, _name, scratch) =>
        h2load(port, { path: "/file", connections: Math.ceil(connections / 4), streams: 4, seconds }, scratch),
    },
    compressed: {
      title: "GET, 16 KB of text, compressed with gzip by the proxy",
      origin: "files",
      mothership: { "mothership, filters and compression on": { ...allFilters, compression: true } },
      peers: (["nginx", "haproxy", "caddy"] as const).map((name) => [name, { gzip: true }] as const),
      base: "nginx",
      load: get("/text.txt", { fields: { "Accept-Encoding": "gzip" } }),
      encoded: { path: "/text.txt", coding: "gzip" },
    },
    static: {
      title: "Static file, 1 KB, served by the proxy itself",
      origin: "files",
      mothership,
      peers: [["nginx"], ["caddy"]],
      base: "nginx",
      load: get("/static/file"),
    },
    routes: {
      title: "Routes: 1 KB GET that only the last route takes",
      origin: "files",
      mothership: {
        "mothership, 1 route": allFilters,
        "mothership, 100 routes": { ...allFilters, routes: 100 },
        "mothership, 1000 routes": { ...allFilters, routes: 1000 },
      },
      peers: [["nginx"], ["nginx", { routes: 100 }], ["nginx", { routes: 1000 }]],
      base: "mothership, 1 route",
      load: (port, seconds, name, scratch) => wrk(port, { path: routesPath(name), connections, seconds }, scratch),
    },
    filters: {
      title: "Cost of each filter that does nothing for the request (1 KB GET)",
      origin: "files",
      mothership: {
        bare: {},
        "bare, once more": {},
        metrics: { metrics: true },
        "rate limits": { rateLimit: true },
        "preflight cache": { corsCache: true },
        "static folder, other prefix": { staticPrefix: "/static" },
        "static folder /, not found there": { staticPrefix: "/" },
        "user agent route": { userAgentRoute: true },
        "PROXY protocol, none sent": { proxyProtocol: true },
        "compression, of no use": { compression: true },
        "payload that looks and lets pass": { payload: true },
        "all but compression and payload": allFilters,
      },
      peers: [],
      base: "bare",
      rounds: 2 * rounds,
      load: (port, _seconds, _name, scratch) => wrk(port, { path: "/file", connections, seconds: 1 }, scratch),
    },
    download: {
      title: "GET, 100 MB",
      origin: "files",
      mothership,
      peers: [["nginx"], ["haproxy"], ["caddy"]],
      base: "nginx",
      load: (port, _seconds, _name, scratch) => wrk(port, { path: "/100m", connections: 4, seconds: 4 }, scratch),
      bytes: mega,
    },
    upload: {
      title: "POST, 100 MB",
      origin: "sink",
      mothership,
      peers: [["nginx"], ["haproxy"], ["caddy"]],
      base: "nginx",
      load: (port, _seconds, _name, scratch) => wrk(port, { path: "/post", connections: 4, seconds: 4, postBytes: mega }, scratch),
      bytes: mega,
    },
    tunnel: {
      title: "WebSocket tunnel, messages of 64 bytes there and back",
      origin: "echo",
      mothership,
      peers: [["nginx"], ["haproxy"], ["caddy"]],
      base: "nginx",
      rounds: 2 * rounds,
      load: sockets(70),
      unit: "message",
    },
    docked: {
      title: "WebSocket by way of a bay, and of a tunnel to an echo that speaks WebSocket, 64 bytes there and back",
      origin: "websocket",
      mothership: { "mothership, bay": { ...allFilters, bay: true }, "mothership, tunnel": allFilters },
      peers: [["nginx"], ["haproxy"]],
      base: "nginx",
      rounds: 2 * rounds,
      load: sockets(66),
      unit: "message",
    },
  };
}
