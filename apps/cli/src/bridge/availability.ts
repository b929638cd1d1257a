import type { ProcessSnapshot } from "@mothership/supervisor";

/** Whether something gets requests. `soon`: it is being restarted, and new requests wait for it. */
export type Availability = boolean | "soon";

/** Whether a process gets requests, from what its supervisor knows. */
export function availabilityOf({ healthy, restarting }: Pick<ProcessSnapshot, "healthy" | "restarting">): Availability {
  return restarting ? "soon" : healthy;
}
