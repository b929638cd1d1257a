import { parseEnv } from "node:util";
import type { Note } from "../note.ts";
import { portOf } from "./procfile-env.ts";

/** What `.foreman`, `.overmind.env` and `.env` say about how a Procfile is run. */
export interface ProcfileSettings {
  readonly basePort: number;
  readonly portStep: number;
  /** How many of each process; `all` for those that are not named. */
  readonly formation: ReadonlyMap<string, number>;
  /** Processes whose end does not end the others. */
  readonly canDie: ReadonlySet<string>;
  readonly stopSignals: ReadonlyMap<string, string>;
  readonly notes: readonly Note[];
}

/** Settings files beside a Procfile; those that are there. */
export interface SettingsFiles {
  readonly env?: string | undefined;
  readonly foreman?: { readonly file: string; readonly text: string } | undefined;
  readonly overmind?: { readonly file: string; readonly text: string } | undefined;
}

const most = 1000;
const signals = new Set(["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "WINCH", "ALRM", "ABRT", "KILL"]);

/** Ports begin at 5000, or at `PORT` of `.env`, and go up by 100 from one process to the next, as those programs count. */
export function procfileSettings({ env, foreman, overmind }: SettingsFiles): ProcfileSettings {
  const notes: Note[] = [];
  const given = { port: env === undefined ? undefined : portOf(env), step: 100 };
  const formation = new Map<string, number>();
  const canDie = new Set<string>();
  const stopSignals = new Map<string, string>();
  for (const { key, value, line } of foreman ? yamlLines(foreman.text) : []) {
    const file = foreman?.file ?? "";
    if (key === "port") given.port = number(value) ?? given.port;
    else if (key === "formation" || key === "concurrency" || key === "c" || key === "m") readFormation(value, formation);
    else if (key !== "procfile" && key !== "f" && key !== "timeout" && key !== "t")
      notes.push({ file, line, what: `"${key}" is not carried over`, advice: key === "env" ? "name these files in env_file" : undefined });
    else if (key === "timeout" || key === "t")
      notes.push({ file, line, what: `"${key}" is not carried over`, advice: "write stop_timeout in [base.ship]" });
  }
  const settings = overmind ? parseEnv(overmind.text) : {};
  for (const [name, value = ""] of Object.entries(settings)) {
    const list = value.split(",").map((one) => one.trim());
    if (name === "OVERMIND_PORT") given.port = number(value) ?? given.port;
    else if (name === "OVERMIND_PORT_STEP") given.step = number(value) ?? given.step;
    else if (name === "OVERMIND_FORMATION") readFormation(value, formation);
    else if (name === "OVERMIND_CAN_DIE") for (const one of list) canDie.add(one);
    else if (name === "OVERMIND_STOP_SIGNALS") readSignals(list, stopSignals, overmind?.file ?? "", notes);
    else if (name === "OVERMIND_AUTO_RESTART" || name === "OVERMIND_PROCFILE") continue;
    else if (name.startsWith("OVERMIND_"))
      notes.push({
        file: overmind?.file ?? "",
        what: `${name} is not carried over`,
        advice: "it is about overmind itself, or has no counterpart",
      });
  }
  return { basePort: given.port ?? 5000, portStep: given.step, formation, canDie, stopSignals, notes };
}

/** `web=1,worker=2` */
function readFormation(value: string, formation: Map<string, number>): void {
  for (const [, name = "", count] of value.matchAll(/([\w-]+)\s*=\s*(\d+)/g)) formation.set(name, Math.min(Number(count), most));
}

/** `web=TTIN,worker=QUIT` */
function readSignals(list: readonly string[], stopSignals: Map<string, string>, file: string, notes: Note[]): void {
  for (const one of list) {
    const [name = "", signal = ""] = one.split("=").map((part) => part.trim());
    const plain = signal.replace(/^SIG/, "");
    if (signals.has(plain)) stopSignals.set(name, `SIG${plain}`);
    else
      notes.push({
        file,
        what: `the stop signal of "${name}" is not carried over`,
        advice: "mothership stops with another one, see stop_signal",
      });
  }
}

/** The lines of `.foreman`, which is YAML of one level. */
function yamlLines(text: string): { readonly key: string; readonly value: string; readonly line: number }[] {
  return text.split(/\r?\n/).flatMap((raw, at) => {
    const [, key, value] = /^([\w-]+):\s*["']?(.*?)["']?\s*(?:\s#.*)?$/.exec(raw) ?? [];
    return key === undefined || value === undefined ? [] : [{ key, value, line: at + 1 }];
  });
}

function number(text: string): number | undefined {
  return /^\d+$/.test(text) && Number(text) > 0 && Number(text) < 60_000 ? Number(text) : undefined;
}
