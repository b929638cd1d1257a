/** JSON in one line. It escapes the old control characters by itself; a terminal obeys those from 0x7F to 0x9F as well, and anybody may send them. */
export function plainJson(value: unknown): string {
  const line = JSON.stringify(value);
  return /[\x7f-\x9f]/.test(line)
    ? line.replaceAll(/[\x7f-\x9f]/g, (found) => `\\u00${found.charCodeAt(0).toString(16).padStart(2, "0")}`)
    : line;
}
