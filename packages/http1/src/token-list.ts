/**
 * The elements of a comma-separated list, lower-case, without the white space around them. Not by one regular expression: `\s*,` takes
 * quadratic time on a long run of spaces that no comma follows.
 */
export function listOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(",")
    .map((element) => element.trim());
}
