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
  edgeThreads: 64,
  /** Seconds: the longest timer of Node (2^31-1 ms) is a little more. */
  timeoutSeconds: 2_147_483,
  ttlSeconds: 31_536_000,
  cacheEntries: 1_000_000,
  /** Env files of one process; of a whole manifest, each counted once. */
  envFiles: 16,
  envFilesInAll: 256,
  /** Bytes of one env file. */
  envFileBytes: 1024 * 1024,
  /** Exit codes of one list. */
  exitCodes: 64,
  restarts: 1_000_000,
  /** Results of a check that are waited for. */
  threshold: 1000,
  /** Rotated files of one log. */
  logFiles: 1000,
  /** Bytes that a size may stand for: 1 TiB. */
  sizeBytes: 2 ** 40,
  /** Networks, origins, sub-protocols or certificates of one list. */
  listed: 256,
  clients: 1_000_000,
  fuel: 1_000_000_000,
  rate: 1e9,
  /** Of a bind, a client or a ship; requests that wait. */
  connections: 1_000_000,
  /** Header fields of a head. */
  fields: 10_000,
  shieldRules: 1000,
  /** Networks of all rules of shields. */
  shieldNetworks: 100_000,
  /** Characters of the value of a tag. */
  tagLength: 1000,
  /** Characters of where a redirect leads. */
  locationLength: 2000,
} as const;

/** What holds when the manifest says nothing. */
export const defaults = {
  compression: false,
  corsCache: { enabled: false, defaultTtlSeconds: 3600, maxEntries: 10_000 },
  proxyProtocol: false,
  bind: {
    http2: true,
    minTlsVersion: "1.2",
    maxConnections: 16_384,
    maxHead: "16KiB",
    maxFields: 100,
    maxTarget: "8KiB",
    headTimeout: "30s",
    idleTimeout: "75s",
    stallTimeout: "30s",
    minRate: 64,
  },
  accessLog: { enabled: false, stream: "stdout", sample: 1, query: "none", ja4h: false },
  proxy: { forwarded: false, via: "mothership", tunnelTimeout: "1h" },
  upstream: {
    maxConnections: 256,
    maxQueued: 1024,
    maxHead: "64KiB",
    maxFields: 200,
    connectTimeout: "5s",
    queueTimeout: "10s",
    answerTimeout: "60s",
    stallTimeout: "60s",
    idleTimeout: "4s",
    holdTimeout: "10s",
    maxHeld: 1000,
    retries: { enabled: true, share: 0.2, min: 3 },
    breaker: { enabled: false, failureShare: 0.5, minRequests: 10, window: "10s", openFor: "2s" },
  },
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
  routeAction: "forward",
  critical: true,
  oneshot: false,
  phase: "request",
  edgeThreads: 1,
  shutdownTimeout: "25s",
  stdin: "ignore",
  tty: false,
  disabled: false,
  maxRestarts: 10,
  successExitCodes: [0],
  fatalExitCodes: [],
  stableAfter: "30s",
  startupTimeout: "60s",
  stopSignal: "SIGTERM",
  stopTimeout: "10s",
  drainTimeout: "10s",
  keepDetached: false,
  onLost: "ignore",
  log: { maxSize: "10MiB", maxFiles: 5, compress: true, onFull: "drop" },
  checkType: "http",
  cargo: "auto",
  reboard: false,
  maxClients: 65_535,
  fuel: 10_000_000,
  memory: "16MiB",
  abi: "auto",
  body: false,
  maxBody: "1MiB",
} as const;
