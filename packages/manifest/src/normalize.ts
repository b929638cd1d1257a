import type { AddressUse, Draft, MemberDraft, ModuleDraft, ShipDraft } from "./draft.ts";
import type { Environment } from "./expand.ts";
import { type Layer, Layers } from "./inherit.ts";
import type { IssueList } from "./issue.ts";
import { defaults } from "./limits.ts";
import type { NamedFiles } from "./named-files.ts";
import { normalizeBinds } from "./normalize-binds.ts";
import { normalizeChecks } from "./normalize-checks.ts";
import { normalizeAccessLog, normalizeProxy, normalizeUpstream } from "./normalize-edge.ts";
import { filePath, normalizeProcess } from "./normalize-process.ts";
import { readRoute } from "./normalize-routes.ts";
import { normalizeRules } from "./normalize-shields.ts";
import { readDuration, readSize } from "./normalize-units.ts";
import { readAddress, textTable, uniqueTexts } from "./normalize-values.ts";
import { normalizeFlagship, normalizeUplinks } from "./normalize-world.ts";
import type { Path } from "./positions.ts";
import type { Loose, RawBay, RawManifest, RawMember, RawModule, RawMothership, RawPrelaunchJob, RawShip } from "./raw.ts";
import type { Bay, CorsCache, Module, PrelaunchJob, Ship, StaticDir } from "./types.ts";

/** What normalising needs besides the data. */
export interface NormalizeContext {
  readonly issues: IssueList;
  readonly env: Environment;
  /** Absolute, or "" when paths shall stay as written. */
  readonly folder: string;
  /** What stands in the files that the manifest names. */
  readonly files: NamedFiles;
  /** [mothership.logs] */
  readonly logs: NonNullable<Loose<RawMothership>["logs"]>;
}

/**
 * Shorthands written out, templates merged, variables expanded, every default applied.
 * What cannot be read becomes an issue and an empty value, so that the rules can look at the rest.
 */
export function normalize(raw: Loose<RawManifest>, surroundings: Omit<NormalizeContext, "logs">): Draft {
  const settings = raw.mothership ?? {};
  const context = { ...surroundings, logs: settings.logs ?? {} };
  const binds = normalizeBinds(settings, context);
  const bindNames = Object.keys(settings.bind ?? {});
  const shipTables = inFileOrder(raw.fleet, "fleet", context);
  const bayTables = inFileOrder(raw.bays, "bays", context);
  const order = new Map(
    [...shipTables, ...bayTables].sort((a, b) => a.offset - b.offset).map((one, index) => [one.layer.path, index] as const),
  );
  const shipBase = { table: raw.base?.ship ?? {}, path: ["base", "ship"] };
  const bayBase = { table: raw.base?.bay ?? {}, path: ["base", "bay"] };
  const ships = shipTables.map(({ layer, group }) =>
    normalizeShip(new Layers(layer, shipBase), group, order.get(layer.path) ?? 0, bindNames, context),
  );
  const bays = bayTables.map(({ layer, group }) =>
    normalizeBay(new Layers(layer, bayBase), group, order.get(layer.path) ?? 0, bindNames, context),
  );
  const jobs = layersOf(settings.prelaunch, ["mothership", "prelaunch"]).map((layer) => normalizeJob(new Layers(layer), context));
  const moduleBase = { table: raw.base?.module ?? {}, path: ["base", "module"] };
  const modules = layersOf(raw.modules, ["modules"]).map((layer) => normalizeModule(new Layers(layer, moduleBase), context));
  const staticDirs = layersOf(settings.static_dirs, ["mothership", "static_dirs"]).map(({ table, path }) => ({
    value: staticDir(table, context),
    path,
  }));
  const { uplinks, names: uplinkNames } = normalizeUplinks(layersOf(settings.uplinks, ["mothership", "uplinks"]), context);
  const rules = normalizeRules(layersOf(raw.shields?.rules, ["shields", "rules"]), context.issues);
  const accessLog = normalizeAccessLog(settings.access_log, context);
  const shipAddresses = ships.flatMap(({ value, path }): readonly AddressUse[] =>
    value.bind ? [{ owner: `ship "${value.name}"`, address: value.bind, path: [...path, "bind"] }] : [],
  );
  return {
    manifest: {
      folder: context.folder,
      mothership: {
        binds: binds.map(({ bind }) => bind),
        proxy: normalizeProxy(settings.proxy, context),
        ...(accessLog && { accessLog }),
        staticDirs: staticDirs.map(({ value }) => value),
        compression: settings.compression ?? defaults.compression,
        corsCache: corsCache(settings.cors_cache),
        rateLimiting: {
          ...(settings.rate_limiting?.global_rps !== undefined && { globalRps: settings.rate_limiting.global_rps }),
          ...(settings.rate_limiting?.per_ip_rpm !== undefined && { perIpRpm: settings.rate_limiting.per_ip_rpm }),
        },
        ...(settings.metrics_port !== undefined && { metricsPort: settings.metrics_port }),
        metricsHosts: uniqueTexts((settings.metrics_hosts ?? []).map((host) => host?.toLowerCase())),
        flagship: normalizeFlagship(settings.flagship, context),
        uplinks,
        prelaunch: jobs.map(({ value }) => value),
        edgeThreads: settings.edge_threads ?? defaults.edgeThreads,
        shutdownTimeoutMs: readDuration(
          settings.shutdown_timeout ?? defaults.shutdownTimeout,
          ["mothership", "shutdown_timeout"],
          context.issues,
        ),
      },
      ships: ships.map(({ value }) => value),
      bays: bays.map(({ value }) => value),
      modules: modules.map(({ value }) => value),
      shields: { rules: rules.map(({ value }) => value) },
    },
    ships,
    bays,
    jobs,
    modules,
    rules,
    staticDirs,
    uplinkNames,
    bindNames,
    addresses: [...binds.map(({ use }) => use), ...metricsAddress(settings), ...shipAddresses],
  };
}

/** The tables of a list, without those that are no tables. */
function layersOf<T extends object>(tables: readonly (T | undefined)[] | undefined, path: Path): readonly Layer<T>[] {
  return (tables ?? []).flatMap((table, index) => (table ? [{ table, path: [...path, index] }] : []));
}

/** The tables of all groups as they follow one another in the file. TOML keeps their order only within a group. */
function inFileOrder<T extends object>(
  groups: Readonly<Record<string, readonly (T | undefined)[] | undefined>> | undefined,
  key: string,
  { issues }: NormalizeContext,
): readonly { readonly layer: Layer<T>; readonly group: string; readonly offset: number }[] {
  return Object.entries(groups ?? {})
    .flatMap(([group, tables]) => layersOf(tables, [key, group]).map((layer) => ({ layer, group })))
    .map((one) => ({ ...one, offset: issues.positions.nearest(one.layer.path).start }))
    .sort((a, b) => a.offset - b.offset);
}

function metricsAddress({ metrics_port: port }: Loose<RawMothership>): readonly AddressUse[] {
  if (port === undefined) return [];
  return [{ owner: "metrics_port", address: { kind: "tcp", host: "127.0.0.1", port }, path: ["mothership", "metrics_port"] }];
}

function corsCache(written: RawMothership["cors_cache"] | Loose<Exclude<RawMothership["cors_cache"], boolean | undefined>>): CorsCache {
  const table = typeof written === "object" ? written : {};
  return {
    // A table that says nothing about it is there to switch the cache on.
    enabled: typeof written === "object" ? (written.enabled ?? true) : (written ?? defaults.corsCache.enabled),
    defaultTtlMs: (table.default_ttl ?? defaults.corsCache.defaultTtlSeconds) * 1000,
    maxEntries: table.max_entries ?? defaults.corsCache.maxEntries,
  };
}

function staticDir(table: Loose<NonNullable<RawMothership["static_dirs"]>[number]>, { folder }: NormalizeContext): StaticDir {
  const prefix = table.prefix ?? defaults.staticPrefix;
  return {
    ...filePath(table.path ?? "", folder),
    prefix: prefix.replace(/(?<=.)\/+$/, ""),
    ...(table.bind !== undefined && { bind: table.bind }),
  };
}

function normalizeJob(layers: Layers<Loose<RawPrelaunchJob>>, context: NormalizeContext): MemberDraft<PrelaunchJob> {
  const { fields, ...places } = normalizeProcess(layers, true, context);
  return { value: { kind: "job", ...fields }, path: layers.own.path, ...places, routes: [] };
}

/** What ships and bays have in common. */
function normalizeMember(layers: Layers<Loose<RawMember>>, once: boolean, bindNames: readonly string[], context: NormalizeContext) {
  const { issues } = context;
  const { fields, ...places } = normalizeProcess(layers, once, context);
  const written = layers.get("routes");
  const routes = (written.value ?? []).flatMap((route, index) => readRoute(route, [...written.path, index], bindNames, issues));
  const { value: patience = defaults.startupTimeout, path: patienceAt } = layers.get("startup_timeout");
  const limit = layers.get("memory_limit");
  return {
    ...places,
    routes,
    routesAt: written.path,
    fields: {
      ...fields,
      routes: routes.map(({ route }) => route),
      critical: layers.get("critical").value ?? defaults.critical,
      tags: uniqueTexts(layers.both("tags").flatMap(({ value }) => value)),
      disabled: layers.get("disabled").value ?? defaults.disabled,
      startupTimeoutMs: readDuration(patience, patienceAt, issues),
      ...(limit.value !== undefined && { memoryLimitBytes: readSize(limit.value, limit.path, issues, { least: "1MiB" }) }),
    },
  };
}

function normalizeShip(
  layers: Layers<Loose<RawShip>>,
  group: string,
  order: number,
  bindNames: readonly string[],
  context: NormalizeContext,
): ShipDraft {
  const oneshot = layers.get("oneshot").value ?? defaults.oneshot;
  const { fields, ...places } = normalizeMember(layers, oneshot, bindNames, context);
  const { table, path } = layers.own;
  const bind = readAddress(table.bind, [...path, "bind"], context.issues);
  const hasBind = "bind" in table;
  const upstream = normalizeUpstream(layers, hasBind, context.issues);
  const checks = normalizeChecks(layers, { name: fields.name, bind, hasBind, issues: context.issues }, places.routes.length > 0);
  const value: Ship = { kind: "ship", ...fields, group, order, ...(bind && { bind }), ...checks, oneshot, upstream };
  return { value, path, ...places, hasBind };
}

function normalizeBay(
  layers: Layers<Loose<RawBay>>,
  type: string,
  order: number,
  bindNames: readonly string[],
  context: NormalizeContext,
): MemberDraft<Bay> {
  const { fields, routesAt: _, ...places } = normalizeMember(layers, false, bindNames, context);
  const origins = layers.get("origins").value;
  const value: Bay = {
    kind: "bay",
    ...fields,
    type,
    order,
    config: textTable(layers.both("config"), context.issues),
    protocols: uniqueTexts(layers.get("protocols").value ?? []),
    cargo: layers.get("cargo").value ?? defaults.cargo,
    reboard: layers.get("reboard").value ?? defaults.reboard,
    maxClients: layers.get("max_clients").value ?? defaults.maxClients,
    ...(origins && { origins: uniqueTexts(origins.map((origin) => origin?.toLowerCase())) }),
  };
  return { value, path: layers.own.path, ...places };
}

function normalizeModule(layers: Layers<Loose<RawModule>>, { issues, folder }: NormalizeContext): ModuleDraft {
  const { table, path } = layers.own;
  const written = layers.get("routes");
  const patterns = (written.value ?? []).flatMap((text, index) =>
    text === undefined ? [] : [{ text, path: [...written.path, index], index: 0 }],
  );
  const entry = layers.get("entry").value;
  const { value: memory = defaults.memory, path: memoryAt } = layers.get("memory");
  const { value: maxBody = defaults.maxBody, path: maxBodyAt } = layers.get("max_body");
  const value: Module = {
    name: table.name ?? "",
    wasm: filePath(table.wasm ?? "", folder),
    routes: patterns.map(({ text }) => text),
    phase: layers.get("phase").value ?? defaults.phase,
    config: textTable(layers.both("config"), issues),
    tags: uniqueTexts(layers.both("tags").flatMap(({ value }) => value)),
    abi: layers.get("abi").value ?? defaults.abi,
    ...(entry !== undefined && { entry }),
    fuel: layers.get("fuel").value ?? defaults.fuel,
    memoryBytes: readSize(memory, memoryAt, issues, { least: "64KiB", most: "64MiB" }),
    body: layers.get("body").value ?? defaults.body,
    maxBodyBytes: readSize(maxBody, maxBodyAt, issues, { most: "64MiB" }),
  };
  return { value, path, patternsAt: patterns };
}
