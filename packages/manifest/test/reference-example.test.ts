import { describe, expect, test } from "vitest";
import { parseManifest } from "../src/parse.ts";
import { plainBind, plainMember, plainProcess, plainUpstream } from "./plain.ts";

/** The example that shows most of a manifest at once. */
describe("a manifest as documented", () => {
  test("reads the large example", () => {
    const manifest = parseManifest(
      `
# Global
[mothership]
metrics_port = 9090
compression = true

[[mothership.static_dirs]]
path = "./public"
prefix = "/static"

[mothership.bind]
http = "0.0.0.0:80"
https = "0.0.0.0:443"
ws = "0.0.0.0:8080"

[[fleet.web]]
name = "app"
command = "ruby"
args = ["app.rb"]
bind = "tcp://127.0.0.1:3000"
healthcheck = "/health"
routes = [
  { bind = "http", pattern = "/.*" },
  { bind = "https", pattern = "/.*" },
]

[[fleet.workers]]
name = "sidekiq"
command = "bundle"
args = ["exec", "sidekiq"]
critical = false

[[fleet.jobs]]
name = "migrate"
command = "rails"
args = ["db:migrate"]
oneshot = true

[[bays.websocket]]
name = "orbitcast"
command = "./orbitcast"
routes = [{ bind = "ws", pattern = "/ws" }]
config = { redis_url = "redis://localhost:6379" }

[[modules]]
name = "rate_limiter"
wasm = "./modules/rate_limiter.wasm"
routes = ["/api/.*"]
phase = "request"
`,
      { folder: "/srv/app" },
    );
    expect(manifest).toEqual({
      folder: "/srv/app",
      mothership: {
        binds: [
          { name: "http", address: { kind: "tcp", host: "0.0.0.0", port: 80 }, ...plainBind },
          { name: "https", address: { kind: "tcp", host: "0.0.0.0", port: 443 }, ...plainBind },
          { name: "ws", address: { kind: "tcp", host: "0.0.0.0", port: 8080 }, ...plainBind },
        ],
        metricsHosts: [],
        proxy: { forwarded: false, via: "mothership", tunnelIdleMs: 3_600_000 },
        staticDirs: [{ path: "/srv/app/public", written: "./public", prefix: "/static" }],
        compression: true,
        corsCache: { enabled: false, defaultTtlMs: 3_600_000, maxEntries: 10_000 },
        rateLimiting: {},
        metricsPort: 9090,
        flagship: {
          enabled: false,
          election: "static",
          fleet: "mothership",
          onFlagshipLoss: "abort",
          prelaunchTimeoutMs: 300_000,
          electionTimeoutMs: 30_000,
        },
        uplinks: [],
        prelaunch: [],
        edgeThreads: 1,
        shutdownTimeoutMs: 25_000,
      },
      ships: [
        {
          kind: "ship",
          name: "app",
          group: "web",
          order: 0,
          command: "ruby",
          args: ["app.rb"],
          bind: { kind: "tcp", host: "127.0.0.1", port: 3000 },
          readiness: {
            probe: { kind: "http", address: { kind: "tcp", host: "127.0.0.1", port: 3000 }, path: "/health" },
            initialDelayMs: 5000,
            intervalMs: 5000,
            timeoutMs: 2000,
            successThreshold: 1,
            failureThreshold: 3,
          },
          routes: [
            { bind: "http", pattern: "/.*" },
            { bind: "https", pattern: "/.*" },
          ],
          env: {},
          ...plainMember,
          critical: true,
          oneshot: false,
          upstream: plainUpstream,
          tags: [],
        },
        {
          kind: "ship",
          name: "sidekiq",
          group: "workers",
          order: 1,
          command: "bundle",
          args: ["exec", "sidekiq"],
          routes: [],
          env: {},
          ...plainMember,
          critical: false,
          oneshot: false,
          upstream: plainUpstream,
          tags: [],
        },
        {
          kind: "ship",
          name: "migrate",
          group: "jobs",
          order: 2,
          command: "rails",
          args: ["db:migrate"],
          routes: [],
          env: {},
          ...plainMember,
          restart: { ...plainProcess.restart, when: "never" },
          critical: true,
          oneshot: true,
          upstream: plainUpstream,
          tags: [],
        },
      ],
      bays: [
        {
          kind: "bay",
          name: "orbitcast",
          type: "websocket",
          order: 3,
          command: "./orbitcast",
          args: [],
          routes: [{ bind: "ws", pattern: "/ws" }],
          env: {},
          ...plainMember,
          config: { redis_url: "redis://localhost:6379" },
          protocols: [],
          cargo: "auto",
          reboard: false,
          maxClients: 65_535,
          critical: true,
          tags: [],
        },
      ],
      shields: { rules: [] },
      modules: [
        {
          name: "rate_limiter",
          wasm: { path: "/srv/app/modules/rate_limiter.wasm", written: "./modules/rate_limiter.wasm" },
          routes: ["/api/.*"],
          phase: "request",
          config: {},
          tags: [],
          abi: "auto",
          fuel: 10_000_000,
          memoryBytes: 16 * 2 ** 20,
          body: false,
          maxBodyBytes: 2 ** 20,
        },
      ],
    });
  });
});
