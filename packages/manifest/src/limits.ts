/** What a manifest may hold at most. Going beyond is a mistake like any other. */
export const limits = {
  /** Bytes of the file. */
  fileBytes: 1024 * 1024,
  /** Lists and inline tables inside one another. */
  nesting: 16,
  /** Mistakes that are reported in full; the rest is only counted. */
  issues: 100,
  /** Characters of a name, group, bay type or tag. */
  nameLength: 64,
  /** Characters of a command, path, URL, argument or pattern. */
  textLength: 8192,
  binds: 64,
  staticDirs: 256,
  uplinks: 256,
  prelaunchJobs: 256,
  modules: 256,
  groups: 256,
  /** Ships in one group, bays of one type. */
  membersPerGroup: 1024,
  /** Ships and bays in all. */
  members: 2048,
  /** Arguments, routes, variables, settings, dependencies and tags of all members and modules together, the inherited ones included. */
  values: 200_000,
  args: 1024,
  routes: 1024,
  dependencies: 256,
  tags: 64,
  /** Entries of one `env` or `config`. */
  entries: 1024,
  /** Seconds: the longest timer of Node (2^31-1 ms) is a little more. */
  timeoutSeconds: 2_147_483,
  ttlSeconds: 31_536_000,
  cacheEntries: 1_000_000,
  rate: 1e9,
} as const;

/** What holds when the manifest says nothing. */
export const defaults = {
  compression: false,
  corsCache: { enabled: false, defaultTtlSeconds: 3600, maxEntries: 10_000 },
  proxyProtocol: false,
  staticPrefix: "/",
  flagship: {
    enabled: false,
    election: "static",
    fleet: "mothership",
    onFlagshipLoss: "abort",
    prelaunchTimeoutSeconds: 300,
    electionTimeoutSeconds: 30,
  },
  uplinkTimeout: "5s",
  critical: true,
  oneshot: false,
  phase: "request",
} as const;
