import { FingerprintFilterError } from "./errors.ts";
import { type FingerprintParts, fingerprintParts, type RequestShape } from "./fingerprint.ts";

const partLength = 12;
const parts = ["a", "b", "c", "d"] as const;

/**
 * A test for fingerprints: up to four beginnings of parts, joined by `_`, each of which has to begin the part in its place. A whole
 * fingerprint matches itself alone, `ge11` every GET over HTTP/1.1, `_8ddaef5d77af` one list of field names. Case does not matter.
 *
 * @throws {FingerprintFilterError} for what no fingerprint could match.
 */
export function fingerprintFilter(expression: string): (shape: RequestShape) => boolean {
  const matches = compileFingerprint(expression);
  return (shape) => matches(fingerprintParts(shape));
}

/** The same for parts that are at hand. Reads no part that the expression says nothing about. */
export function compileFingerprint(expression: string): (found: FingerprintParts) => boolean {
  const wanted = expression.toLowerCase().split("_");
  if (wanted.every((text) => text === "")) throw new FingerprintFilterError(expression, "it says nothing");
  if (wanted.length > parts.length) throw new FingerprintFilterError(expression, 'a fingerprint has four parts, joined by "_"');
  for (const [index, text] of wanted.entries()) {
    if (text.length > partLength) throw new FingerprintFilterError(expression, `a part has ${partLength} characters at most`);
    const allowed = index === 0 ? /^[^_\s]*$/ : /^[\da-f]*$/;
    if (!allowed.test(text)) throw new FingerprintFilterError(expression, `"${text}" cannot stand in part ${parts[index]}`);
  }
  const conditions = wanted.flatMap((text, index) => (text === "" ? [] : [{ part: parts[index]!, text }]));
  return (found) => conditions.every(({ part, text }) => found[part].startsWith(text));
}
