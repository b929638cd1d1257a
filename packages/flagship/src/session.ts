import { addAbortListener } from "node:events";
import { Socket } from "node:net";
import { type AbortOptions, type Clock, DeadlineError, deadline } from "@mothership/kernel";
import { Client } from "pg";
import { databaseError } from "./driver-error.ts";
import type { ElectionUrl } from "./election-url.ts";
import { ElectionDatabaseError } from "./errors.ts";
import type { TlsChoice } from "./ssl-policy.ts";

export type Row = Readonly<Record<string, unknown>>;

export interface SessionSpec {
  readonly url: ElectionUrl;
  /** Tried in order; the next one when the server refuses. */
  readonly tls: readonly TlsChoice[];
  /** What `pg_stat_activity` shows. */
  readonly applicationName: string;
  /** How long one statement may take; a session that is silent for longer is given up. */
  readonly answerTimeoutMs: number;
}

const keepAliveDelayMs = 10_000;
/** How long a polite goodbye may take. */
const goodbyeMs = 1000;

/**
 * One connection to the database, of our own and never pooled: the lock belongs to it. Statements run one after the other.
 * Whatever breaks it, a statement that is not answered in time included, is the reason of `lost`.
 */
export class Session implements AsyncDisposable {
  /** Process of the server that the server named when the connection was made; a pooler names something else. */
  readonly announcedPid: number;
  readonly #spec: SessionSpec;
  readonly #clock: Clock;
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #lost = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #notified = false;
  #wake: (() => void) | undefined;
  #closing = false;

  constructor(spec: SessionSpec, clock: Clock, client: Client, socket: Socket, announcedPid: number) {
    this.#spec = spec;
    this.#clock = clock;
    this.#client = client;
    this.#socket = socket;
    this.announcedPid = announcedPid;
    client.on("error", (error) => this.#fail(databaseError(error, spec.url, { established: true })));
    client.on("end", () => this.#fail(new ElectionDatabaseError(spec.url.target, "the connection ended", { transient: true })));
    client.on("notification", () => {
      this.#notified = true;
      this.#wake?.();
    });
  }

  get target(): string {
    return this.#spec.url.target;
  }

  /** Fires once the connection is of no use any more; closing it does not fire it. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Runs one statement. A statement cannot be taken back, so a signal that fires in the middle ends the whole session. */
  query(text: string, values: readonly (string | number | boolean | null)[] = [], { signal }: AbortOptions = {}): Promise<readonly Row[]> {
    const run = this.#turn.then(() => this.#ask(text, values, signal));
    this.#turn = run.catch(() => undefined); // The caller hears of it; the next statement has its own fate.
    return run;
  }

  /** Resolves when a notification has come since the last call, when `ms` have passed, or when the session is lost. */
  async notification(ms: number, { signal }: AbortOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    using _timer = this.#clock.timer(ms, resolve);
    using _lost = addAbortListener(this.lost, () => resolve());
    using _signal = signal && addAbortListener(signal, () => reject(signal.reason));
    this.#wake = resolve;
    if (this.#notified) resolve();
    try {
      await promise;
    } finally {
      this.#wake = undefined;
      this.#notified = false;
    }
  }

  /** Says goodbye, which gives up the locks at once, and resolves when the socket is gone. */
  async close(): Promise<void> {
    this.#closing = true;
    using limit = deadline("closing the session", goodbyeMs, this.#clock);
    using _ = addAbortListener(limit.signal, () => this.#socket.destroy());
    await this.#client.end();
    this.#socket.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #ask(
    text: string,
    values: readonly (string | number | boolean | null)[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[]> {
    signal?.throwIfAborted();
    this.lost.throwIfAborted();
    const { url, answerTimeoutMs } = this.#spec;
    using limit = deadline("waiting for PostgreSQL", answerTimeoutMs, this.#clock, signal);
    using _ = addAbortListener(limit.signal, () => {
      const silent = limit.signal.reason instanceof DeadlineError;
      this.#fail(
        new ElectionDatabaseError(url.target, silent ? `no answer within ${answerTimeoutMs / 1000} s` : "given up", { transient: true }),
      );
    });
    try {
      return (await this.#client.query<Row>(text, [...values])).rows;
    } catch (error) {
      signal?.throwIfAborted();
      this.lost.throwIfAborted();
      throw databaseError(error, url, { established: true });
    }
  }

  #fail(reason: ElectionDatabaseError): void {
    if (!this.#closing) this.#lost.abort(reason);
    this.#socket.destroy();
  }
}

/**
 * Connects and logs in.
 *
 * @throws {ElectionDatabaseError}, `transient` when another try may succeed; the signal's reason.
 */
export async function openSession(spec: SessionSpec, clock: Clock, { signal }: AbortOptions): Promise<Session> {
  let failure: unknown;
  for (const tls of spec.tls) {
    try {
      return await connect(spec, tls, clock, signal);
    } catch (error) {
      failure = error;
      // libpq too goes to its second way only when there is a server that refused the first.
      if (!(error instanceof ElectionDatabaseError) || error.transient) throw error;
    }
  }
  throw failure;
}

async function connect(spec: SessionSpec, tls: TlsChoice, clock: Clock, signal: AbortSignal | undefined): Promise<Session> {
  const { url, applicationName } = spec;
  signal?.throwIfAborted();
  // Ours, so that it can be destroyed whatever state the driver is in.
  const socket = new Socket();
  const heard = { pid: 0, binding: false };
  const client = new Client({
    stream: () => socket,
    host: url.host,
    port: url.port,
    user: url.user,
    database: url.database,
    // A function, so that neither the environment nor a password file of the driver's is asked, and so that nothing
    // is sent to a server that does not offer the binding that was required.
    password: () => {
      if (url.requireBinding && !heard.binding)
        throw new ElectionDatabaseError(url.target, "the server offers no channel binding, which the URL requires");
      if (url.password === undefined) throw new ElectionDatabaseError(url.target, "the server asks for a password, and the URL holds none");
      return url.password;
    },
    ssl: tls,
    sslnegotiation: url.directTls && tls !== false ? "direct" : "postgres",
    enableChannelBinding: url.requireBinding,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    application_name: applicationName,
    ...(url.options !== undefined && { options: url.options }),
  });
  client.connection.on("backendKeyData", (message: { readonly processID: number }) => {
    heard.pid = message.processID;
  });
  client.connection.on("authenticationSASL", (message: { readonly mechanisms: readonly string[] }) => {
    heard.binding = message.mechanisms.includes("SCRAM-SHA-256-PLUS");
  });
  const ignore = (): void => undefined; // Until it is connected, the promise below tells of every error.
  client.on("error", ignore);
  try {
    using _ = signal && addAbortListener(signal, () => socket.destroy());
    await client.connect();
    if (url.requireBinding && !heard.binding)
      throw new ElectionDatabaseError(url.target, "the server let us in without channel binding, which the URL requires");
  } catch (error) {
    socket.destroy();
    signal?.throwIfAborted();
    throw databaseError(error, url);
  }
  const session = new Session(spec, clock, client, socket, heard.pid);
  client.removeListener("error", ignore);
  return session;
}
