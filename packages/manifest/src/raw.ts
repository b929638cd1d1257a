/** The manifest as written, after TOML and before defaults: what `schema.json` describes, as types. A type test keeps the two equal. */

import type { StopSignal } from "./stop-signals.ts";

export type Scalar = string | number | boolean;

export interface RawManifest {
  mothership?: RawMothership;
  fleet?: Record<string, RawShip[]>;
  bays?: Record<string, RawBay[]>;
  modules?: RawModule[];
  shields?: { rules?: RawShieldRule[] };
  base?: RawBase;
}

/** What is done with a request that is not simply forwarded. */
interface RawAnswer {
  status?: number;
  redirect_to?: string;
}

export interface RawShieldRule extends RawAnswer {
  name?: string;
  path?: string;
  ua?: string;
  cidr?: string | string[];
  ja4h?: string;
  action: "allow" | "block" | "redirect" | "tag" | "log";
  header?: string;
  value?: string;
}

export interface RawMothership {
  metrics_port?: number;
  metrics_hosts?: string[];
  compression?: boolean;
  cors_cache?: boolean | RawCorsCache;
  static_dirs?: RawStaticDir[];
  bind?: Record<string, string | RawBind>;
  proxy?: RawProxy;
  access_log?: boolean | RawAccessLog;
  rate_limiting?: RawRateLimiting;
  prelaunch?: RawPrelaunchJob[];
  flagship?: RawFlagship;
  uplinks?: RawUplink[];
  logs?: RawLogs;
  edge_threads?: "auto" | number;
  shutdown_timeout?: string;
}

interface RawCorsCache {
  enabled?: boolean;
  default_ttl?: number;
  max_entries?: number;
}

interface RawStaticDir {
  path: string;
  prefix?: string;
  bind?: string;
}

export interface RawBind {
  addr: string;
  proxy_protocol?: boolean | "required" | { from: string[] };
  trusted_proxies?: string[];
  cert?: string;
  key?: string;
  certs?: { cert: string; key: string }[];
  mode?: string;
  http2?: boolean;
  min_tls_version?: "1.2" | "1.3";
  max_connections?: number;
  max_head?: string;
  max_fields?: number;
  max_target?: string;
  max_body?: string;
  head_timeout?: string;
  idle_timeout?: string;
  stall_timeout?: string;
  min_rate?: number;
}

export interface RawProxy {
  max_connections_per_client?: number;
  error_pages?: string;
  forwarded?: boolean;
  via?: string;
  tunnel_timeout?: string;
}

export interface RawUpstream {
  max_connections?: number;
  max_queued?: number;
  max_head?: string;
  max_fields?: number;
  connect_timeout?: string;
  queue_timeout?: string;
  answer_timeout?: string;
  stall_timeout?: string;
  idle_timeout?: string;
  hold_timeout?: string;
  max_held?: number;
  retries?: boolean | { share?: number; min?: number };
  circuit_breaker?: boolean | { failure_share?: number; min_requests?: number; window?: string; open_for?: string };
}

interface RawRateLimiting {
  global_rps?: number;
  per_ip_rpm?: number;
}

interface RawFileSettings {
  max_size?: string;
  max_files?: number;
  compress?: boolean;
}

export interface RawAccessLog extends RawFileSettings {
  enabled?: boolean;
  stream?: "stdout" | "stderr";
  file?: string;
  sample?: number;
  query?: "none" | "redacted" | "full";
  ja4h?: boolean;
}

interface RawLogSettings extends RawFileSettings {
  on_full?: "drop" | "block";
}

export interface RawLogs extends RawLogSettings {
  dir?: string;
}

export interface RawLog extends RawLogSettings {
  file?: string;
}

/** What everything has that has a command. */
export interface RawProcess {
  name: string;
  command: string;
  args?: string[];
  env?: Record<string, Scalar>;
  cwd?: string;
  env_file?: string | string[];
  user?: string | number;
  group?: string | number;
  stdin?: "ignore" | "open";
  tty?: boolean;
  max_restarts?: number;
  success_exit_codes?: number[];
  fatal_exit_codes?: number[];
  stop_signal?: StopSignal;
  stop_timeout?: string;
  stop_command?: string | string[];
  keep_detached?: boolean;
  log?: RawLog;
}

export interface RawPrelaunchJob extends RawProcess {
  depends_on?: string[];
  restart?: "on-failure" | "never";
}

export interface RawFlagship {
  enabled?: boolean;
  election?: "static" | "postgres";
  election_url?: string;
  static_flagship?: string | { command: string; equals: string };
  fleet?: string;
  launch_id?: string;
  on_flagship_loss?: "abort" | "takeover";
  prelaunch_timeout?: number;
  election_timeout?: number;
}

export interface RawUplink {
  url: string;
  name?: string;
  timeout?: string;
}

export interface RawRoute extends RawAnswer {
  bind: string;
  pattern: string;
  strip_prefix?: string;
  ua_filter?: string;
  ja4h?: string;
  action?: "forward" | "block" | "redirect";
}

export interface RawDependency {
  ship: string;
  condition?: "started" | "ready" | "completed" | "log";
  pattern?: string;
  on_lost?: "ignore" | "restart" | "stop";
}

export interface RawMember extends RawProcess {
  routes?: (string | RawRoute)[];
  depends_on?: (string | RawDependency)[];
  critical?: boolean;
  tags?: string[];
  restart?: "always" | "on-failure" | "never";
  disabled?: boolean;
  stable_after?: string;
  startup_timeout?: string;
  drain_timeout?: string;
  memory_limit?: string;
}

export interface RawCheck {
  type?: "http" | "tcp" | "unix" | "exec" | "log" | "notify";
  path?: string;
  expect_body?: string;
  addr?: string;
  command?: string | string[];
  pattern?: string;
  interval?: string;
  timeout?: string;
  initial_delay?: string;
  success_threshold?: number;
  failure_threshold?: number;
}

export interface RawShip extends RawMember {
  bind?: string;
  healthcheck?: string | RawCheck;
  oneshot?: boolean;
  startup?: RawCheck;
  readiness?: RawCheck;
  liveness?: boolean | RawCheck;
  upstream?: RawUpstream;
}

export interface RawBay extends RawMember {
  config?: Record<string, Scalar>;
  protocols?: string[];
  cargo?: "auto" | "text" | "binary";
  reboard?: boolean;
  max_clients?: number;
  origins?: string[];
}

export interface RawModule {
  name: string;
  wasm: string;
  routes?: string[];
  phase?: "request" | "response";
  config?: Record<string, Scalar>;
  tags?: string[];
  abi?: "auto" | "native" | "http-wasm";
  entry?: string;
  fuel?: number;
  memory?: string;
  body?: boolean;
  max_body?: string;
}

interface RawBase {
  ship?: Omit<RawShip, "name" | "command" | "bind">;
  bay?: Omit<RawBay, "name" | "command">;
  module?: Omit<RawModule, "name" | "wasm">;
}

/** What is left when the wrong parts are taken out: everything may be missing; a wrong element of a list leaves a gap. */
export type Loose<T> = T extends (infer E)[]
  ? (Loose<E> | undefined)[]
  : T extends object
    ? { [K in keyof T]?: Loose<T[K]> | undefined }
    : T;
