/** Text of words in lines of at most `columns`, where no word is longer; lines after the first begin with `indent` spaces. */
export function wrap(text: string, columns: number, indent = 0): string {
  return text
    .split("\n")
    .map((paragraph) => wrapLine(paragraph, columns, indent))
    .join(`\n${" ".repeat(indent)}`);
}

function wrapLine(text: string, columns: number, indent: number): string {
  let line = "";
  const lines: string[] = [];
  // Two spaces keep together what is to be typed as it stands.
  for (const word of text.split(/(?<! ) (?! )/)) {
    if (line !== "" && line.length + 1 + word.length > columns - indent) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}
