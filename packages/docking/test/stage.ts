import { once } from "node:events";
import { type Clock, type LogFields, type Logger, type LogLevel, systemClock } from "@mothership/kernel";
import { FakeClock, tempFolder } from "@mothership/testkit";
import { WebSocket } from "ws";
import type { BayEvents } from "../src/events.ts";
import { type Bay, type BaySpec, bayAddress, openBay } from "../src/index.ts";
import { type Edge, openEdge } from "./edge.ts";
import { type FakeBay, openFakeBay } from "./fake-bay.ts";

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export function recordingLog(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields });
  const log = { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), child: () => log };
  return log;
}

/** A bay of mothership's behind an edge, and the place where its process should listen. */
export interface Stage extends AsyncDisposable {
  readonly bay: Bay;
  readonly edge: Edge;
  readonly path: string;
  readonly log: ReturnType<typeof recordingLog>;
  readonly events: { readonly [K in keyof BayEvents]: BayEvents[K][] };
  connect(path?: string, options?: VisitOptions): Promise<Visitor>;
}

export async function openStage(spec: Partial<BaySpec> = {}, clock: Clock = systemClock): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(tempFolder());
  const address = bayAddress("bay", folder.path);
  const log = recordingLog();
  const limits = { settleMs: 1, closeMs: 2_000, drainMs: 2_000, ...spec.limits };
  const bay = stack.use(openBay({ name: "bay", address, config: {}, ...spec, limits }, { clock, log }));
  const edge = stack.use(await openEdge(bay.handler));
  const events: Stage["events"] = { moored: [], lost: [], boarded: [], reboarded: [], left: [] };
  for (const name of Object.keys(events) as (keyof BayEvents)[]) bay.events.on(name, (event) => void events[name].push(event as never));
  const visitors: Visitor[] = [];
  const all = stack.move();
  return {
    bay,
    edge,
    path: address.path,
    log,
    events,
    connect: async (path = "/", options = {}) => {
      const visitor = visit(`${edge.url}${path}`, options);
      visitors.push(visitor);
      await visitor.opened;
      return visitor;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { socket } of visitors) socket.terminate();
      // Without a deadline: a fake clock stands still, and everyone is gone.
      await bay.close({ signal: AbortSignal.abort() });
      await all.disposeAsync();
    },
  };
}

/** The same with a scripted bay that listens already. */
export async function openScriptedStage(
  spec: Partial<BaySpec> = {},
  clock: Clock = systemClock,
): Promise<Stage & { readonly fake: FakeBay }> {
  const stage = await openStage(spec, clock);
  const fake = await openFakeBay(stage.path);
  // The first try was too early; the next one may be a fake clock's to begin.
  if (clock instanceof FakeClock) await clock.advance(20);
  return {
    ...stage,
    fake,
    [Symbol.asyncDispose]: async () => {
      await fake[Symbol.asyncDispose]();
      await stage[Symbol.asyncDispose]();
    },
  };
}

/** A WebSocket client that remembers what it heard. */
export interface Visitor {
  readonly socket: WebSocket;
  readonly opened: Promise<void>;
  readonly messages: (string | Buffer)[];
  /** Code and reason of its end. */
  readonly closed: Promise<readonly [code: number, reason: string]>;
  /** The next message that no earlier call has given. */
  next(): Promise<string | Buffer>;
}

export interface VisitOptions {
  readonly protocols?: string[];
  readonly headers?: Record<string, string>;
  readonly perMessageDeflate?: boolean;
}

export function visit(url: string, { protocols = [], headers = {}, perMessageDeflate = false }: VisitOptions = {}): Visitor {
  const socket = new WebSocket(url, protocols, { headers, perMessageDeflate });
  const messages: (string | Buffer)[] = [];
  const unclaimed: (string | Buffer)[] = [];
  const wanted: PromiseWithResolvers<string | Buffer>[] = [];
  socket.on("message", (data: Buffer, binary) => {
    const message = binary ? data : data.toString();
    messages.push(message);
    const next = wanted.shift();
    if (next) next.resolve(message);
    else unclaimed.push(message);
  });
  const closed = new Promise<readonly [number, string]>((resolve) => {
    socket.on("close", (code, reason) => {
      resolve([code, reason.toString()]);
      for (const next of wanted) next.reject(new Error(`the client was closed with ${code} ${reason}`));
    });
  });
  const opened = once(socket, "open").then(() => undefined);
  // Whoever wants to know awaits `opened`; a later failure ends in `closed`.
  opened.catch(() => undefined);
  socket.on("error", () => undefined);
  return {
    socket,
    opened,
    messages,
    closed,
    next: () => {
      const ready = unclaimed.shift();
      if (ready !== undefined) return Promise.resolve(ready);
      const next = Promise.withResolvers<string | Buffer>();
      wanted.push(next);
      return next.promise;
    },
  };
}

/** Status and fields of a handshake that is answered with no 101. */
export async function refusalOf(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly headers: Record<string, unknown>; readonly body: string }> {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  socket.on("error", () => undefined);
  const [, response] = await once(socket, "unexpected-response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
}
