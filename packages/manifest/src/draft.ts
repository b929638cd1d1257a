import type { Address } from "@mothership/kernel";
import type { Spot } from "./issue.ts";
import type { Path } from "./positions.ts";
import type { Bay, Dependency, Manifest, Module, PrelaunchJob, Route, ShieldRule, Ship, StaticDir } from "./types.ts";

/** A name that refers to something else, and where it is written. */
export interface Reference {
  readonly name: string;
  readonly path: Path;
}

export interface RouteDraft {
  readonly route: Route;
  readonly bindAt: Spot;
  readonly patternAt: Spot;
  readonly stripPrefixAt: Path;
  readonly uaFilterAt: Spot;
  readonly ja4hAt: Spot;
}

/** What a process waits for, and where it is written. */
export interface Need extends Reference {
  readonly dependency: Dependency;
}

/** A ship, bay or job with the places that the rules point to. */
export interface MemberDraft<T extends Ship | Bay | PrelaunchJob = Ship | Bay | PrelaunchJob> {
  readonly value: T;
  readonly path: Path;
  readonly needs: readonly Need[];
  readonly routes: readonly RouteDraft[];
  /** Of the key `log.file`, or what stands for it. */
  readonly logAt: Path;
}

export interface ShipDraft extends MemberDraft<Ship> {
  /** True also when what is written is no address. */
  readonly hasBind: boolean;
  readonly routesAt: Path;
}

export interface ModuleDraft {
  readonly value: Module;
  readonly path: Path;
  readonly patternsAt: readonly Spot[];
}

export interface ShieldDraft {
  readonly value: ShieldRule;
  readonly path: Path;
}

/** An address that something will listen on. */
export interface AddressUse {
  readonly owner: string;
  readonly address: Address;
  readonly path: Path;
}

/** A complete manifest that has not been checked: what could not be read stands as "" and has an issue already. */
export interface Draft {
  readonly manifest: Manifest;
  readonly ships: readonly ShipDraft[];
  readonly bays: readonly MemberDraft<Bay>[];
  readonly jobs: readonly MemberDraft<PrelaunchJob>[];
  readonly modules: readonly ModuleDraft[];
  readonly rules: readonly ShieldDraft[];
  readonly staticDirs: readonly { readonly value: StaticDir; readonly path: Path }[];
  readonly uplinkNames: readonly Reference[];
  /** Names in [mothership.bind], those with a wrong address too. */
  readonly bindNames: readonly string[];
  readonly addresses: readonly AddressUse[];
}
