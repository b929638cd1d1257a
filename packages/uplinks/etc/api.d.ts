// entry: .
import { AbortOptions, Deps, MothershipError } from '@mothership/kernel';

/** A service that must be reachable. Plain data. */
interface Uplink {
    /** For reports; should be unique. */
    readonly name: string;
    /** May hold a password, which no report and no message repeats. */
    readonly url: string;
    /** How long the check may take, from its start. */
    readonly timeoutMs: number;
}
/** What the URL of an uplink says to connect to. */
interface UplinkTarget {
    /** Lower case; without brackets when it is an IPv6 address. */
    readonly host: string;
    readonly port: number;
    /** tcp: a connection is enough. http: a GET must be answered. */
    readonly check: "tcp" | "http";
    /** Scheme, host and port: what may be shown. User, password, path and query stay out, for any of them may be secret. */
    readonly target: string;
}
/**
 * What to connect to for this URL, with the default port of its scheme.
 *
 * @throws {UplinkUrlError} when it is no URL, has another scheme, or names no host or no port.
 */
declare function parseUplink(name: string, url: string): UplinkTarget;

/** What the check of one uplink gave. */
interface UplinkReport {
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
interface CheckOptions extends AbortOptions {
    /** Checks that run at the same time; default 32. */
    readonly maxParallel?: number;
}
/**
 * Checks which uplinks are reachable, all at once up to a limit, and reports them in the given order. An uplink that is
 * down, and a URL that cannot be checked, are reports and not errors.
 *
 * Uplinks with one host and port share one check, which gets the longest of their time limits. If one of them is http or
 * https, the first such URL is fetched, and any status below 500 is well; for the others the connection alone counts.
 *
 * When the signal fires it rejects with its reason, and no socket is left.
 */
declare function checkUplinks(uplinks: readonly Uplink[], deps: Deps, { signal, maxParallel }?: CheckOptions): Promise<readonly UplinkReport[]>;

/** The URL of an uplink cannot be checked. The message holds no part of the URL, which may contain a password. */
declare class UplinkUrlError extends MothershipError {
    readonly code = "MS_UPLINK_URL";
    readonly uplink: string;
    /** What is wrong, as the end of a sentence that begins with "the URL". */
    readonly reason: string;
    constructor(uplink: string, reason: string);
}

export { UplinkUrlError, checkUplinks, parseUplink };
export type { CheckOptions, Uplink, UplinkReport, UplinkTarget };
