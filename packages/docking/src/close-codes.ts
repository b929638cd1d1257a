/** WebSocket close codes (RFC 6455, 7.4) on their way between a client and a bay. */

/** What mothership itself closes clients with. */
export const closeCodes = {
  goingAway: 1001,
  protocolError: 1002,
  noStatus: 1005,
  abnormal: 1006,
  invalidData: 1007,
  policy: 1008,
  tooBig: 1009,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
} as const;

/** True for a code that may stand in a close frame. */
export function isSendable(code: number): boolean {
  return (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999);
}

/**
 * What a client is sent for the code of a bay's Disembark: the code itself where it may be sent, no code for 1005 ("no status"),
 * and 1011 for the others, because the bay meant something that no client can be told.
 */
export function codeForClient(code: number): number | undefined {
  if (code === closeCodes.noStatus) return undefined;
  return isSendable(code) ? code : closeCodes.internalError;
}

/** A close reason has at most 123 bytes; a longer one is cut where a character ends. */
export function fitReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= 123) return reason;
  let end = 123;
  // 10xxxxxx continues a character.
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

/** The code that stands for an error that ws found in what a client sent, by ws's error code. */
export function codeOfError(error: Error): number {
  const name = "code" in error ? error.code : undefined;
  if (name === "WS_ERR_INVALID_UTF8") return closeCodes.invalidData;
  if (name === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" || name === "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH") return closeCodes.tooBig;
  if (name === "WS_ERR_TOO_MANY_BUFFERED_PARTS") return closeCodes.policy;
  return typeof name === "string" && name.startsWith("WS_ERR_") ? closeCodes.protocolError : closeCodes.abnormal;
}
