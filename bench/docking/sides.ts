/** The same echo under a mothership of its own, two ways: as a bay, and as a ship that speaks WebSocket itself. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { descendants, memoryOf, pause, statOf, until } from "../lib/proc.ts";
import { startMothership } from "../lib/programs.ts";
import type { Scratch } from "../lib/scratch.ts";

const script = (name: string): string => join(import.meta.dirname, name);

export interface Echoed {
  readonly messages: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Where the pace was given. */
  readonly sent?: number;
}

export interface Side {
  readonly name: string;
  readonly url: string;
  readonly mothership: number;
  readonly echo: number;
  readonly load: ChildProcess;
  readonly echoed: Echoed[];
  readonly paced: Echoed[];
  readonly mothershipMicros: number[];
  readonly echoMicros: number[];
  idleKb: { readonly mothership: number; readonly echo: number };
}

/** Has the clients do something; resolves to what they found out. */
export async function ask<T>(load: ChildProcess, what: string, options: object = {}): Promise<T> {
  load.send({ what, ...options });
  for (;;) {
    const [message] = await once(load, "message");
    if (message.done) return message.done;
    throw new Error(`a client was closed with ${message.lost}`);
  }
}

/** Starts one side with its clients connected, and measures what they cost while they are idle. */
export async function start(kind: "bay" | "ship", clients: number, scratch: Scratch): Promise<Side> {
  const [port, inner] = [await scratch.freePort(), await scratch.freePort()];
  const args = JSON.stringify(["-c", "1", process.execPath, script(kind === "bay" ? "echo-bay.mjs" : "echo-server.mjs"), String(inner)]);
  const unit =
    kind === "bay"
      ? `[[bays.websocket]]\nname = "echo"\ncommand = "taskset"\nargs = ${args}\nroutes = ["ws:/.*"]\n`
      : `[[fleet.web]]\nname = "echo"\ncommand = "taskset"\nargs = ${args}\nbind = "tcp://127.0.0.1:${inner}"\nhealthcheck = "/"\nroutes = ["ws:/.*"]\n`;
  const text = `[mothership.bind]\nws = "127.0.0.1:${port}"\n${unit}`;
  const options = { stdio: ["ignore", "pipe", "inherit"] as const };
  const child = startMothership(scratch, kind, text, 0, { stdio: [...options.stdio] });
  let output = "";
  child.stdout!.on("data", (data: Buffer) => {
    output = (output + data.toString()).slice(-65_536);
  });
  await until("mothership", () => output.includes("Mothership runs") || undefined);
  const load = scratch.start(1, process.execPath, [script("clients.mjs")], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await once(load, "message");
  const mothership = child.pid!;
  const echo = await until(
    "the echo",
    () => descendants(mothership).find(({ pid, group }) => pid !== mothership && group !== statOf(mothership)?.group)?.pid,
  );
  const before = [memoryOf([mothership]), memoryOf([echo])] as const;
  const url = `ws://127.0.0.1:${port}/`;
  await ask(load, "open", { url, clients });
  await pause(3_000);
  const after = [memoryOf([mothership]), memoryOf([echo])] as const;
  const each = (at: 0 | 1): number => ((after[at].rssMb - before[at].rssMb) * 1024) / clients;
  const name = kind === "bay" ? "bay" : "ship with WebSocket of its own";
  return {
    name: `${name}, ${clients} clients`,
    ...{ url, mothership, echo, load, echoed: [], paced: [], mothershipMicros: [], echoMicros: [] },
    idleKb: { mothership: each(0), echo: each(1) },
  };
}
