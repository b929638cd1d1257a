export type { Coordinator, Role, Tenure } from "./coordinator.ts";
export type { PostgresElection } from "./election.ts";
export {
  ElectionCommandError,
  ElectionDatabaseError,
  ElectionForbiddenError,
  ElectionTimeoutError,
  ElectionUrlError,
  FlagshipAbortedError,
  InsecureElectionError,
  OfficeLostError,
  PooledConnectionError,
  PrelaunchTimeoutError,
  TenureRoleError,
} from "./errors.ts";
export { type Launch, launchOf } from "./launch.ts";
export { postgresCoordinator } from "./postgres.ts";
export { runOnce } from "./run-once.ts";
export { soloCoordinator } from "./solo.ts";
export { isTruthy, type StaticRule, staticCoordinator } from "./static.ts";
