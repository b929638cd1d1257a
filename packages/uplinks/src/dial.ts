import { lookup } from "node:dns";
import { connect, isIP, type Socket } from "node:net";
import type { AbortOptions, Clock } from "@mothership/kernel";
import { reasonOf } from "./reason.ts";

/** How long one address has before the next is tried beside it (RFC 8305, section 5). */
const attemptDelayMs = 250;
/** A name with more addresses than this is tried at the first ones only. */
const maxAddresses = 16;

/** Every address of a host failed; the message gives each reason once, with the addresses that a name stands for. */
export class DialFailure extends Error {
  constructor(host: string, failures: readonly { readonly address: string; readonly error: unknown }[]) {
    const byReason = Map.groupBy(failures, ({ error }) => reasonOf(error));
    const where = (all: typeof failures): string => (isIP(host) === 0 ? ` (${all.map(({ address }) => address).join(", ")})` : "");
    super(Array.from(byReason, ([reason, all]) => `${reason}${where(all)}`).join("; "));
    this.name = "DialFailure";
  }
}

/** Addresses of a host, as the system's resolver gives them. */
export type Resolve = (host: string, options: AbortOptions) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/**
 * Connects to the first address of a host that answers. Addresses are tried in turn, families alternating, and an attempt
 * that is slow goes on beside the next one (RFC 8305). Node's own `autoSelectFamily` gives the slow one up instead, so a
 * host that is further away than the delay would look unreachable.
 *
 * The caller owns the socket. When the signal fires every attempt is destroyed and it rejects with the signal's reason.
 *
 * @throws {DialFailure} when no address could be reached; what the resolver says when it knows none.
 */
export async function dial(
  host: string,
  port: number,
  { clock, resolve = systemResolve }: { readonly clock: Clock; readonly resolve?: Resolve },
  { signal }: AbortOptions,
): Promise<Socket> {
  signal?.throwIfAborted();
  const known = isIP(host) === 0 ? await resolve(host, { signal }) : [{ address: host, family: isIP(host) }];
  return race(host, alternate(known).slice(0, maxAddresses), port, clock, signal);
}

function race(host: string, addresses: readonly string[], port: number, clock: Clock, signal: AbortSignal | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    const failures: { readonly address: string; readonly error: unknown }[] = [];
    let tried = 0;
    let nextTurn: Disposable | undefined;

    const finish = (): void => {
      nextTurn?.[Symbol.dispose]();
      signal?.removeEventListener("abort", abort);
      for (const socket of open) socket.destroy();
    };
    const abort = (): void => {
      finish();
      reject(signal?.reason);
    };
    const attempt = (): void => {
      nextTurn?.[Symbol.dispose]();
      const address = addresses[tried++] ?? "";
      if (tried < addresses.length) nextTurn = clock.timer(attemptDelayMs, attempt);
      const socket = connect({ host: address, port });
      open.add(socket);
      socket.once("connect", () => {
        open.delete(socket);
        socket.removeListener("error", failed);
        finish();
        resolve(socket);
      });
      const failed = (error: unknown): void => {
        open.delete(socket);
        failures.push({ address, error });
        if (tried < addresses.length) attempt();
        else if (open.size === 0) {
          finish();
          reject(new DialFailure(host, failures));
        }
      };
      socket.once("error", failed);
    };

    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort, { once: true });
    attempt();
  });
}

/** The resolver's order, but a family that does not work is left after one attempt (RFC 8305, section 4). */
function alternate(known: readonly { readonly address: string; readonly family: number }[]): string[] {
  const first = known.filter(({ family }) => family === known[0]?.family);
  const others = known.filter(({ family }) => family !== known[0]?.family);
  return first
    .flatMap((entry, at) => [entry, ...others.slice(at, at + 1)])
    .concat(others.slice(first.length))
    .map(({ address }) => address);
}

function systemResolve(host: string, { signal }: AbortOptions): ReturnType<Resolve> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    // The system's call cannot be cancelled; after an abort its answer is dropped.
    lookup(host, { all: true, order: "verbatim" }, (error, addresses) => {
      signal?.removeEventListener("abort", abort);
      if (error) reject(error);
      else if (addresses.length === 0) reject(Object.assign(new Error("no address"), { code: "ENOTFOUND" }));
      else resolve(addresses);
    });
  });
}
