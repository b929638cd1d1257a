import { CR, isToken, isValue, SEMICOLON } from "./bytes.ts";

/** Where in `*( ";" name [ "=" ( token / quoted-string ) ] )` the next byte stands, behind the first semicolon (RFC 9112, 7.1.1). */
export type ExtensionPlace = "nameStart" | "name" | "valueStart" | "value" | "quoted" | "escaped" | "quotedEnd" | "end" | "bad";

const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What ends one extension: another, or the line. */
const behind = (byte: number): ExtensionPlace => (byte === SEMICOLON ? "nameStart" : byte === CR ? "end" : "bad");

/**
 * The place after one byte. Extensions mean nothing to us; they are parsed all the same, because a reader that skips them by other
 * rules may see a line end where we see none. The white space that the grammar tolerates is refused.
 */
export function extensionAfter(place: ExtensionPlace, byte: number): ExtensionPlace {
  switch (place) {
    case "nameStart":
      return isToken(byte) ? "name" : "bad";
    case "name":
      if (isToken(byte)) return "name";
      return byte === EQUALS ? "valueStart" : behind(byte);
    case "valueStart":
      if (byte === QUOTE) return "quoted";
      return isToken(byte) ? "value" : "bad";
    case "value":
      return isToken(byte) ? "value" : behind(byte);
    case "quoted":
      if (byte === QUOTE) return "quotedEnd";
      if (byte === BACKSLASH) return "escaped";
      return isValue(byte) ? "quoted" : "bad";
    case "escaped":
      return isValue(byte) ? "quoted" : "bad";
    case "quotedEnd":
      return behind(byte);
    case "end":
    case "bad":
      return "bad";
  }
}
