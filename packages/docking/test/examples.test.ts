import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { eventually } from "@mothership/testkit";
import { describe, expect, type TestContext, test } from "vitest";
import { bayEnvironment } from "../src/index.ts";
import { openStage, type Stage } from "./stage.ts";

const folder = new URL("../../../examples/echo-bay/", import.meta.url);
const source = new URL("../src/bay.ts", import.meta.url).href;
// The example names the package; here it gets this very source.
const hook = `import { registerHooks } from "node:module";
registerHooks({ resolve: (name, context, next) =>
  name === "@mothership/docking/bay" ? { url: ${JSON.stringify(source)}, shortCircuit: true } : next(name, context) });`;

const bays = {
  "echo.js": [process.execPath, "--import", `data:text/javascript,${encodeURIComponent(hook)}`, fileURLToPath(new URL("echo.js", folder))],
  "python/echo.py": ["python3", fileURLToPath(new URL("python/echo.py", folder))],
} as const;

function start(command: readonly string[], path: string): ChildProcess & AsyncDisposable {
  const env = { ...process.env, ...bayEnvironment("bay", path.slice(0, path.lastIndexOf("/")), "websocket") };
  const child = spawn(command[0]!, command.slice(1), { stdio: "inherit", env });
  return Object.assign(child, {
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  });
}

function needsPython(name: string, context: TestContext): void {
  if (name.endsWith(".py") && spawnSync("python3", ["--version"]).status !== 0) context.skip("python3 is not installed here");
}

async function said(stage: Stage, words: readonly (string | Buffer)[]): Promise<void> {
  const visitor = await stage.connect();
  for (const word of words) visitor.socket.send(word);
  for (const word of words) expect((await visitor.next()).toString("latin1")).toBe(word.toString("latin1"));
  visitor.socket.close();
  await visitor.closed;
}

describe.each(Object.keys(bays) as (keyof typeof bays)[])("the example %s", (name) => {
  test("echoes text and bytes, short and long, for many", async (context) => {
    needsPython(name, context);
    await using stage = await openStage();
    await using _ = start(bays[name], stage.path);
    await stage.bay.ready();
    expect(stage.bay.snapshot().version).toBe(2);
    const words = [
      "",
      "short",
      "für alle",
      Buffer.from([0, 255]),
      Buffer.alloc(65_536, "a"),
      Buffer.alloc(65_537, "b"),
      "x".repeat(1_048_576),
    ];
    await Promise.all(Array.from({ length: 20 }, () => said(stage, words)));
    expect(stage.log.lines.filter(({ level }) => level === "warn")).toEqual([]);
  });

  test("keeps its clients when it is killed", async (context) => {
    needsPython(name, context);
    await using stage = await openStage();
    const first = start(bays[name], stage.path);
    await stage.bay.ready();
    const visitor = await stage.connect();
    first.kill("SIGKILL");
    await once(first, "exit");
    visitor.socket.send("to the next one");
    await using _ = start(bays[name], stage.path);
    expect(await visitor.next()).toBe("to the next one");
    expect(stage.events.reboarded).toMatchObject([{ connId: 1, epoch: 1 }]);
  });

  test("hands its clients over when it is asked to end, without losing a message", async (context) => {
    needsPython(name, context);
    // On a machine that is busy, two seconds are not enough to drain, and what is not drained is lost.
    await using stage = await openStage({ limits: { drainMs: 20_000 } });
    await using first = start(bays[name], stage.path);
    await stage.bay.ready();
    const visitor = await stage.connect();
    const words = Array.from({ length: 300 }, (_, at) => `${at}:${"x".repeat(2_000)}`);
    for (const word of words.slice(0, 200)) visitor.socket.send(word);
    await visitor.next();
    first.kill("SIGTERM");
    for (const word of words.slice(200)) visitor.socket.send(word);
    await once(first, "exit");
    await using _ = start(bays[name], stage.path);
    await eventually("everything is echoed", () => visitor.messages.length === words.length);
    expect(visitor.messages).toEqual(words);
    expect(stage.events.lost).toMatchObject([{ kind: "drained" }]);
    await eventually("the client is aboard again", () => stage.events.reboarded.length === 1);
    expect(stage.events.reboarded).toEqual([{ connId: 1, epoch: 1, inDoubt: 0 }]);
  });

  test("is not held up by a client that does not read", async (context) => {
    needsPython(name, context);
    await using stage = await openStage();
    await using _ = start(bays[name], stage.path);
    await stage.bay.ready();
    const slow = await stage.connect();
    const fast = await stage.connect();
    slow.socket.pause();
    for (let count = 0; count < 200; count++) slow.socket.send(Buffer.alloc(60_000));
    for (let count = 0; count < 20; count++) {
      fast.socket.send(`${count}`);
      expect(await fast.next()).toBe(`${count}`);
    }
  });
});
