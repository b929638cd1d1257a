export { askPid, connectControl } from "./client.ts";
export {
  AlreadyRunningError,
  ControlFailedError,
  ControlProtocolError,
  ControlSocketError,
  NotRunningError,
  UnitUnknownError,
} from "./errors.ts";
export type {
  ControlLogLine,
  ExitReport,
  FleetControl,
  FleetEvent,
  FleetSnapshot,
  LogsOptions,
  ProbeReport,
  ReloadPlan,
  ThreadSnapshot,
  UnitExplanation,
  UnitSnapshot,
} from "./fleet-control.ts";
export { serveControl } from "./server.ts";
export { controlFolder, controlPath, ensurePrivateFolder, fleetId, type SocketEnvironment } from "./socket-path.ts";
