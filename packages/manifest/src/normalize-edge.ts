import type { Layers } from "./inherit.ts";
import type { IssueList } from "./issue.ts";
import { defaults } from "./limits.ts";
import type { NormalizeContext } from "./normalize.ts";
import { filePath } from "./normalize-process.ts";
import { readDuration, readSize, type Written } from "./normalize-units.ts";
import type { Path } from "./positions.ts";
import type { Loose, RawBind, RawProxy, RawShip, RawUpstream } from "./raw.ts";
import type { Breaker, ProxySettings, RequestLimits, UpstreamSettings } from "./types.ts";

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

/** `upstream` of a ship, above that of the template. */
export function normalizeUpstream(layers: Layers<Loose<RawShip>>, hasBind: boolean, issues: IssueList): UpstreamSettings {
  const { own } = layers;
  if (own.table.upstream !== undefined && !hasBind)
    issues.add([...own.path, "upstream"], `ship "${own.table.name ?? ""}" has no bind, so nothing is asked of it`, {
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
