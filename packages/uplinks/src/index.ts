export { type CheckOptions, checkUplinks, type UplinkReport } from "./check.ts";
export { UplinkUrlError } from "./errors.ts";
export { parseUplink, type Uplink, type UplinkTarget } from "./uplink.ts";
