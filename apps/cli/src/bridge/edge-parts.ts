import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { type Bay, type BaySpec, openBay } from "@mothership/docking";
import type { Deps, Middleware } from "@mothership/kernel";
import { openPayload, type Payload } from "@mothership/payloads";
import { openUpstream, type Upstream } from "@mothership/proxy";
import type { Availability } from "./availability.ts";
import { PayloadUnusableError } from "./errors.ts";
import type { PayloadPlan, UpstreamPlan } from "./plan/edge.ts";
import type { Remembered } from "./request-path.ts";

/** What of the edge runs on from one plan to the next. */

interface BayOptions {
  readonly onBayFault?: (bay: string, reason: string) => void;
  readonly openBay?: (spec: BaySpec, deps: Deps) => Bay;
}

/** Running things by name, each with what it was made from. */
export type OpenMap<S, R> = ReadonlyMap<string, { readonly spec: S; readonly running: R }>;

/** One running thing for each spec: that of `before` where the spec is the same. */
function reuse<S extends { readonly name: string }, R>(specs: readonly S[], before: OpenMap<S, R>, open: (spec: S) => R): OpenMap<S, R> {
  return new Map(
    specs.map((spec) => {
      const known = before.get(spec.name);
      return [spec.name, known && isDeepStrictEqual(known.spec, spec) ? known : { spec, running: open(spec) }];
    }),
  );
}

/** The same service: what is known of it holds, however it is talked to from now on. */
export function isSameService(one: UpstreamPlan | undefined, other: UpstreamPlan): boolean {
  return one !== undefined && isDeepStrictEqual(one.address, other.address);
}

/**
 * What an upstream begins with when the plan says something else about it. At another address there is nobody yet, but whoever serves at the old
 * one is about to move there: until somebody knows better, requests wait.
 */
export function availabilityAfter(before: UpstreamPlan | undefined, availability: Availability, next: UpstreamPlan): Availability {
  return availability === false || isSameService(before, next) ? availability : "soon";
}

/** Pools to ships: those of before where nothing about them changed. New ones begin as `available` says, or else unavailable. */
export function openUpstreams(
  specs: readonly UpstreamPlan[],
  before: OpenMap<UpstreamPlan, Upstream>,
  available: ReadonlyMap<string, Availability> | undefined,
  deps: Deps,
): OpenMap<UpstreamPlan, Upstream> {
  return reuse(specs, before, (spec) => {
    const known = before.get(spec.name);
    const availability = known
      ? availabilityAfter(known.spec, known.running.holding ? "soon" : known.running.available, spec)
      : (available?.get(spec.name) ?? false);
    const upstream = openUpstream({ ...spec, available: availability === true }, deps);
    if (availability === "soon") upstream.hold();
    return upstream;
  });
}

/** Links to bays, in the same way. */
export function openBays(
  specs: readonly BaySpec[],
  before: OpenMap<BaySpec, Bay>,
  { onBayFault, openBay: open = openBay }: BayOptions,
  deps: Deps,
): OpenMap<BaySpec, Bay> {
  return reuse(specs, before, (spec) => {
    const bay = open(spec, deps);
    bay.events.on("lost", ({ kind, reason }) => {
      if (kind === "fault" || kind === "silent" || kind === "closed") onBayFault?.(spec.name, reason);
    });
    return bay;
  });
}

/** What ran before and does not run any more. */
export function gone<S, R>(before: OpenMap<S, R>, now: OpenMap<S, R>): R[] {
  return Array.from(before, ([name, { running }]) => (now.get(name)?.running === running ? [] : [running])).flat();
}

/** The running things alone. */
export function valuesOf<S, R>(map: OpenMap<S, R>): ReadonlyMap<string, R> {
  return new Map(Array.from(map, ([name, { running }]) => [name, running]));
}

/** Payloads in their order. @throws {PayloadUnusableError} */
export async function openPayloads(plans: readonly PayloadPlan[], deps: Deps): Promise<Payload[]> {
  const open = async ({ spec, file }: PayloadPlan): Promise<Payload> => {
    try {
      return await openPayload(spec, new Uint8Array(await readFile(file)), deps);
    } catch (error) {
      throw new PayloadUnusableError(spec.name, file, error);
    }
  };
  return await Promise.all(plans.map(open));
}

/** Keeps middleware from one plan to the next, as long as its settings stay. */
export function rememberer(): Remembered {
  const kept = new Map<string, { readonly settings: unknown; readonly middleware: Middleware }>();
  return (name, settings, make) => {
    const known = kept.get(name);
    if (known && isDeepStrictEqual(known.settings, settings)) return known.middleware;
    const middleware = make(settings);
    kept.set(name, { settings, middleware });
    return middleware;
  };
}
