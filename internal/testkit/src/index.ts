export { type Authority, type Certificate, createAuthority } from "./certificates.ts";
export { FakeClock, settle } from "./fake-clock.ts";
export { freePort } from "./free-port.ts";
export type { Gate } from "./gate.ts";
export { eventually, gate } from "./gate.ts";
export { isAlive } from "./processes.ts";
export { readBody } from "./read-body.ts";
export { tempFolder } from "./temp-folder.ts";
