import { MothershipError } from "@mothership/kernel";

/** The URL of an uplink cannot be checked. The message holds no part of the URL, which may contain a password. */
export class UplinkUrlError extends MothershipError {
  readonly code = "MS_UPLINK_URL";
  readonly uplink: string;
  /** What is wrong, as the end of a sentence that begins with "the URL". */
  readonly reason: string;

  constructor(uplink: string, reason: string) {
    super(`The URL of uplink "${uplink}" ${reason}`);
    this.name = "UplinkUrlError";
    this.uplink = uplink;
    this.reason = reason;
  }
}
