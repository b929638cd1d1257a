import { type AbortOptions, DeadlineError, type Deps, deadline, hasCode } from "@mothership/kernel";
import { DialFailure, dial } from "./dial.ts";
import { UplinkUrlError } from "./errors.ts";
import { statusOf } from "./http.ts";
import { reasonOf } from "./reason.ts";
import { parseUplink, type Uplink, type UplinkTarget } from "./uplink.ts";

/** What the check of one uplink gave. */
export interface UplinkReport {
  readonly name: string;
  /** Scheme, host and port, without anything secret; "" when the URL names none. */
  readonly target: string;
  readonly ok: boolean;
  readonly durationMs: number;
  /** Why it is not reachable, in plain words; absent when it is. */
  readonly reason?: string;
  /** Name of the uplink whose check this is: the first one with the same host and port. */
  readonly sharedWith?: string;
}

export interface CheckOptions extends AbortOptions {
  /** Checks that run at the same time; default 32. */
  readonly maxParallel?: number;
}

/** An uplink and what its URL says. */
interface Entry {
  readonly uplink: Uplink;
  readonly target: UplinkTarget;
}

/** One check and everyone who asked for it. */
interface Check {
  readonly entries: readonly Entry[];
  /** The entry whose URL is fetched, or the first one. */
  readonly subject: Entry;
  readonly timeoutMs: number;
}

/** `connected` without `reason`: everything is well. */
interface Finding {
  readonly connected: boolean;
  readonly reason?: string;
  readonly durationMs: number;
}

const defaultMaxParallel = 32;

/**
 * Checks which uplinks are reachable, all at once up to a limit, and reports them in the given order. An uplink that is
 * down, and a URL that cannot be checked, are reports and not errors.
 *
 * Uplinks with one host and port share one check, which gets the longest of their time limits. If one of them is http or
 * https, the first such URL is fetched, and any status below 500 is well; for the others the connection alone counts.
 *
 * When the signal fires it rejects with its reason, and no socket is left.
 */
export async function checkUplinks(
  uplinks: readonly Uplink[],
  deps: Deps,
  { signal, maxParallel = defaultMaxParallel }: CheckOptions = {},
): Promise<readonly UplinkReport[]> {
  signal?.throwIfAborted();
  const parsed = uplinks.map((uplink) => ({ uplink, target: targetOf(uplink) }));
  const entries = parsed.filter((one): one is Entry => !(one.target instanceof UplinkUrlError));
  const groups = Map.groupBy(entries, ({ target }) => `${target.host} ${target.port}`);
  const reports = new Map<object, UplinkReport>();
  for (const { uplink, target } of parsed) if (target instanceof UplinkUrlError) reports.set(uplink, unusable(target));

  const queue = Array.from(groups.values(), planCheck).values();
  const worker = async (): Promise<void> => {
    for (const check of queue) {
      const finding = await runCheck(check, deps, { signal });
      for (const entry of check.entries) reports.set(entry.uplink, reportOf(entry, check, finding));
    }
  };
  // Settled, not merely failed: when the signal fires, every check has let go of its sockets before this rejects.
  const workers = await Promise.allSettled(Array.from({ length: Math.min(Math.max(1, maxParallel), groups.size) }, worker));
  for (const one of workers) if (one.status === "rejected") throw one.reason;
  return uplinks.flatMap((uplink) => reports.get(uplink) ?? []);
}

function targetOf({ name, url }: Uplink): UplinkTarget | UplinkUrlError {
  try {
    return parseUplink(name, url);
  } catch (error) {
    if (error instanceof UplinkUrlError) return error;
    throw error;
  }
}

function planCheck(entries: readonly Entry[]): Check {
  const subject = entries.find(({ target }) => target.check === "http") ?? entries[0];
  if (!subject) throw new RangeError("a check needs an uplink");
  return { entries, subject, timeoutMs: Math.max(...entries.map(({ uplink }) => uplink.timeoutMs)) };
}

function unusable({ uplink, reason }: UplinkUrlError): UplinkReport {
  return { name: uplink, target: "", ok: false, durationMs: 0, reason: `the URL ${reason}` };
}

function reportOf({ uplink, target }: Entry, { entries: [first] }: Check, { connected, reason, durationMs }: Finding): UplinkReport {
  const ok = target.check === "http" ? reason === undefined : connected;
  return {
    name: uplink.name,
    target: target.target,
    ok,
    durationMs,
    ...(!ok && { reason: reason ?? "not reachable" }),
    ...(first && first.uplink !== uplink && { sharedWith: first.uplink.name }),
  };
}

/** Never rejects but with the reason of the outer signal. */
async function runCheck({ subject, timeoutMs }: Check, { clock, log }: Deps, { signal }: AbortOptions): Promise<Finding> {
  const { uplink, target } = subject;
  const started = clock.now();
  using limit = deadline(`checking uplink "${uplink.name}"`, timeoutMs, clock, signal);
  let connected = false;
  let reason: string | undefined;
  try {
    const socket = await dial(target.host, target.port, { clock }, { signal: limit.signal });
    connected = true;
    if (target.check === "tcp") socket.destroy();
    else reason = refusal(await statusOf(uplink.url, target, socket, { signal: limit.signal }));
  } catch (error) {
    signal?.throwIfAborted();
    reason = hasCode(error, "MS_DEADLINE") ? silence(error, timeoutMs) : error instanceof DialFailure ? error.message : reasonOf(error);
  }
  const durationMs = Math.round(clock.now() - started);
  log.debug("uplink checked", { uplink: uplink.name, target: target.target, reason: reason ?? "reachable", durationMs });
  return { connected, durationMs, ...(reason !== undefined && { reason }) };
}

/** A server that answers with its own fault is there but of no use; every other answer shows that it works. */
function refusal(status: number): string | undefined {
  return status >= 500 ? `answered with status ${status}` : undefined;
}

function silence(error: unknown, timeoutMs: number): string {
  const ms = error instanceof DeadlineError ? error.ms : timeoutMs;
  return `no answer within ${ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`}`;
}
