import { describe, expect, test } from "vitest";
import { parseManifest } from "../src/parse.ts";
import { http } from "./issues.ts";
import { plainJob, settings, waitsFor } from "./plain.ts";

/** What the documents show of the table [mothership], with the keys they use. */
describe("the settings as documented", () => {
  test("reads static folders with and without a bind", () => {
    const { staticDirs } = settings(
      `${http}[[mothership.static_dirs]]\npath = "./public/assets"\nprefix = "/assets"\n[[mothership.static_dirs]]\npath = "./public"\nprefix = "/"\nbind = "http"`,
    );
    expect(staticDirs).toEqual([
      { path: "./public/assets", written: "./public/assets", prefix: "/assets" },
      { path: "./public", written: "./public", prefix: "/", bind: "http" },
    ]);
  });

  test("takes the slash off the end of a static prefix, and / when there is none", () => {
    const prefixes = settings(
      '[[mothership.static_dirs]]\npath = "a"\nprefix = "/assets//"\n[[mothership.static_dirs]]\npath = "b"\nprefix = "//"\n[[mothership.static_dirs]]\npath = "c"',
    ).staticDirs.map(({ prefix }) => prefix);
    expect(prefixes).toEqual(["/assets", "/", "/"]);
  });

  test.each([
    ["[mothership]\ncors_cache = true", { enabled: true, defaultTtlMs: 3_600_000, maxEntries: 10_000 }],
    ["[mothership]\ncors_cache = false", { enabled: false, defaultTtlMs: 3_600_000, maxEntries: 10_000 }],
    ["[mothership.cors_cache]\nenabled = true\ndefault_ttl = 60\nmax_entries = 5", { enabled: true, defaultTtlMs: 60_000, maxEntries: 5 }],
    ["[mothership.cors_cache]\nenabled = false", { enabled: false, defaultTtlMs: 3_600_000, maxEntries: 10_000 }],
    ["[mothership.cors_cache]\ndefault_ttl = 0", { enabled: true, defaultTtlMs: 0, maxEntries: 10_000 }],
  ])("reads the preflight cache from %j", (text, expected) => {
    expect(settings(text).corsCache).toEqual(expected);
  });

  test("reads rate limits, alone and together", () => {
    expect(settings("[mothership.rate_limiting]\nglobal_rps = 10000.0\nper_ip_rpm = 100.0").rateLimiting).toEqual({
      globalRps: 10_000,
      perIpRpm: 100,
    });
    expect(settings("[mothership.rate_limiting]\nper_ip_rpm = 0.5").rateLimiting).toEqual({ perIpRpm: 0.5 });
  });

  test("reads prelaunch jobs in order", () => {
    const { prelaunch } = settings(`
[[mothership.prelaunch]]
name = "ar-migrate"
command = "rails"
args = ["db:migrate"]
env = { RAILS_ENV = "production" }

[[mothership.prelaunch]]
name = "memgraph-migrate"
command = "./migrate-memgraph"
depends_on = ["ar-migrate"]
`);
    expect(prelaunch).toEqual([
      { kind: "job", ...plainJob, name: "ar-migrate", command: "rails", args: ["db:migrate"], env: { RAILS_ENV: "production" } },
      {
        kind: "job",
        ...plainJob,
        name: "memgraph-migrate",
        command: "./migrate-memgraph",
        args: [],
        env: {},
        dependsOn: [waitsFor("ar-migrate")],
      },
    ]);
  });

  test("keeps a static flagship as reference and value; a variable that is not set says no", () => {
    const text = '[mothership.flagship]\nenabled = true\nelection = "static"\nstatic_flagship = "$MS_FLAGSHIP"';
    expect(settings(text, { MS_FLAGSHIP: "true" }).flagship).toEqual({
      enabled: true,
      election: "static",
      staticFlagship: { kind: "value", written: "$MS_FLAGSHIP", value: "true" },
      fleet: "mothership",
      onFlagshipLoss: "abort",
      prelaunchTimeoutMs: 300_000,
      electionTimeoutMs: 30_000,
    });
    expect(settings(text).flagship.staticFlagship).toEqual({ kind: "value", written: "$MS_FLAGSHIP", value: "" });
  });

  test("reads a static flagship that a command tells", () => {
    const text =
      '[mothership.flagship]\nenabled = true\nstatic_flagship = { command = "printenv DYNO", equals = "web.1" }\nprelaunch_timeout = 60\nelection_timeout = 5';
    expect(settings(text).flagship).toEqual({
      enabled: true,
      election: "static",
      staticFlagship: { kind: "command", command: "printenv DYNO", equals: "web.1" },
      fleet: "mothership",
      onFlagshipLoss: "abort",
      prelaunchTimeoutMs: 60_000,
      electionTimeoutMs: 5000,
    });
  });

  test("expands the election URL with what follows the variable", () => {
    const text = '[mothership.flagship]\nenabled = true\nelection = "postgres"\nelection_url = "$DATABASE_URL?sslmode=require"';
    expect(settings(text, { DATABASE_URL: "postgres://u:p@db/x" }).flagship.electionUrl).toBe("postgres://u:p@db/x?sslmode=require");
  });

  test("does not look at the URL of a flagship that is switched off", () => {
    const flagship = settings('[mothership.flagship]\nelection = "postgres"\nelection_url = "$NOT_HERE"').flagship;
    expect(flagship).toEqual({
      enabled: false,
      election: "postgres",
      fleet: "mothership",
      onFlagshipLoss: "abort",
      prelaunchTimeoutMs: 300_000,
      electionTimeoutMs: 30_000,
    });
  });

  test("expands the release of a launch and keeps how a lost flagship is met", () => {
    const text = `
[mothership.flagship]
enabled = true
election = "postgres"
election_url = "postgres://db/x?sslmode=require"
fleet = "shop"
launch_id = "$GIT_SHA"
on_flagship_loss = "takeover"
[[fleet.web]]
name = "app"
command = "x"
`;
    expect(parseManifest(text, { env: { GIT_SHA: "abc" } }).mothership.flagship).toMatchObject({
      fleet: "shop",
      launchId: "abc",
      onFlagshipLoss: "takeover",
    });
    expect(() => parseManifest(text, { env: {} })).toThrowError(/GIT_SHA is not set/);
  });

  test("reads uplinks with their targets and time-outs", () => {
    const { uplinks } = settings(
      `
[[mothership.uplinks]]
url = "postgres://localhost:5432/mydb"
name = "postgres"

[[mothership.uplinks]]
url = "$DATABASE_URL"
name = "primary-db"
timeout = "10s"

[[mothership.uplinks]]
url = "redis://cache.internal"
`,
      { DATABASE_URL: "mysql://root:pw@db.internal/app" },
    );
    expect(uplinks).toEqual([
      { name: "postgres", url: "postgres://localhost:5432/mydb", host: "localhost", port: 5432, check: "tcp", timeoutMs: 5000 },
      { name: "primary-db", url: "mysql://root:pw@db.internal/app", host: "db.internal", port: 3306, check: "tcp", timeoutMs: 10_000 },
      { name: "cache.internal:6379", url: "redis://cache.internal", host: "cache.internal", port: 6379, check: "tcp", timeoutMs: 5000 },
    ]);
  });

  test("keeps two uplinks of one server apart", () => {
    const uplink = (name: string): string => `[[mothership.uplinks]]\nurl = "postgres://localhost:5432/${name}"\nname = "${name}"\n`;
    expect(settings(uplink("primary") + uplink("replica")).uplinks.map(({ name }) => name)).toEqual(["primary", "replica"]);
  });
});
