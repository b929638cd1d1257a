import type { AbortOptions, Deps } from "@mothership/kernel";
import { Call } from "./client-call.ts";
import { ClientConnection, type ConnectionHost } from "./client-connection.ts";
import { type ClientSettings, withDefaults } from "./client-settings.ts";
import { UpstreamError, type UpstreamFailure } from "./errors.ts";
import { finishWithin } from "./finish-within.ts";
import type { ClientExchange, ClientPool, Outgoing, PoolSpec, ResponseHandler } from "./types.ts";
import { Watch } from "./watch.ts";

/**
 * Opens a pool of connections to one upstream; nothing is dialled before the first request. The connection that became free last is used
 * first, so that the others may age and close. It never retries: `ClientError` says what a caller must know to do so.
 *
 * `close()` lets requests under way finish and fails those that wait; the signal, or without one `closeMs`, cuts the rest. Connections that left by an
 * upgrade are their takers'.
 */
export function openPool(spec: PoolSpec, deps: Deps): ClientPool {
  return new Pool(withDefaults(spec), deps);
}

class Pool implements ClientPool, ConnectionHost {
  readonly #settings: ClientSettings;
  readonly #deps: Deps;
  readonly #connections = new Set<ClientConnection>();
  /** A stack: the last in is the first out. */
  readonly #idle: ClientConnection[] = [];
  /** Calls that wait, the oldest first, with the time at which each has waited too long. */
  readonly #queue = new Map<Call, number>();
  readonly #watch: Watch;
  readonly #closed = Promise.withResolvers<void>();
  #closing = false;

  constructor(settings: ClientSettings, deps: Deps) {
    this.#settings = settings;
    this.#deps = deps;
    this.#watch = new Watch(deps.clock, () => this.#overdue());
  }

  get open(): number {
    return this.#connections.size;
  }

  get idle(): number {
    return this.#idle.length;
  }

  get queued(): number {
    return this.#queue.size;
  }

  request(outgoing: Outgoing, handler: ResponseHandler): ClientExchange {
    let call: Call;
    try {
      call = new Call(outgoing, handler, this.#onCancelled);
    } catch (cause) {
      return refuse(handler, "MS_HTTP1_REQUEST_INVALID", cause);
    }
    if (this.#closing) return refuse(handler, "MS_HTTP1_POOL_CLOSED");
    const free = outgoing.fresh ? undefined : this.#takeIdle();
    if (free) free.start(call);
    else if (this.#connections.size < this.#settings.maxConnections || this.#giveUpIdle()) this.#dial(call);
    else if (this.#queue.size < this.#settings.maxQueued) this.#enqueue(call);
    else return refuse(handler, "MS_HTTP1_QUEUE_FULL");
    return call;
  }

  close(options: AbortOptions = {}): Promise<void> {
    this.#closing = true;
    for (const call of [...this.#queue.keys()]) call.failed("MS_HTTP1_POOL_CLOSED");
    this.#queue.clear();
    this.#watch.stop();
    for (const connection of [...this.#idle]) connection.destroy("MS_HTTP1_POOL_CLOSED");
    const force = (): void => {
      for (const connection of [...this.#connections]) connection.destroy("MS_HTTP1_POOL_CLOSED");
    };
    if (this.#connections.size === 0) this.#closed.resolve();
    return finishWithin(this.#closed.promise, this.#settings.timeouts.closeMs, this.#deps.clock, force, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  free(connection: ClientConnection): void {
    if (this.#closing) {
      connection.destroy("MS_HTTP1_POOL_CLOSED");
      return;
    }
    const next = this.#dequeue();
    if (next) connection.start(next);
    else this.#idle.push(connection);
  }

  left(connection: ClientConnection): void {
    this.#connections.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#closing) {
      if (this.#connections.size === 0) this.#closed.resolve();
      return;
    }
    const next = this.#dequeue();
    if (next) this.#dial(next);
  }

  #takeIdle(): ClientConnection | undefined {
    for (let last = this.#idle.pop(); last; last = this.#idle.pop()) {
      if (last.usable) return last;
      last.destroy("MS_HTTP1_UPSTREAM_CLOSED");
    }
    return undefined;
  }

  /** Makes room for a fresh connection: the one that has been free for longest goes. */
  #giveUpIdle(): boolean {
    this.#idle[0]?.destroy("MS_HTTP1_POOL_CLOSED");
    return this.#connections.size < this.#settings.maxConnections;
  }

  #dial(call: Call): void {
    try {
      this.#connections.add(new ClientConnection(call, this.#settings, this, this.#deps));
    } catch (cause) {
      // A certificate that cannot be read, for example. The handler hears nothing before `request` has returned.
      process.nextTick(() => call.failed("MS_HTTP1_CONNECT_FAILED", cause));
    }
  }

  #enqueue(call: Call): void {
    const { queueMs } = this.#settings.timeouts;
    if (this.#queue.size === 0) this.#watch.set(queueMs);
    this.#queue.set(call, this.#deps.clock.now() + queueMs);
  }

  #dequeue(): Call | undefined {
    for (const [call] of this.#queue) {
      this.#queue.delete(call);
      return call;
    }
    return undefined;
  }

  #overdue(): void {
    const now = this.#deps.clock.now();
    for (const [call, due] of this.#queue) {
      if (due > now) {
        this.#watch.set(due - now);
        return;
      }
      this.#queue.delete(call);
      call.failed("MS_HTTP1_QUEUE_TIMEOUT");
    }
  }

  readonly #onCancelled = (call: Call): void => {
    if (this.#queue.delete(call)) return;
    for (const connection of this.#connections) {
      if (connection.call !== call) continue;
      // It was being dialled for this call: another may have it.
      const next = this.#dequeue();
      if (next) connection.reassign(next);
      else connection.destroy("MS_HTTP1_POOL_CLOSED");
      return;
    }
  };
}

function refuse(handler: ResponseHandler, code: UpstreamFailure, cause?: unknown): ClientExchange {
  const error = new UpstreamError(code, { written: false }, cause === undefined ? undefined : { cause });
  let wanted = true;
  // The handler hears nothing before `request` has returned.
  process.nextTick(() => {
    if (wanted) handler.failed(error);
  });
  return {
    cancel: () => {
      wanted = false;
    },
  };
}
