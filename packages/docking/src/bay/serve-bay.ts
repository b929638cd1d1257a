import { once } from "node:events";
import { chmod, lstat, rename, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { type AbortOptions, type Closable, hasCode } from "@mothership/kernel";
import { BaySocketError } from "../errors.ts";
import { unlessAborted } from "../wait.ts";
import { Berth } from "./berth.ts";
import type { BayClient, BayHandlers } from "./handlers.ts";
import { makeFolder } from "./make-folder.ts";
import { type BayOptions, type CompleteBayOptions, completeOptions } from "./options.ts";

/** A bay that listens. `close` hands its clients over where mothership can, finishes what it has, and removes the socket. */
export interface ServedBay extends Closable {
  /** Where it listens. */
  readonly path: string;
  /** The clients of all links. */
  readonly clients: ReadonlySet<BayClient>;
  /** The bay's table in the manifest, once the first link is moored. */
  readonly config: Promise<Readonly<Record<string, string>>>;
  /** Resolves when the bay is closed: by `close`, or by itself because mothership is gone. */
  readonly closed: Promise<void>;
}

/** Listens for mothership and serves its clients. Resolves once the socket exists. */
export async function serveBay(handlers: BayHandlers, options: BayOptions = {}): Promise<ServedBay> {
  const complete = completeOptions(options);
  const { path } = complete;
  const own = await privateName(path);
  const server = createServer();
  server.listen(own);
  await once(server, "listening");
  try {
    await chmod(own, 0o600);
    const { ino } = await lstat(own, { bigint: true });
    // Before others can connect, because a connection that nobody has asked for is not offered again.
    const bay = new Listening(server, ino, handlers, complete);
    await rename(own, path);
    return bay;
  } catch (error) {
    server.close();
    throw error;
  }
}

class Listening implements ServedBay {
  readonly path: string;
  readonly clients = new Set<BayClient>();
  readonly #server: Server;
  readonly #socket: bigint;
  readonly #options: CompleteBayOptions;
  readonly #failed: (error: unknown) => void;
  readonly #berths = new Set<Berth>();
  readonly #config = Promise.withResolvers<Readonly<Record<string, string>>>();
  readonly #closed = Promise.withResolvers<void>();
  #version: 1 | 2;
  #orphan: Disposable | undefined;
  #closing: Promise<void> | undefined;

  constructor(server: Server, socket: bigint, handlers: BayHandlers, options: CompleteBayOptions) {
    this.#server = server;
    this.#socket = socket;
    this.#options = options;
    this.path = options.path;
    this.#version = options.version;
    const failed = handlers.failed?.bind(handlers) ?? ((error: unknown) => console.error(error));
    this.#failed = failed;
    server.on("connection", (connection) => {
      this.#orphan?.[Symbol.dispose]();
      this.#berths.add(
        new Berth(connection, this.#version, options, handlers, {
          clients: this.clients,
          failed,
          moored: (config) => this.#config.resolve(config),
          closed: (berth, early) => this.#lost(berth, early),
        }),
      );
    });
  }

  get config(): Promise<Readonly<Record<string, string>>> {
    return this.#config.promise;
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  close({ signal }: AbortOptions = {}): Promise<void> {
    this.#closing ??= this.#close(signal);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #lost(berth: Berth, early: boolean): void {
    this.#berths.delete(berth);
    if (this.#closing) return;
    // A mothership that ends the link instead of answering may know version 1 alone.
    if (early) this.#version = 1;
    else this.#version = this.#options.version;
    if (this.#berths.size > 0 || early) return;
    this.#orphan?.[Symbol.dispose]();
    this.#orphan = this.#options.clock.timer(this.#options.orphanMs, () => {
      this.close().catch((error: unknown) => this.#failed(error));
    });
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    this.#orphan?.[Symbol.dispose]();
    const stopped = new Promise((resolve) => this.#server.close(resolve));
    await removeOwn(this.path, this.#socket);
    const berths = [...this.#berths];
    for (const berth of berths) berth.drain();
    try {
      await unlessAborted(Promise.all(berths.map((berth) => berth.ended)), signal);
    } catch {
      // The signal asks for the end now, which is what follows.
    }
    for (const berth of berths) berth.destroy();
    await stopped;
    this.#closed.resolve();
  }
}

let listeners = 0;

/**
 * A name beside `path` to listen under, before that is moved to `path`. So a process that takes over replaces the socket in one step, and the
 * one that leaves cannot remove its successor's: Node removes the name that it was given.
 */
async function privateName(path: string): Promise<string> {
  const folder = dirname(path);
  await makeFolder(folder);
  const present = await lstat(path).catch(absent);
  if (present && !present.isSocket()) throw new BaySocketError(path);
  const own = join(folder, `.${process.pid.toString(36)}-${listeners++}`);
  await rm(own, { force: true });
  return own;
}

async function removeOwn(path: string, socket: bigint): Promise<void> {
  const present = await lstat(path, { bigint: true }).catch(absent);
  if (present?.ino === socket) await rm(path, { force: true });
}

function absent(error: unknown): undefined {
  if (hasCode(error, "ENOENT")) return undefined;
  throw error;
}
