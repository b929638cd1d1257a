import { resolve } from "node:path";
import type { AddressUse, Draft, MemberDraft, ModuleDraft, ShipDraft } from "./draft.ts";
import type { Environment } from "./expand.ts";
import { type Layer, Layers } from "./inherit.ts";
import type { IssueList } from "./issue.ts";
import { defaults } from "./limits.ts";
import { readAddress, readRoute, textTable, uniqueTexts } from "./normalize-values.ts";
import { normalizeFlagship, normalizeUplinks } from "./normalize-world.ts";
import type { Path } from "./positions.ts";
import type { Loose, RawBay, RawManifest, RawModule, RawMothership, RawPrelaunchJob, RawShip } from "./raw.ts";
import type { Bay, Bind, CorsCache, FilePath, Module, PrelaunchJob, Ship, StaticDir } from "./types.ts";

/** What normalising needs besides the data. */
export interface NormalizeContext {
  readonly issues: IssueList;
  readonly env: Environment;
  /** Absolute, or "" when paths shall stay as written. */
  readonly folder: string;
}

/**
 * Shorthands written out, templates merged, variables expanded, every default applied.
 * What cannot be read becomes an issue and an empty value, so that the rules can look at the rest.
 */
export function normalize(raw: Loose<RawManifest>, context: NormalizeContext): Draft {
  const settings = raw.mothership ?? {};
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
  const shipAddresses = ships.flatMap(({ value, path }): readonly AddressUse[] =>
    value.bind ? [{ owner: `ship "${value.name}"`, address: value.bind, path: [...path, "bind"] }] : [],
  );
  return {
    manifest: {
      folder: context.folder,
      mothership: {
        binds: binds.map(({ bind }) => bind),
        staticDirs: staticDirs.map(({ value }) => value),
        compression: settings.compression ?? defaults.compression,
        corsCache: corsCache(settings.cors_cache),
        rateLimiting: {
          ...(settings.rate_limiting?.global_rps !== undefined && { globalRps: settings.rate_limiting.global_rps }),
          ...(settings.rate_limiting?.per_ip_rpm !== undefined && { perIpRpm: settings.rate_limiting.per_ip_rpm }),
        },
        ...(settings.metrics_port !== undefined && { metricsPort: settings.metrics_port }),
        flagship: normalizeFlagship(settings.flagship, context),
        uplinks,
        prelaunch: jobs.map(({ value }) => value),
      },
      ships: ships.map(({ value }) => value),
      bays: bays.map(({ value }) => value),
      modules: modules.map(({ value }) => value),
    },
    ships,
    bays,
    jobs,
    modules,
    staticDirs,
    uplinkNames,
    bindNames,
    addresses: [...binds.flatMap(({ use }) => use), ...metricsAddress(settings), ...shipAddresses],
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

function normalizeBinds(
  settings: Loose<RawMothership>,
  { issues }: NormalizeContext,
): readonly { readonly bind: Bind; readonly use: readonly AddressUse[] }[] {
  // Sorted by place, for an object puts names that are numbers first.
  const offset = (name: string): number => issues.positions.nearest(["mothership", "bind", name]).key;
  const entries = Object.entries(settings.bind ?? {}).sort(([a], [b]) => offset(a) - offset(b));
  return entries.flatMap(([name, written]) => {
    if (written === undefined) return [];
    const short = typeof written === "string";
    const path = ["mothership", "bind", name, ...(short ? [] : ["addr"])];
    const address = readAddress(short ? written : written.addr, path, issues);
    if (!address) return [];
    const proxyProtocol = (short ? undefined : written.proxy_protocol) ?? defaults.proxyProtocol;
    return [{ bind: { name, address, proxyProtocol }, use: [{ owner: `bind "${name}"`, address, path }] }];
  });
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

function filePath(written: string, folder: string): FilePath {
  return { path: folder === "" ? written : resolve(folder, written), written };
}

function staticDir(table: Loose<NonNullable<RawMothership["static_dirs"]>[number]>, { folder }: NormalizeContext): StaticDir {
  const prefix = table.prefix ?? defaults.staticPrefix;
  return {
    ...filePath(table.path ?? "", folder),
    prefix: prefix.replace(/(?<=.)\/+$/, ""),
    ...(table.bind !== undefined && { bind: table.bind }),
  };
}

/** What ships, bays and jobs have in common. */
function normalizeProcess<T extends Loose<RawPrelaunchJob>>(layers: Layers<T>, issues: IssueList) {
  const table: Loose<RawPrelaunchJob> = layers.own.table;
  const needed = layers.get("depends_on");
  const args: readonly (string | undefined)[] = layers.get("args").value ?? [];
  const needs = (needed.value ?? []).flatMap((name, index) => (name === undefined ? [] : [{ name, path: [...needed.path, index] }]));
  return {
    needs,
    fields: {
      name: table.name ?? "",
      command: table.command ?? "",
      args: args.filter((arg) => arg !== undefined),
      env: textTable(layers.both("env"), issues),
      dependsOn: uniqueTexts(needs.map(({ name }) => name)),
    },
  };
}

function normalizeJob(layers: Layers<Loose<RawPrelaunchJob>>, { issues }: NormalizeContext): MemberDraft<PrelaunchJob> {
  const { fields, needs } = normalizeProcess(layers, issues);
  return { value: { kind: "job", ...fields }, path: layers.own.path, needs, routes: [] };
}

function normalizeMember<T extends Loose<RawShip> | Loose<RawBay>>(layers: Layers<T>, bindNames: readonly string[], issues: IssueList) {
  const { fields, needs } = normalizeProcess(layers, issues);
  const written = layers.get("routes");
  const routes = (written.value ?? []).flatMap((route, index) => readRoute(route, [...written.path, index], bindNames, issues));
  return {
    needs,
    routes,
    routesAt: written.path,
    fields: {
      ...fields,
      routes: routes.map(({ route }) => route),
      critical: layers.get("critical").value ?? defaults.critical,
      tags: uniqueTexts(layers.both("tags").flatMap(({ value }) => value)),
    },
  };
}

function normalizeShip(
  layers: Layers<Loose<RawShip>>,
  group: string,
  order: number,
  bindNames: readonly string[],
  { issues }: NormalizeContext,
): ShipDraft {
  const { fields, ...places } = normalizeMember(layers, bindNames, issues);
  const { table, path } = layers.own;
  const bind = readAddress(table.bind, [...path, "bind"], issues);
  const healthcheck = layers.get("healthcheck");
  const value: Ship = {
    kind: "ship",
    ...fields,
    group,
    order,
    ...(bind && { bind }),
    ...(healthcheck.value !== undefined && { healthcheck: healthcheck.value }),
    oneshot: layers.get("oneshot").value ?? defaults.oneshot,
  };
  return { value, path, ...places, hasBind: "bind" in table, healthcheckAt: healthcheck.path };
}

function normalizeBay(
  layers: Layers<Loose<RawBay>>,
  type: string,
  order: number,
  bindNames: readonly string[],
  { issues }: NormalizeContext,
): MemberDraft<Bay> {
  const { fields, needs, routes } = normalizeMember(layers, bindNames, issues);
  const config = textTable(layers.both("config"), issues);
  return { value: { kind: "bay", ...fields, type, order, config }, path: layers.own.path, needs, routes };
}

function normalizeModule(layers: Layers<Loose<RawModule>>, { issues, folder }: NormalizeContext): ModuleDraft {
  const { table, path } = layers.own;
  const written = layers.get("routes");
  const patterns = (written.value ?? []).flatMap((text, index) =>
    text === undefined ? [] : [{ text, path: [...written.path, index], index: 0 }],
  );
  const value: Module = {
    name: table.name ?? "",
    wasm: filePath(table.wasm ?? "", folder),
    routes: patterns.map(({ text }) => text),
    phase: layers.get("phase").value ?? defaults.phase,
    config: textTable(layers.both("config"), issues),
    tags: uniqueTexts(layers.both("tags").flatMap(({ value }) => value)),
  };
  return { value, path, patternsAt: patterns };
}
