import type { Layers } from "./inherit.ts";
import { type IssueList, shipCalled } from "./issue.ts";
import { defaults } from "./limits.ts";
import type { NormalizeContext } from "./normalize.ts";
import { filePath } from "./normalize-process.ts";
import { readDuration, readSize, type Written } from "./normalize-units.ts";
import type { Path } from "./positions.ts";
import type { Loose, RawAccessLog, RawBind, RawProxy, RawShip, RawUpstream } from "./raw.ts";
import type { AccessLog, Breaker, ProxySettings, RequestLimits, UpstreamSettings } from "./types.ts";

const headSizes = { least: "1KiB", most: "1MiB" } as const;

/** What one client of a bind may cost. */
export function requestLimits(table: Loose<RawBind>, path: Path, issues: IssueList): RequestLimits {
  const initial = defaults.bind;
  const time = (key: "head_timeout" | "idle_timeout" | "stall_timeout", otherwise: string): number =>
    readDuration(table[key] ?? otherwise, [...path, key], issues);
  return {
    maxHeadBytes: readSize(table.max_head ?? initial.maxHead, [...path, "max_head"], issues, headSizes),
    maxFields: table.max_fields ?? initial.maxFields,
    maxTargetBytes: readSize(table.max_target ?? initial.maxTarget, [...path, "max_target"], issues, { least: "256B", most: "1MiB" }),
    ...(table.max_body !== undefined && { maxBodyBytes: readSize(table.max_body, [...path, "max_body"], issues) }),
    headMs: time("head_timeout", initial.headTimeout),
    idleMs: time("idle_timeout", initial.idleTimeout),
    stallMs: time("stall_timeout", initial.stallTimeout),
    minBytesPerSecond: table.min_rate ?? initial.minRate,
  };
}

/** `[mothership.proxy]` */
export function normalizeProxy(table: Loose<RawProxy> = {}, { issues, folder }: NormalizeContext): ProxySettings {
  const { max_connections_per_client: perClient, error_pages: pages } = table;
  const idle = table.tunnel_timeout ?? defaults.proxy.tunnelTimeout;
  return {
    ...(perClient !== undefined && { maxConnectionsPerClient: perClient }),
    ...(pages !== undefined && { errorPages: filePath(pages, folder) }),
    forwarded: table.forwarded ?? defaults.proxy.forwarded,
    via: table.via ?? defaults.proxy.via,
    tunnelIdleMs: readDuration(idle, ["mothership", "proxy", "tunnel_timeout"], issues),
  };
}

/** `[mothership.access_log]`; undefined when it is off. */
export function normalizeAccessLog(
  written: boolean | Loose<RawAccessLog> = defaults.accessLog.enabled,
  { issues, folder }: NormalizeContext,
): AccessLog | undefined {
  // A table that says nothing about it is there to switch it on.
  if (written === false || (written !== true && written.enabled === false)) return undefined;
  const table = written === true ? {} : written;
  const path = ["mothership", "access_log"];
  const { stream = defaults.accessLog.stream, sample, query, ja4h, file } = table;
  if ("stream" in table && "file" in table)
    issues.add([...path, "stream"], '"stream" and "file" do not go together: lines go to one place', { at: "key" });
  if (!("file" in table))
    for (const key of ["max_size", "max_files", "compress"] as const)
      if (key in table)
        issues.add([...path, key], `"${key}" is about a file, and there is none`, { at: "key", hint: 'add file = "./log/access.log"' });
  const initial = defaults.log;
  const to: AccessLog["to"] =
    file === undefined
      ? { kind: "stream", stream }
      : {
          kind: "file",
          path: filePath(file, folder).path,
          maxBytes: readSize(table.max_size ?? initial.maxSize, [...path, "max_size"], issues, { least: "4KiB" }),
          maxFiles: table.max_files ?? initial.maxFiles,
          compress: table.compress ?? initial.compress,
        };
  const { sample: all, query: none, ja4h: off } = defaults.accessLog;
  return { to, sample: sample ?? all, query: query ?? none, ja4h: ja4h ?? off };
}

/** `upstream` of a ship, above that of the template. */
export function normalizeUpstream(layers: Layers<Loose<RawShip>>, hasBind: boolean, issues: IssueList): UpstreamSettings {
  const { own } = layers;
  if (own.table.upstream !== undefined && !hasBind)
    issues.add([...own.path, "upstream"], `${shipCalled(own.table.name)} has no bind, so nothing is asked of it`, {
      at: "key",
      hint: 'add bind = "tcp://127.0.0.1:3000", or whatever address it listens on',
    });
  const tables = layers.both("upstream");
  const find = <K extends keyof RawUpstream>(key: K): Written<Loose<RawUpstream>[K]> => {
    const { value, path } = tables.findLast((one) => one.value[key] !== undefined) ?? { value: {} as Loose<RawUpstream>, path: own.path };
    return { value: value[key], path: [...path, key] };
  };
  const initial = defaults.upstream;
  type Time = "connect_timeout" | "queue_timeout" | "answer_timeout" | "stall_timeout" | "idle_timeout";
  const time = (key: Time, otherwise: string): number => {
    const { value, path } = find(key);
    return readDuration(value ?? otherwise, path, issues);
  };
  const head = find("max_head");
  const hold = find("hold_timeout");
  const breaker = breakerOf(find("circuit_breaker"), issues);
  return {
    maxConnections: find("max_connections").value ?? initial.maxConnections,
    maxQueued: find("max_queued").value ?? initial.maxQueued,
    maxHeadBytes: readSize(head.value ?? initial.maxHead, head.path, issues, headSizes),
    maxFields: find("max_fields").value ?? initial.maxFields,
    connectMs: time("connect_timeout", initial.connectTimeout),
    queueMs: time("queue_timeout", initial.queueTimeout),
    answerMs: time("answer_timeout", initial.answerTimeout),
    stallMs: time("stall_timeout", initial.stallTimeout),
    idleMs: time("idle_timeout", initial.idleTimeout),
    holdMs: readDuration(hold.value ?? initial.holdTimeout, hold.path, issues, { orNone: true }),
    maxHeld: find("max_held").value ?? initial.maxHeld,
    retries: retriesOf(find("retries").value),
    ...(breaker && { breaker }),
  };
}

function retriesOf(written: Loose<RawUpstream>["retries"] = defaults.upstream.retries.enabled): UpstreamSettings["retries"] {
  if (written === false) return { ratio: 0, min: 0 };
  const { share = defaults.upstream.retries.share, min = defaults.upstream.retries.min } = written === true ? {} : written;
  return { ratio: share, min };
}

/** A table is there to switch it on. */
function breakerOf({ value, path }: Written<Loose<RawUpstream>["circuit_breaker"]>, issues: IssueList): Breaker | undefined {
  const initial = defaults.upstream.breaker;
  const written = value ?? initial.enabled;
  if (written === false) return undefined;
  const table = written === true ? {} : written;
  return {
    failureRatio: table.failure_share ?? initial.failureShare,
    minRequests: table.min_requests ?? initial.minRequests,
    windowMs: readDuration(table.window ?? initial.window, [...path, "window"], issues),
    openMs: readDuration(table.open_for ?? initial.openFor, [...path, "open_for"], issues),
  };
}
