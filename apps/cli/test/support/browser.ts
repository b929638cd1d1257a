import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { tempFolder } from "@mothership/testkit";

/** One event or answer of the DevTools protocol. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  // Its shape depends on the method; the tests know which they asked for.
  // biome-ignore lint/suspicious/noExplicitAny: the protocol has hundreds of shapes
  readonly params?: any;
  // biome-ignore lint/suspicious/noExplicitAny: the protocol has hundreds of shapes
  readonly result?: any;
  readonly error?: { readonly message: string };
}

/** A page in a headless Chromium, steered over a pipe. */
export interface Page extends AsyncDisposable {
  /** Events of the DevTools protocol so far. */
  readonly events: readonly Message[];
  open(url: string): Promise<void>;
  /** What an expression in the page becomes, promises awaited. @throws with what the page threw. */
  evaluate<T>(expression: string): Promise<T>;
}

/** undefined where no Chromium is installed. */
export function findChromium(): string | undefined {
  return ["chromium", "chromium-browser", "google-chrome"].find((name) => spawnSync(name, ["--version"]).status === 0);
}

/** `trusted`: a certificate (PEM) that the page accepts, and no other. */
export async function openPage(program: string, trusted: string): Promise<Page> {
  const folder = tempFolder();
  const key = new X509Certificate(trusted).publicKey.export({ type: "spki", format: "der" });
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=OptimizationHints,MediaRouter",
    `--user-data-dir=${folder.join("profile")}`,
    `--ignore-certificate-errors-spki-list=${createHash("sha256").update(key).digest("base64")}`,
    "--remote-debugging-pipe",
    "about:blank",
  ];
  const child = spawn(program, flags, {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, TMPDIR: folder.path },
  });
  const ended = once(child, "exit");
  const steering = new Steering(child);
  const dispose = async (): Promise<void> => {
    // Its helpers are in its group.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await ended;
    // The last of its helpers may still be writing.
    rmSync(folder.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    folder[Symbol.dispose]();
  };
  try {
    const { targetInfos } = await steering.ask("Target.getTargets");
    const target = targetInfos.find(({ type }: { type: string }) => type === "page");
    const { sessionId } = await steering.ask("Target.attachToTarget", { targetId: target.targetId, flatten: true });
    const ask = (method: string, params: object = {}) => steering.ask(method, params, sessionId);
    await ask("Page.enable");
    await ask("Network.enable");
    return {
      events: steering.events,
      open: async (url) => {
        const { errorText } = await ask("Page.navigate", { url });
        if (errorText) throw new Error(`${url}: ${errorText}`);
        await ask("Runtime.evaluate", {
          expression: `new Promise((done) => document.readyState === "complete" ? done() : addEventListener("load", () => done()))`,
          awaitPromise: true,
        });
      },
      evaluate: async (expression) => {
        const { result, exceptionDetails } = await ask("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
        if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
        return result.value;
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** JSON messages, each ended by a zero byte, through file descriptors 3 and 4. */
class Steering {
  readonly events: Message[] = [];
  readonly #input: Writable;
  readonly #asked = new Map<number, PromiseWithResolvers<Message["result"]>>();
  #rest = "";

  constructor(child: ChildProcess) {
    this.#input = child.stdio[3] as Writable;
    this.#input.on("error", () => undefined);
    (child.stdio[4] as Readable).setEncoding("utf8").on("data", (data: string) => this.#take(data));
    child.on("exit", () => {
      for (const { reject } of this.#asked.values()) reject(new Error("Chromium has ended"));
    });
  }

  ask(method: string, params: object = {}, sessionId?: string): Promise<Message["result"]> {
    const id = this.#asked.size + 1;
    const asked = Promise.withResolvers<Message["result"]>();
    this.#asked.set(id, asked);
    this.#input.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    return asked.promise;
  }

  #take(data: string): void {
    const parts = (this.#rest + data).split("\0");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) {
      const message = JSON.parse(part) as Message;
      if (message.id === undefined) this.events.push(message);
      else if (message.error) this.#asked.get(message.id)?.reject(new Error(message.error.message));
      else this.#asked.get(message.id)?.resolve(message.result);
    }
  }
}
