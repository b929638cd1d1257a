/** A line of a unit file. Undefined and empty values leave the line out. */
export type UnitLine = readonly [key: string, value: string | number | undefined] | string;

/** A section with its lines; texts are comments. */
export function unitSection(name: string, lines: readonly UnitLine[]): string {
  const written = lines.flatMap((line) => {
    if (typeof line === "string") return [`# ${line}`];
    const [key, value] = line;
    return value === undefined || value === "" ? [] : [`${key}=${value}`];
  });
  return [`[${name}]`, ...written].join("\n");
}

/** A command line as systemd reads it: quotes, `%` and `$` stand for themselves. */
export function commandLine([command = "", ...args]: readonly string[]): string {
  // The first word may hold no variables, so its dollar signs are not doubled.
  return [word(command), ...args.map((arg) => word(arg.replaceAll("$", "$$$$")))].join(" ");
}

/** One `NAME=value` for `Environment=`. */
export function assignment(name: string, value: string): string {
  return word(`${name}=${value}`);
}

/** A path or other text in which only `%` means something. What would end its line becomes a blank. */
export function plainValue(text: string): string {
  return text.replaceAll("%", "%%").replaceAll(/[\u0000-\u001f]/g, " ");
}

function word(text: string): string {
  const escaped = text
    .replaceAll("%", "%%")
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll(/[\u0001-\u001f\u007f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return /^[\w@:=,./+%$-]+$/.test(text) ? escaped : `"${escaped}"`;
}
