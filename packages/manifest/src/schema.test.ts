import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, test } from "vitest";
import { defaults } from "./limits.ts";
import { manifestSchema } from "./manifest-schema.ts";
import type { RawManifest } from "./raw.ts";
import { type SchemaManifest, schema } from "./schema.ts";
import type { JsonSchema } from "./validate.ts";

/** What the walker interprets, and what it may ignore because it is for people. */
const interpreted = [
  "type",
  "properties",
  "required",
  "patternProperties",
  "additionalProperties",
  "maxProperties",
  "items",
  "maxItems",
  "anyOf",
  "enum",
  "pattern",
  "minLength",
  "maxLength",
  "minimum",
  "exclusiveMinimum",
  "maximum",
];
const forPeople = ["title", "description", "default", "$schema", "$id"];

function* subschemas(one: JsonSchema): Generator<JsonSchema> {
  yield one;
  const inner = [...Object.values(one.properties ?? {}), ...Object.values(one.patternProperties ?? {}), ...(one.anyOf ?? [])];
  for (const schema of one.items ? [...inner, one.items] : inner) yield* subschemas(schema);
}

/** Values of `default` in the schema, by the path of keys. */
function* defaultsOf(one: JsonSchema & { readonly default?: unknown }, path: string): Generator<readonly [string, unknown]> {
  if (one.default !== undefined) yield [path, one.default];
  for (const [key, inner] of Object.entries(one.properties ?? {})) yield* defaultsOf(inner, path ? `${path}.${key}` : key);
  for (const inner of [...(one.anyOf ?? []), ...Object.values(one.patternProperties ?? {})]) yield* defaultsOf(inner, path);
  if (one.items) yield* defaultsOf(one.items, path);
}

describe("the schema", () => {
  test("is the one in schema.json, byte for byte (else run scripts/write-schema.ts)", () => {
    const written = readFileSync(new URL("schema.json", import.meta.url), "utf8");
    expect(written).toBe(`${JSON.stringify(schema, null, 2)}\n`);
    expect(manifestSchema).toEqual(JSON.parse(written));
  });

  test("gives the type that the loader works with", () => {
    expectTypeOf<SchemaManifest>().toEqualTypeOf<RawManifest>();
  });

  test("uses no keyword that the walker does not interpret", () => {
    const used = new Set([...subschemas(manifestSchema)].flatMap((one) => Object.keys(one)));
    expect([...used].filter((keyword) => !interpreted.includes(keyword) && !forPeople.includes(keyword))).toEqual([]);
  });

  test("closes every table, so that an unknown key is a mistake for editors too", () => {
    const open = [...subschemas(manifestSchema)].filter(
      (one) => one.type === "object" && !("additionalProperties" in one && one.additionalProperties === false),
    );
    expect(open).toEqual([]);
  });

  test("says what was expected wherever a value can be wrong", () => {
    expect([...subschemas(manifestSchema)].filter((one) => one.title === undefined)).toEqual([]);
  });

  test("tells editors the defaults that normalising applies", () => {
    const under = (path: string, table: object): object =>
      Object.fromEntries(Object.entries(table).map(([key, value]) => [`${path}.${key}`, value]));
    const log = {
      max_size: defaults.log.maxSize,
      max_files: defaults.log.maxFiles,
      compress: defaults.log.compress,
      on_full: defaults.log.onFull,
    };
    const process = {
      stdin: defaults.stdin,
      tty: defaults.tty,
      max_restarts: defaults.maxRestarts,
      success_exit_codes: defaults.successExitCodes,
      fatal_exit_codes: defaults.fatalExitCodes,
      stop_signal: defaults.stopSignal,
      stop_timeout: defaults.stopTimeout,
      keep_detached: defaults.keepDetached,
      ...under("log", log),
    };
    const member = {
      ...process,
      "depends_on.on_lost": defaults.onLost,
      "routes.action": defaults.routeAction,
      critical: defaults.critical,
      disabled: defaults.disabled,
      stable_after: defaults.stableAfter,
      startup_timeout: defaults.startupTimeout,
      drain_timeout: defaults.drainTimeout,
    };
    const checks = ["healthcheck", "startup", "readiness", "liveness"].map((key) => [`${key}.type`, defaults.checkType]);
    const { retries, breaker } = defaults.upstream;
    const upstream = {
      max_connections: defaults.upstream.maxConnections,
      max_queued: defaults.upstream.maxQueued,
      max_head: defaults.upstream.maxHead,
      max_fields: defaults.upstream.maxFields,
      connect_timeout: defaults.upstream.connectTimeout,
      queue_timeout: defaults.upstream.queueTimeout,
      answer_timeout: defaults.upstream.answerTimeout,
      stall_timeout: defaults.upstream.stallTimeout,
      idle_timeout: defaults.upstream.idleTimeout,
      hold_timeout: defaults.upstream.holdTimeout,
      max_held: defaults.upstream.maxHeld,
      retries: retries.enabled,
      ...under("retries", { share: retries.share, min: retries.min }),
      circuit_breaker: breaker.enabled,
      ...under("circuit_breaker", {
        failure_share: breaker.failureShare,
        min_requests: breaker.minRequests,
        window: breaker.window,
        open_for: breaker.openFor,
      }),
    };
    const file = { max_size: defaults.log.maxSize, max_files: defaults.log.maxFiles, compress: defaults.log.compress };
    const { stream, sample, query, ja4h } = defaults.accessLog;
    const bind = {
      proxy_protocol: defaults.proxyProtocol,
      http2: defaults.bind.http2,
      min_tls_version: defaults.bind.minTlsVersion,
      max_connections: defaults.bind.maxConnections,
      max_head: defaults.bind.maxHead,
      max_fields: defaults.bind.maxFields,
      max_target: defaults.bind.maxTarget,
      head_timeout: defaults.bind.headTimeout,
      idle_timeout: defaults.bind.idleTimeout,
      stall_timeout: defaults.bind.stallTimeout,
      min_rate: defaults.bind.minRate,
    };
    const ship = { ...member, oneshot: defaults.oneshot, ...Object.fromEntries(checks), ...under("upstream", upstream) };
    const bay = { ...member, cargo: defaults.cargo, reboard: defaults.reboard, max_clients: defaults.maxClients };
    const module = {
      phase: defaults.phase,
      abi: defaults.abi,
      fuel: defaults.fuel,
      memory: defaults.memory,
      body: defaults.body,
      max_body: defaults.maxBody,
    };
    expect(Object.fromEntries(defaultsOf(manifestSchema, ""))).toEqual({
      "mothership.compression": defaults.compression,
      "mothership.cors_cache": defaults.corsCache.enabled,
      "mothership.cors_cache.default_ttl": defaults.corsCache.defaultTtlSeconds,
      "mothership.cors_cache.max_entries": defaults.corsCache.maxEntries,
      "mothership.static_dirs.prefix": defaults.staticPrefix,
      ...under("mothership.bind", bind),
      "mothership.access_log": defaults.accessLog.enabled,
      ...under("mothership.access_log", { stream, ...file, sample, query, ja4h }),
      "mothership.proxy.forwarded": defaults.proxy.forwarded,
      "mothership.proxy.via": defaults.proxy.via,
      "mothership.proxy.tunnel_timeout": defaults.proxy.tunnelTimeout,
      "mothership.edge_threads": defaults.edgeThreads,
      "mothership.shutdown_timeout": defaults.shutdownTimeout,
      ...under("mothership.logs", log),
      ...under("mothership.prelaunch", process),
      "mothership.flagship.enabled": defaults.flagship.enabled,
      "mothership.flagship.election": defaults.flagship.election,
      "mothership.flagship.fleet": defaults.flagship.fleet,
      "mothership.flagship.on_flagship_loss": defaults.flagship.onFlagshipLoss,
      "mothership.flagship.prelaunch_timeout": defaults.flagship.prelaunchTimeoutSeconds,
      "mothership.flagship.election_timeout": defaults.flagship.electionTimeoutSeconds,
      "mothership.uplinks.timeout": defaults.uplinkTimeout,
      ...under("fleet", ship),
      ...under("bays", bay),
      ...under("modules", module),
      ...under("base.ship", ship),
      ...under("base.bay", bay),
      ...under("base.module", module),
    });
  });

  test("is not loaded at run time, and neither is typebox", () => {
    const folder = new URL(".", import.meta.url);
    const running = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.startsWith("schema"));
    expect(running).toContain("parse.ts");
    const imports = running.map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
    expect(imports).not.toMatch(/from "typebox"|from "\.\/schema(?:-\w+)?\.ts"/);
  });
});
