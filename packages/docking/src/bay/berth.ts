/**
 * One link, as the bay has it.
 *
 * 1. Mothership connects; the bay says Dock and waits for Moored. 2. `moored` runs; then Ready. 3. Clients board, send, leave.
 * 4. Drain, from either side: the bay finishes what it has, returns all credit, and closes the connection.
 */
import { isUtf8 } from "node:buffer";
import type { Socket } from "node:net";
import { deadline } from "@mothership/kernel";
import { closeCodes, fitReason } from "../close-codes.ts";
import { codeOf, FrameUnexpectedError, LinkClosedError, LinkFaultError } from "../errors.ts";
import type { BoardingFrame, Frame, MooredTerms } from "../frame.ts";
import { Boarded, Mux } from "../mux.ts";
import { Budget } from "../outbox.ts";
import { FrameStream } from "../stream.ts";
import { BoardedClient, type BoardedClientHost } from "./boarded-client.ts";
import type { BayClient, BayHandlers, BoardingAnswer } from "./handlers.ts";
import type { CompleteBayOptions } from "./options.ts";

/** What a berth tells the bay. */
export interface BerthHost {
  readonly clients: Set<BayClient>;
  failed(error: unknown, client?: BayClient): void;
  moored(config: Readonly<Record<string, string>>): void;
  /** Called once. `early`: before Moored, which is how a mothership that knows version 1 alone may take a Dock of version 2. */
  closed(berth: Berth, early: boolean): void;
}

/** How long the other side may take to close the connection after us. */
const closeMs = 5_000;

type Moored = Extract<Frame, { readonly type: "moored" }>;

export class Berth implements BoardedClientHost {
  readonly maxQueued: number;
  readonly budget: Budget;
  readonly #options: CompleteBayOptions;
  readonly #handlers: BayHandlers;
  readonly #host: BerthHost;
  readonly #stream: FrameStream;
  readonly #boarded = new Boarded();
  readonly #clients = new Map<number, BoardedClient>();
  readonly #ended = Promise.withResolvers<void>();
  #mux: Mux<BoardedClient> | undefined;
  #terms: MooredTerms | undefined;
  #timer: Disposable | undefined;
  #busy = 0;
  #draining = false;
  #finishing = false;
  #over = false;

  constructor(socket: Socket, version: 1 | 2, options: CompleteBayOptions, handlers: BayHandlers, host: BerthHost) {
    this.#options = options;
    this.#handlers = handlers;
    this.#host = host;
    this.maxQueued = options.maxQueuedBytes;
    this.budget = new Budget(Number.POSITIVE_INFINITY);
    this.#stream = new FrameStream(socket, options.frames, {
      frame: (frame) => this.#frame(frame),
      drained: () => {
        this.#mux?.pump();
        this.#settle();
      },
      ended: () => this.#close(),
      broken: (error) => this.#fail(error),
      closed: () => {
        this.#close();
        this.#timer?.[Symbol.dispose]();
        this.#ended.resolve();
      },
    });
    const { name: ship, windowBytes: window, linkWindowBytes: linkWindow, maxMessageBytes: maxMessage, links } = options;
    const terms = { features: ["reboard", "drain", "links"], window, linkWindow, maxMessage, links };
    this.#stream.send(version === 1 ? { type: "dock", version, ship } : { type: "dock", version, ship, terms });
    const limit = deadline("waiting for Moored", options.mooredMs, options.clock);
    limit.signal.addEventListener("abort", () => this.#fail(limit.signal.reason), { once: true });
    this.#timer = limit;
  }

  /** Resolves when nothing of the link is left. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get maxMessage(): number {
    return this.#terms?.maxMessage ?? this.#options.frames.maxFrameBytes - 4;
  }

  /** Asks mothership to take the clients elsewhere; ends the link when it has agreed and everything is finished, or time is up. */
  drain(): void {
    if (this.#draining || this.#over) return;
    this.#draining = true;
    const { drainMs, clock } = this.#options;
    if (!this.#mux || !this.#terms?.features.includes("drain")) {
      this.#close();
      return;
    }
    this.#timer?.[Symbol.dispose]();
    this.#timer = clock.timer(drainMs, () => this.#close());
    this.#stream.send({ type: "ready", accepting: false });
    this.#stream.send({ type: "drain", withinMs: drainMs });
  }

  /** Cuts the link. */
  destroy(): void {
    this.#close();
    this.#stream.destroy();
  }

  closed(client: BoardedClient, code: number, reason: string): void {
    this.#stream.send({ type: "disembark", connId: client.id, code, reason: fitReason(reason) });
    this.#leave(client, code, reason);
  }

  #frame(frame: Frame): void {
    if (this.#over) return;
    if (!this.#mux) {
      if (frame.type === "fault") throw new LinkFaultError(frame.code, frame.message);
      if (frame.type !== "moored") throw new FrameUnexpectedError(frame.type, "mothership begins with Moored");
      this.#moored(frame);
      return;
    }
    switch (frame.type) {
      case "boarding":
        this.#board(frame);
        return;
      case "message":
      case "cargo":
      case "credit":
        this.#mux.receive(frame);
        return;
      case "disembark": {
        const client = this.#clients.get(frame.connId);
        if (client) this.#leave(client, frame.code, frame.reason);
        return;
      }
      case "ping":
        this.#stream.send({ type: "pong", token: frame.token });
        return;
      case "pong":
        return;
      case "drain":
        this.#finish(frame.withinMs);
        return;
      case "fault":
        throw new LinkFaultError(frame.code, frame.message);
      default:
        throw new FrameUnexpectedError(frame.type, "mothership does not send it here");
    }
  }

  #moored({ config, terms }: Moored): void {
    this.#timer?.[Symbol.dispose]();
    this.#terms = terms;
    const { windowBytes, linkWindowBytes, maxMessageBytes, clock } = this.#options;
    const windows = { sendWindow: terms?.window ?? 0, sendLinkWindow: terms?.linkWindow ?? 0 };
    const own = { receiveWindow: windowBytes, receiveLinkWindow: linkWindowBytes, maxReceive: maxMessageBytes };
    this.#mux = new Mux<BoardedClient>(
      { version: terms ? 2 : 1, ...windows, ...own },
      this.#stream,
      {
        message: ({ owner }, data, binary, cost) => this.#message(owner, data, binary, cost),
        emptied: ({ owner }) => {
          owner.emptied();
          this.#settle();
        },
        stray: (connId, type) => this.#boarded.check(connId, type, this.#clients.has(connId)),
      },
      clock,
    );
    this.#host.moored(config);
    this.#busy++;
    const ready = (): void => {
      this.#busy--;
      if (terms && !this.#over && !this.#draining) this.#stream.send({ type: "ready", accepting: true });
      this.#settle();
    };
    // A bay that could not prepare itself takes no clients.
    Promise.try(() => this.#handlers.moored?.(config)).then(ready, (error) => this.#fail(error));
  }

  #board(frame: BoardingFrame): void {
    if (this.#clients.has(frame.connId)) throw new FrameUnexpectedError("boarding", `client ${frame.connId} is aboard already`);
    this.#boarded.add(frame.connId);
    const client = new BoardedClient(frame, this);
    if (this.#clients.size >= this.#options.maxClients) {
      this.#refuse(client, { refuse: 503 });
      return;
    }
    this.#clients.set(client.id, client);
    this.#host.clients.add(client);
    this.#busy++;
    Promise.try(() => this.#handlers.board?.(client))
      .then(
        (answer) => this.#answer(client, answer ?? {}),
        (error) => {
          this.#host.failed(error, client);
          this.#answer(client, { refuse: 500 });
        },
      )
      .catch((error) => this.#fail(error))
      .finally(() => this.#idle());
  }

  #answer(client: BoardedClient, answer: BoardingAnswer): void {
    // It may have left, or been closed, meanwhile.
    if (!client.open || this.#over) return;
    if ("refuse" in answer) {
      this.#refuse(client, answer);
      this.#forget(client);
      return;
    }
    const { protocol = "", headers = [] } = answer;
    if (this.#terms) this.#stream.send({ type: "accept", connId: client.id, protocol, headers });
    client.join((outbox) => this.#mux!.open(client.id, client, outbox));
    this.#mux!.pump();
  }

  #refuse(client: BoardedClient, { refuse: status, headers = [], body = "" }: Extract<BoardingAnswer, { readonly refuse: number }>): void {
    const connId = client.id;
    if (this.#terms) this.#stream.send({ type: "refuse", connId, status, headers, body });
    else this.#stream.send({ type: "disembark", connId, code: closeCodes.policy, reason: "refused" });
  }

  #message(client: BoardedClient, bytes: Uint8Array, binary: boolean, cost: number): void {
    if (!client.open) {
      client.taken(cost);
      return;
    }
    const text = this.#terms ? !binary : isUtf8(bytes);
    const data = text ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString() : Uint8Array.from(bytes);
    let pending: Promise<void> | undefined;
    try {
      pending = this.#handlers.message(client, data) ?? undefined;
    } catch (error) {
      this.#broke(error, client);
    }
    if (!pending) {
      client.taken(cost);
      return;
    }
    this.#busy++;
    pending
      .catch((error) => this.#broke(error, client))
      .finally(() => {
        client.taken(cost);
        this.#idle();
      });
  }

  #broke(error: unknown, client: BoardedClient): void {
    this.#host.failed(error, client);
    client.close(closeCodes.internalError, "the service failed");
  }

  #leave(client: BoardedClient, code: number, reason: string): void {
    this.#forget(client);
    this.#try(() => this.#handlers.left?.(client, code, reason), client);
    this.#settle();
  }

  #forget(client: BoardedClient): void {
    this.#clients.delete(client.id);
    this.#host.clients.delete(client);
    client.leave();
  }

  #try(run: () => void, client: BoardedClient): void {
    try {
      run();
    } catch (error) {
      this.#host.failed(error, client);
    }
  }

  /** Mothership sends nothing new: the link ends as soon as nothing is left to do. */
  #finish(withinMs: number): void {
    this.#draining = this.#finishing = true;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.timer(Math.min(withinMs, this.#options.drainMs), () => this.#close());
    this.#settle();
  }

  #idle(): void {
    this.#busy--;
    this.#settle();
  }

  #settle(): void {
    if (!this.#finishing || this.#over || this.#busy > 0) return;
    if (this.budget.used > 0) return;
    this.#mux?.flushCredit();
    this.#close();
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.#host.failed(error);
    const told = error instanceof LinkFaultError || error instanceof LinkClosedError;
    if (this.#terms && !told) {
      this.#stream.send({ type: "fault", code: codeOf(error), message: error.message.slice(0, 500) });
    }
    this.#close();
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.[Symbol.dispose]();
    this.#mux?.close();
    const [code, reason] = this.#draining ? [closeCodes.serviceRestart, "handed over"] : [closeCodes.abnormal, "the link ended"];
    for (const client of [...this.#clients.values()]) this.#leave(client, code, reason);
    // What was written still goes out; a mothership that does not read it does not keep the link for that.
    this.#stream.end();
    this.#timer = this.#options.clock.timer(closeMs, () => this.#stream.destroy());
    this.#host.closed(this, this.#mux === undefined);
  }
}
