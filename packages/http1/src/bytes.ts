/** What each byte may be part of, as bits, so that a scan is one look-up for each byte. */
const tokenBit = 1;
const valueBit = 2;
const targetBit = 4;

const kinds = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") kinds[char.charCodeAt(0)]! |= tokenBit;
// Visible characters, space, tab and obs-text (RFC 9110, 5.5).
for (let byte = 0x20; byte < 0x100; byte++) if (byte !== 0x7f) kinds[byte]! |= valueBit;
kinds[0x09]! |= valueBit;
// Visible ASCII without the fragment sign, which is never sent (RFC 9112, 3.2), and the backslash, which some servers take for a slash.
for (let byte = 0x21; byte < 0x7f; byte++) if (byte !== 0x23 && byte !== 0x5c) kinds[byte]! |= targetBit;

const hexValues = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  hexValues[digit.toString(16).charCodeAt(0)] = digit;
  hexValues[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const TAB = 0x09;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

/** Part of a token (RFC 9110, 5.6.2). */
export const isToken = (byte: number): boolean => (kinds[byte]! & tokenBit) !== 0;

/** Index of the first byte from `at` that is no part of a token; `end` if there is none. */
export function skipToken(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && (kinds[bytes[at]!]! & tokenBit) !== 0) at++;
  return at;
}

/** The same for field values: everything but control characters, tab allowed. */
export function skipValue(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && (kinds[bytes[at]!]! & valueBit) !== 0) at++;
  return at;
}

/** The same for request targets. */
export function skipTarget(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && (kinds[bytes[at]!]! & targetBit) !== 0) at++;
  return at;
}

/** Part of a field value or a quoted string, its quotes and backslashes included. */
export const isValue = (byte: number): boolean => (kinds[byte]! & valueBit) !== 0;

/** 0 to 15, or -1 when the byte is no hexadecimal digit. */
export const hexValue = (byte: number): number => hexValues[byte]!;
