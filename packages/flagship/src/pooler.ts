import type { AbortOptions, Clock, Deps } from "@mothership/kernel";
import { ElectionDatabaseError, PooledConnectionError } from "./errors.ts";
import { openSession, type Session, type SessionSpec } from "./session.ts";

/** How long a second session may take to show whether it is kept apart from the first. */
const patienceMs = 2000;

/**
 * Refuses a connection whose session is not its own. A pooler in transaction mode gives each transaction whichever session
 * is free: an advisory lock is then left behind in a session that others use too, where it locks nobody out, and LISTEN is
 * lost. All of it without an error, so it has to be found out.
 *
 * 1. Two statements on different server processes are proof.
 * 2. A direct connection names the process that serves it when it is made. A pooler that hides its servers names something
 *    else, but so do proxies that keep sessions apart, and two statements in a row often meet the same free session.
 * 3. So in that case a second connection takes a session and holds on to it: if that is ours, or ours changes, they share.
 *
 * @returns the process of the server that serves this session.
 */
export async function refusePooler(session: Session, spec: SessionSpec, { clock, log }: Deps, options: AbortOptions): Promise<number> {
  const pid = await backendOf(session, options);
  if ((await backendOf(session, options)) !== pid)
    throw new PooledConnectionError(session.target, "two statements ran on different server processes");
  if (pid === session.announcedPid) return pid;
  const evidence = await evidenceOfSharing(session, pid, spec, clock, options);
  if (evidence !== undefined) throw new PooledConnectionError(session.target, evidence);
  log.warn("a pooler or proxy that keeps sessions apart is between this server and the election database", { target: session.target });
  return pid;
}

async function evidenceOfSharing(
  session: Session,
  pid: number,
  spec: SessionSpec,
  clock: Clock,
  options: AbortOptions,
): Promise<string | undefined> {
  await using scope = new AsyncDisposableStack();
  const enough = new AbortController();
  scope.defer(() => enough.abort());
  const signal = options.signal ? AbortSignal.any([enough.signal, options.signal]) : enough.signal;
  // Comes to an end only when there is a session for it. While it waits for one, a session that is not ours would wait too, behind it.
  const occupied = occupy(spec, scope, clock, { signal });
  await within(patienceMs, occupied, clock);
  const after = await within(patienceMs, backendOf(session, options), clock);
  if (after === undefined) return "a statement had to wait for another connection";
  if (after !== pid) return "two statements ran on different server processes";
  const taken = await within(0, occupied, clock);
  if (taken === pid) return "two connections ran on one server process";
  return taken === "refused" ? "it allows no transactions" : undefined;
}

/** Takes a second session, which stays taken until the scope ends, and tells which server process it is in. */
async function occupy(spec: SessionSpec, scope: AsyncDisposableStack, clock: Clock, options: AbortOptions): Promise<number | "refused"> {
  const session = scope.use(await openSession(spec, clock, options));
  try {
    await session.query("BEGIN", [], options);
    return await backendOf(session, options);
  } catch (error) {
    // Poolers answer with class 08 whatever the matter is; 57P is a server that shuts down.
    if (error instanceof ElectionDatabaseError && error.sqlState !== undefined && !error.sqlState.startsWith("57P")) return "refused";
    throw error;
  }
}

/** What `promise` gives, or undefined when that takes longer. */
async function within<T>(ms: number, promise: Promise<T>, clock: Clock): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  using _ = clock.timer(ms, () => resolve(undefined));
  return await Promise.race([promise, late]);
}

async function backendOf(session: Session, options: AbortOptions): Promise<number> {
  const [row] = await session.query("SELECT pg_backend_pid() AS pid", [], options);
  return Number(row?.["pid"]);
}
