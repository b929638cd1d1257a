import { parseManifest } from "../src/parse.ts";
import type { Route } from "../src/types.ts";
import { http } from "./issues.ts";

const ws = 'ws = "127.0.0.1:8081"\n';
const nothing = '[[fleet.web]]\nname = "idle"\ncommand = "true"\n';

/** What everything is that says nothing about it. */
export const plainBind = {
  proxyProtocol: false,
  trustedProxies: [],
  certificates: [],
  http2: true,
  minTlsVersion: "1.2",
  maxConnections: 16_384,
  limits: {
    maxHeadBytes: 16_384,
    maxFields: 100,
    maxTargetBytes: 8192,
    headMs: 30_000,
    idleMs: 75_000,
    stallMs: 30_000,
    minBytesPerSecond: 64,
  },
};
export const plainUpstream = {
  maxConnections: 256,
  maxQueued: 1024,
  maxHeadBytes: 65_536,
  maxFields: 200,
  connectMs: 5000,
  queueMs: 10_000,
  answerMs: 60_000,
  stallMs: 60_000,
  idleMs: 4000,
  holdMs: 10_000,
  maxHeld: 1000,
  retries: { ratio: 0.2, min: 3 },
};
export const plainProcess = {
  dependsOn: [],
  runAs: {},
  stdin: "ignore",
  tty: false,
  restart: { when: "always", maxRestarts: 10, successExitCodes: [0], fatalExitCodes: [], stableMs: 30_000 },
  stop: { signal: "SIGTERM", graceMs: 10_000, drainMs: 10_000, keepDetached: false },
  log: { onFull: "drop" },
};
export const plainMember = { ...plainProcess, cwd: "/srv/app", disabled: false, startupTimeoutMs: 60_000 };
export const plainJob = { ...plainProcess, cwd: "", restart: { ...plainProcess.restart, when: "never" } };
export const waitsFor = (name: string) => ({ on: name, onLost: "ignore" });

/** A manifest with these lines under [mothership]. */
export const settings = (text: string, env = {}) => parseManifest(`${text}\n${nothing}`, { env }).mothership;

export const routesOf = (lines: string): readonly Route[] | undefined =>
  parseManifest(`${http}${ws}[[fleet.web]]\nname = "app"\ncommand = "ruby"\nbind = "3000"\n${lines}\n`).ships[0]?.routes;
