// entry: .
import { C as Coordinator, R as Role } from './coordinator-CVggmEI_.js';
export { T as Tenure } from './coordinator-CVggmEI_.js';
import { MothershipError, Deps, AbortOptions } from '@mothership/kernel';

/** The URL of an election cannot be used. The message holds no part of the URL that may be secret. */
declare class ElectionUrlError extends MothershipError {
    readonly code = "MS_ELECTION_URL";
    constructor(reason: string);
}
/** The URL allows a connection without encryption, and nobody said that this is meant. */
declare class InsecureElectionError extends MothershipError {
    readonly code = "MS_ELECTION_INSECURE";
    readonly sslmode: string;
    constructor(sslmode: string);
}
/** The database could not be reached, or refused, or a connection to it broke. There is no `cause`: a driver's error may hold secrets. */
declare class ElectionDatabaseError extends MothershipError {
    readonly code = "MS_ELECTION_DATABASE";
    /** Host, port and database. */
    readonly target: string;
    /** Code of the server's error, where it sent one. */
    readonly sqlState: string | undefined;
    /** Another try may succeed: the network or the server was not there, as opposed to a refusal. */
    readonly transient: boolean;
    constructor(target: string, reason: string, { sqlState, transient }?: {
        sqlState?: string | undefined;
        transient?: boolean;
    });
}
/** Between this server and the database is a pooler that gives out a session per transaction: locks and signals would be lost in it. */
declare class PooledConnectionError extends MothershipError {
    readonly code = "MS_ELECTION_POOLED";
    constructor(target: string, evidence: string);
}
/** The role lacks rights on the election's table. */
declare class ElectionForbiddenError extends MothershipError {
    readonly code = "MS_ELECTION_FORBIDDEN";
    /** Statements which an owner of the database can run to put it right. */
    readonly grants: readonly string[];
    constructor(target: string, grants: readonly string[]);
}
/** The command of a static election failed, so nobody knows whether this server is the flagship. */
declare class ElectionCommandError extends MothershipError {
    readonly code = "MS_ELECTION_COMMAND";
    constructor(command: string, reason: string);
}
/** No role was found in time. */
declare class ElectionTimeoutError extends MothershipError {
    readonly code = "MS_ELECTION_TIMEOUT";
    constructor(ms: number, reason: string);
}
/** The flagship was not done in time. */
declare class PrelaunchTimeoutError extends MothershipError {
    readonly code = "MS_PRELAUNCH_TIMEOUT";
    constructor(ms: number, reason: string);
}
/** The flagship failed or was lost, so no server of this launch may start. */
declare class FlagshipAbortedError extends MothershipError {
    readonly code = "MS_FLAGSHIP_ABORTED";
    readonly launch: string;
    /** What the flagship said, or how it was lost. */
    readonly reason: string;
    constructor(launch: string, reason: string);
}
/** This server was the flagship and is no longer, because its session with the database is gone. */
declare class OfficeLostError extends MothershipError {
    readonly code = "MS_FLAGSHIP_OFFICE_LOST";
    constructor(launch: string, reason: string);
}
/** A flagship was asked to wait or an escort to announce: a mistake in the calling program. */
declare class TenureRoleError extends MothershipError {
    readonly code = "MS_TENURE_ROLE";
    constructor(operation: string, role: string);
}

/** What the servers of one deployment agree on, and the next deployment does not share. */
interface Launch {
    /** The same on every server of the deployment. */
    readonly id: string;
    /**
     * True when the deployer named the release, so that the id is never used for another deployment: once done, its work is
     * done. False when the id repeats from one deployment to the next: then a result counts only for a while.
     */
    readonly explicit: boolean;
}
/**
 * The launch of this work (JSON data, such as the prelaunch section of a manifest) and this release (a commit, an image
 * digest), if the deployer names one. Servers with different work are never in one launch.
 */
declare function launchOf(work: unknown, release?: string): Launch;

/** An election held in a PostgreSQL database. Plain data. */
interface PostgresElection {
    /** `postgres://...` with libpq's parameters; may hold a password. All servers of a fleet name the same database. */
    readonly url: string;
    /** Name of the fleet: who shares it never does the one-time work at the same time. */
    readonly fleet: string;
    /** The deployment, as {@link launchOf} gives it. */
    readonly launch: Launch;
    /** Take an sslmode with which the connection may be unencrypted. Default false. */
    readonly allowInsecure?: boolean | undefined;
    /** How long `elect` may take. Default 30 s. */
    readonly electionTimeoutMs?: number | undefined;
    /** How long an escort waits. Default 300 s. */
    readonly prelaunchTimeoutMs?: number | undefined;
    /** When the flagship is lost in the middle of its work: fail on all servers (the default), or let another do it again. */
    readonly onFlagshipLoss?: "abort" | "takeover" | undefined;
    /** How long after its end an abort, or a success without an explicit launch id, counts for servers that arrive. Default 60 s. */
    readonly arrivalWindowMs?: number | undefined;
    /** Pause between two signs of life of a flagship. Default 2 s. */
    readonly heartbeatMs?: number | undefined;
    /** How long the database may take for one answer before the connection counts as lost. Default 5 s. */
    readonly answerTimeoutMs?: number | undefined;
    /** How long the work may take to stop once the office is lost; nobody else begins before that has passed. Default 10 s. */
    readonly stopGraceMs?: number | undefined;
    /** Pause between two looks of those who wait, should a notification not reach them. Default 1 s. */
    readonly pollMs?: number | undefined;
}

/**
 * An election in a PostgreSQL database: an advisory lock says who may work, a row beside it says what has become of the work,
 * and NOTIFY only says "look again". So a result reaches servers that come late, and a lock is never left behind by a crash.
 *
 * Throws at once when the URL cannot be used ({@link ElectionUrlError}, {@link InsecureElectionError}).
 *
 * `elect` throws MS_ELECTION_TIMEOUT, MS_ELECTION_POOLED, MS_ELECTION_FORBIDDEN, or MS_ELECTION_DATABASE when the database
 * refuses; while it cannot be reached, it is tried again until the election timeout.
 */
declare function postgresCoordinator(spec: PostgresElection, deps: Deps): Coordinator;

/**
 * Does `work` on one of the servers that take part, and resolves on each of them once it is done, with the role that the
 * server had in the end. Rejects on all when the work fails, on the flagship with the work's own error.
 *
 * The signal given to `work` fires with the outer one and when the office is lost; `work` settles only when everything it
 * started has stopped.
 */
declare function runOnce(work: (options: {
    readonly signal: AbortSignal;
}) => Promise<void>, coordinator: Coordinator, { signal }?: AbortOptions): Promise<Role>;

/** No coordination: every server is the flagship of its own launch. */
declare function soloCoordinator(): Coordinator;

/** How a server is told whether it is the flagship. */
type StaticRule = {
    /** What the variable holds; undefined or "" when it is not set. */
    readonly value: string | undefined;
} | {
    /** Run without a shell; words may be quoted. */
    readonly command: string;
    /** What its output, without blanks around it, must be exactly. */
    readonly equals: string;
};
/** True for `true`, `1` and `yes` in any case; false for everything else, nothing included. */
declare function isTruthy(value: string | undefined): boolean;
/**
 * Each server is told its role by its environment. Nobody checks that exactly one is the flagship, and the servers have no
 * channel between them: an escort does not do the work, and its wait ends at once, whether the flagship is done or not.
 *
 * `elect` throws {@link ElectionCommandError} when the command cannot be run, fails, or takes longer than 10 s.
 */
declare function staticCoordinator(rule: StaticRule, deps: Deps): Coordinator;

export { Coordinator, ElectionCommandError, ElectionDatabaseError, ElectionForbiddenError, ElectionTimeoutError, ElectionUrlError, FlagshipAbortedError, InsecureElectionError, OfficeLostError, PooledConnectionError, PrelaunchTimeoutError, Role, TenureRoleError, isTruthy, launchOf, postgresCoordinator, runOnce, soloCoordinator, staticCoordinator };
export type { Launch, PostgresElection, StaticRule };

// entry: ./conformance
import { Role, Coordinator } from './index.js';
import '@mothership/kernel';

/** What the suite needs of a test framework; those of vitest, jest, mocha and `node:test` all fit. */
interface TestFramework {
    describe(title: string, body: () => void): unknown;
    test(title: string, body: () => Promise<void>): unknown;
}
/** The ground of one launch, which no other test shares. */
interface Arena extends AsyncDisposable {
    /** The coordinator of one more server. Where roles are told and not found out, it has to be this one. */
    server(role: Role): Coordinator;
}
/** What a kind of coordinator does not do, each with the reason why; those cases are left out. */
interface Exemptions {
    /** No server is ever an escort. */
    readonly escorts?: string;
    /** Servers do not hear of each other. */
    readonly signals?: string;
}
/**
 * The contract of {@link Coordinator} as tests, for any implementation.
 *
 * @example
 * import { describe, test } from "vitest";
 * coordinatorSuite("mine", () => openArena(), { describe, test });
 */
declare function coordinatorSuite(name: string, open: () => Promise<Arena>, { describe, test }: TestFramework, exempt?: Exemptions): void;

export { coordinatorSuite };
export type { Arena, Exemptions, TestFramework };
