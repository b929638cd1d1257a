/** The keys that the manifest of the reference implementation (mothership 0.0.56) has, by table. All others are additions. */
export const referenceKeys: Readonly<Record<string, readonly string[]>> = {
  "": ["mothership", "fleet", "bays", "modules", "base"],
  mothership: ["metrics_port", "compression", "cors_cache", "static_dirs", "bind", "rate_limiting", "prelaunch", "flagship", "uplinks"],
  "mothership.bind": ["addr", "proxy_protocol"],
  "mothership.static_dirs": ["path", "prefix", "bind"],
  "mothership.cors_cache": ["enabled", "default_ttl", "max_entries"],
  "mothership.rate_limiting": ["global_rps", "per_ip_rpm"],
  "mothership.prelaunch": ["name", "command", "args", "env", "depends_on"],
  "mothership.flagship": ["enabled", "election", "election_url", "static_flagship", "prelaunch_timeout", "election_timeout"],
  "mothership.flagship.static_flagship": ["command", "equals"],
  "mothership.uplinks": ["url", "name", "timeout"],
  fleet: ["name", "command", "args", "bind", "healthcheck", "routes", "depends_on", "env", "critical", "oneshot", "tags"],
  bays: ["name", "command", "args", "routes", "depends_on", "env", "config", "critical", "tags"],
  "fleet.routes": ["bind", "pattern", "strip_prefix", "ua_filter"],
  modules: ["name", "wasm", "routes", "phase", "config", "tags"],
};
