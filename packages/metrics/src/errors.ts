import { type Address, formatAddress, MothershipError, messageOf } from "@mothership/kernel";

/** The metrics page cannot listen: its address is in use, not this machine's, or not allowed. `cause` is the system's error. */
export class MetricsAddressError extends MothershipError {
  readonly code = "MS_METRICS_ADDRESS";
  readonly address: Address;

  constructor(address: Address, cause: unknown) {
    super(`the metrics page cannot listen on ${formatAddress(address)}: ${messageOf(cause)}`, { cause });
    this.name = "MetricsAddressError";
    this.address = address;
  }
}
