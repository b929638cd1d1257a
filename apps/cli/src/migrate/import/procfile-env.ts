import type { Note } from "../note.ts";

/** The variable `PORT` of a `.env`, from which foreman and its kin count. */
export function portOf(text: string): number | undefined {
  const [, port] = /^\s*(?:export\s+)?PORT\s*=\s*["']?(\d+)["']?\s*$/m.exec(text) ?? [];
  return port !== undefined && Number(port) > 0 && Number(port) < 65_536 ? Number(port) : undefined;
}

/** Lines of a `.env` that foreman reads in one way and mothership, as Node does, in another. Values are not repeated. */
export function noteEnvFile(file: string, text: string): Note[] {
  return text.split(/\r?\n/).flatMap((raw, at): Note[] => {
    const [, name, value = ""] = /^\s*(?:export\s+)?([\w.-]+)\s*=(.*)$/.exec(raw) ?? [];
    const line = at + 1;
    if (name === undefined)
      return /^\s*(#|$)/.test(raw)
        ? []
        : [{ file, line, what: "this is not NAME=value, and mothership takes it for a mistake", advice: "take it out" }];
    const unquoted = /^\s*[^"'`\s]/.test(value);
    if (unquoted && / #/.test(value))
      return [
        {
          file,
          line,
          what: `what stands behind # in ${name} is a comment here; foreman took it for part of the value`,
          advice: "put the value in quotes",
        },
      ];
    if (/(?<!\\)\$(\w|\{|\()/.test(value) && !/^\s*'/.test(value))
      return [{ file, line, what: `${name} holds a $, which stays as it is: nothing is put in for it`, advice: "write the value itself" }];
    return [];
  });
}
