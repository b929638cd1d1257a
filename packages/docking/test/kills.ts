import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { systemClock } from "@mothership/kernel";
import { eventually } from "@mothership/testkit";
import { openStage, type Visitor } from "./stage.ts";

export interface KillReport {
  readonly clients: number;
  readonly kills: number;
  /** Messages that clients sent. */
  readonly sent: number;
  /** Of these, how many some bay process handled; how many of them more than once. */
  readonly handled: number;
  readonly handledTwice: number;
  /** Echoes that clients got, and how many of them more than once or out of order. */
  readonly echoed: number;
  readonly echoedTwice: number;
  /** Messages that were lost, and how many the last process was told may be lost. */
  readonly lost: number;
  readonly inDoubt: number;
  /** Clients that lost more than was reported for them. */
  readonly underreported: number;
  readonly closed: number;
  readonly reboardings: number;
  readonly seconds: number;
}

const script = fileURLToPath(new URL("./recording-bay.ts", import.meta.url));

/** A bay process and the lines that it wrote. */
function startBay(path: string, line: (words: readonly string[]) => void): ChildProcess {
  const child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
  let rest = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const one of lines) line(one.split(" "));
  });
  return child;
}

/** Kills a bay with SIGKILL again and again while all its clients send, and counts what became of every message. */
export async function killAgainAndAgain(clients: number, kills: number): Promise<KillReport> {
  const started = systemClock.now();
  await using stage = await openStage();
  const handled = new Map<string, number>();
  const doubts = new Map<string, number>();
  const line = ([what, id = "", ...words]: readonly string[]): void => {
    if (what === "message") handled.set(`${id} ${words[0]}`, (handled.get(`${id} ${words[0]}`) ?? 0) + 1);
    if (what === "again") doubts.set(id, Number(words[1]) - Number(words[2]));
  };
  let child = startBay(stage.path, line);
  try {
    await stage.bay.ready();
    const visitors: Visitor[] = [];
    while (visitors.length < clients)
      visitors.push(...(await Promise.all(Array.from({ length: Math.min(50, clients - visitors.length) }, () => stage.connect()))));
    const echoes = (): number => visitors.reduce((sum, { messages }) => sum + messages.length, 0);
    let sent = 0;
    let closed = 0;
    for (const { socket } of visitors) socket.on("close", () => closed++);
    const sendAll = (): void => {
      for (const { socket } of visitors) socket.send(`${sent++}`);
    };
    for (let kill = 0; kill < kills; kill++) {
      const before = stage.bay.snapshot().reboardings;
      // Some messages are answered, some are on their way, some have not left when the process dies.
      const answered = echoes() + clients;
      sendAll();
      await eventually("everyone was answered", () => echoes() >= answered, 60_000);
      for (let round = 0; round < 2; round++) {
        sendAll();
        await systemClock.sleep(1);
      }
      child.kill("SIGKILL");
      sendAll();
      await once(child, "close");
      child = startBay(stage.path, line);
      await eventually(`all have boarded again after kill ${kill + 1}`, () => stage.bay.snapshot().reboardings - before >= clients, 60_000);
    }
    for (const [at, { socket }] of visitors.entries()) socket.send(`end-${at}`);
    sent += clients;
    await eventually("everyone hears its last echo", () => visitors.every(({ messages }, at) => messages.at(-1) === `end-${at}`), 60_000);
    child.kill("SIGTERM");
    await once(child, "close");
    let echoedTwice = 0;
    for (const { messages } of visitors) {
      const numbers = messages.slice(0, -1).map(Number);
      for (let at = 1; at < numbers.length; at++) if (numbers[at]! <= numbers[at - 1]!) echoedTwice++;
    }
    const inDoubt = [...doubts.values()].reduce((sum, doubt) => sum + doubt, 0);
    return {
      clients,
      kills,
      sent,
      handled: handled.size,
      handledTwice: [...handled.values()].filter((times) => times > 1).length,
      echoed: echoes(),
      echoedTwice,
      lost: sent - handled.size,
      inDoubt,
      underreported: underreported(handled, doubts, sent / clients),
      closed,
      reboardings: stage.bay.snapshot().reboardings,
      seconds: (systemClock.now() - started) / 1_000,
    };
  } finally {
    child.kill("SIGKILL");
  }
}

/** Clients that lost more of their messages than the last process was told. Each sent as many as every other. */
function underreported(handled: ReadonlyMap<string, number>, doubts: ReadonlyMap<string, number>, each: number): number {
  const heard = new Map<string, number>();
  for (const key of handled.keys()) {
    const id = key.slice(0, key.indexOf(" "));
    heard.set(id, (heard.get(id) ?? 0) + 1);
  }
  return [...heard].filter(([id, count]) => each - count > (doubts.get(id) ?? 0)).length;
}
