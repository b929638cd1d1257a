/**
 * The words of a command line, as a shell would split them but without anything else a shell does: blanks separate, single
 * quotes keep everything, double quotes keep blanks, and a backslash takes the next character as it is (inside double quotes
 * only before `"` and `\`). Undefined when a quote is not closed or the line ends in a backslash.
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? "";
    const next = line[at + 1];
    if (quote === "'" ? char === "'" : quote !== "" && char === quote) quote = "";
    else if (quote !== "'" && char === "\\" && (quote === "" || next === '"' || next === "\\")) {
      if (next === undefined) return undefined;
      word = (word ?? "") + next;
      at++;
    } else if (quote === "" && (char === "'" || char === '"')) {
      quote = char;
      word ??= "";
    } else if (quote === "" && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + char;
  }
  if (quote !== "") return undefined;
  return word === undefined ? words : [...words, word];
}
