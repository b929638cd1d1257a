/** The manifest as written, after TOML and before defaults: what `schema.json` describes, as types. A type test keeps the two equal. */

export type Scalar = string | number | boolean;

export interface RawManifest {
  mothership?: RawMothership;
  fleet?: Record<string, RawShip[]>;
  bays?: Record<string, RawBay[]>;
  modules?: RawModule[];
  base?: RawBase;
}

export interface RawMothership {
  metrics_port?: number;
  compression?: boolean;
  cors_cache?: boolean | RawCorsCache;
  static_dirs?: RawStaticDir[];
  bind?: Record<string, string | RawBind>;
  rate_limiting?: RawRateLimiting;
  prelaunch?: RawPrelaunchJob[];
  flagship?: RawFlagship;
  uplinks?: RawUplink[];
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

interface RawBind {
  addr: string;
  proxy_protocol?: boolean;
}

interface RawRateLimiting {
  global_rps?: number;
  per_ip_rpm?: number;
}

export interface RawPrelaunchJob {
  name: string;
  command: string;
  args?: string[];
  env?: Record<string, Scalar>;
  depends_on?: string[];
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

export interface RawRoute {
  bind: string;
  pattern: string;
  strip_prefix?: string;
  ua_filter?: string;
}

interface RawMember {
  name: string;
  command: string;
  args?: string[];
  routes?: (string | RawRoute)[];
  depends_on?: string[];
  env?: Record<string, Scalar>;
  critical?: boolean;
  tags?: string[];
}

export interface RawShip extends RawMember {
  bind?: string;
  healthcheck?: string;
  oneshot?: boolean;
}

export interface RawBay extends RawMember {
  config?: Record<string, Scalar>;
}

export interface RawModule {
  name: string;
  wasm: string;
  routes?: string[];
  phase?: "request" | "response";
  config?: Record<string, Scalar>;
  tags?: string[];
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
