import { posix } from "node:path";
import { fromShellLine, splitWords } from "./command-words.ts";
import type { Pm2Fields } from "./pm2-fields.ts";

/** What a script is on this machine. */
export type ScriptKind = "binary" | "text" | "missing";

export interface Pm2Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Run by Node itself: what cluster mode is for. */
  readonly node: boolean;
}

const interpreters: Readonly<Record<string, string>> = {
  ".js": "node",
  ".cjs": "node",
  ".mjs": "node",
  ".ts": "node",
  ".mts": "node",
  ".cts": "node",
  ".sh": "bash",
  ".py": "python3",
  ".rb": "ruby",
  ".php": "php",
  ".pl": "perl",
};

/** The program that pm2 would run: the interpreter of the script's ending, a program in `PATH`, or a line for the shell. */
export function pm2Command(fields: Pm2Fields, cwd: string | undefined, kindOf: (path: string) => ScriptKind): Pm2Command | undefined {
  const script = fields.path(cwd, "script", "exec", "cmd", "command");
  const args = fields.texts(splitWords, "args");
  const flags = fields.texts(splitWords, "node_args", "interpreter_args");
  const named = fields.text("exec_interpreter", "interpreter");
  if (script === undefined || script.trim() === "") {
    fields.note(["script"], "there is no script, so it is left out");
    return undefined;
  }
  if (script.includes(" ")) {
    // pm2 hands such a line to bash, and its args with it are lost there too.
    if (args.length > 0) fields.note(["args"], '"args" is left out, as pm2 does when script is a whole line');
    return { ...fromShellLine(script, {}), node: false };
  }
  const interpreter = interpreterOf(fields, script, named, kindOf);
  if (interpreter === "none") {
    if (flags.length > 0) fields.note(["node_args", "interpreter_args"], "arguments for an interpreter are left out: there is none");
    const local = !script.includes("/") && kindOf(script) !== "missing";
    return { command: local ? `./${script}` : script, args, env: {}, node: false };
  }
  const env = /python/.test(interpreter) ? { PYTHONUNBUFFERED: "1" } : {};
  return { command: interpreter, args: [...flags, script, ...args], env, node: /(^|\/)(node|bun)$/.test(interpreter) };
}

function interpreterOf(fields: Pm2Fields, script: string, named: string | undefined, kindOf: (path: string) => ScriptKind): string {
  if (named !== undefined && named !== "") {
    if (!named.startsWith("node@")) return named;
    fields.note(["exec_interpreter", "interpreter"], "the version of Node is not carried over", "write the path of that Node as command");
    return "node";
  }
  const ending = posix.extname(script);
  const known = interpreters[ending];
  if (known !== undefined) {
    if (/^\.[mc]?ts$/.test(ending))
      fields.note(
        ["script"],
        "the TypeScript file is run by Node, which takes types away and no more",
        "write bun or tsx as command if pm2 used one of them",
      );
    return known;
  }
  const kind = kindOf(script);
  if (kind === "text") return "node";
  if (kind === "missing" && script.includes("/")) {
    if (script.includes("node_modules/")) return "node";
    fields.note(
      ["script"],
      "the script is not there to look at, and is taken for a program",
      'if it is for Node, write command = "node" and the script in args',
    );
  }
  return "none";
}
